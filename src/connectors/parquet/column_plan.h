// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <arrow/type_fwd.h>
#include <parquet/schema.h>

#include <cstdint>
#include <memory>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/status.h"
#include "connectors/parquet/leaf_plan.h"

namespace sluice {

// How a column of a table is read from a file, or a part of a column that is a struct, list or map. Levels are
// Parquet's (Dremel's): an entry of a leaf says by its definition level down to which depth its place exists.
struct ColumnPlan {
  enum class Kind { kMissing, kLeaf, kStruct, kList, kMap };

  Kind kind = Kind::kMissing;  // kMissing: the file has no such field; all NULL
  std::shared_ptr<arrow::DataType> type;
  int16_t present = 0;               // from this definition level on it is not NULL
  int16_t repetition = 0;            // kList, kMap: of its elements
  int16_t filled = 0;                // kList, kMap: from this definition level on there is an element
  int leaf = -1;                     // in the file: the leaf itself, or one below, whose levels tell the structure
  LeafPlan values;                   // kLeaf
  std::vector<ColumnPlan> children;  // kStruct: by the type's fields; kList: element; kMap: key, value
};

// What a plan is for, said in errors.
struct PlannedFile {
  std::string path;
  FileCalendar calendar;
};

// The fields of a group by name, compared without case, and the leaves below them.
class GroupFields {
 public:
  explicit GroupFields(const parquet::schema::GroupNode& group);
  // The field that a field of the table is read from; -1: there is none. FAILED_READ_FILE.NO_HINT when there are
  // several.
  Result<int> Find(const std::string& name, const std::string& path) const;
  // How many leaves are before the first one below a field.
  int FirstLeafOf(int field) const { return first_leaves_[static_cast<size_t>(field)]; }
  int leaves() const { return first_leaves_.back(); }

 private:
  const parquet::schema::GroupNode& group_;
  std::unordered_map<std::string, std::pair<int, int>> by_name_;  // first and, if there are several, second field
  std::vector<int> first_leaves_;                                 // by field, and of all
};

// The plan of reading field `field` of the file's root as `wanted`. Fields of structs are found by name, without case.
// FAILED_READ_FILE.PARQUET_COLUMN_DATA_TYPE_MISMATCH, with file and column, when the file's type cannot be read so.
Result<ColumnPlan> PlanColumn(const parquet::schema::GroupNode& root, const GroupFields& fields, int field,
                              const arrow::Field& wanted, const PlannedFile& file);

// The leaves that a plan reads, ascending: those with values, and those that only tell the structure of a struct of
// which the file has no field that is wanted.
std::vector<int> LeavesOf(const ColumnPlan& plan);

// The node of a list's elements: of the three levels of today's form the lowest, of older forms the repeated one
// itself. `list` is a group with one repeated child. True in `own` when that child is the element.
const parquet::schema::Node* ElementOf(const parquet::schema::GroupNode& list, bool* own);
bool IsListGroup(const parquet::schema::Node& node);
bool IsMapGroup(const parquet::schema::Node& node);

}  // namespace sluice
