// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <arrow/type_fwd.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "analysis/sql/table_statements.h"
#include "base/status.h"
#include "catalog/catalog_records.h"

namespace sluice {

class Session;

// The partitions of a table of files. The catalog keeps none: they are the folders in which the table's files are now,
// and those that ALTER TABLE .. ADD PARTITION made. One thread.
class TablePartitions {
 public:
  // Values of partition columns as a statement gives them, in the columns' types.
  class Wanted {
   public:
    bool IsComplete() const;
    // "k=a/c=8", in the order of the table's columns: a folder's name when it is complete.
    std::string Folder() const;
    // "PARTITION (`k` = a, `c` = 8)", as errors show it: in the order of the statement.
    std::string Shown() const;
    // "k, c"
    std::string Names() const;
    // "k=a, c=8": in the order of the statement.
    std::string Listed() const;
    // The same in the order of the table's columns.
    std::string InOrder() const;
    bool HasEmptyText() const;

   private:
    friend class TablePartitions;
    struct Value {
      std::string column;  // as the table writes it
      std::optional<std::string> text;
      std::shared_ptr<arrow::Scalar> value;
      bool is_empty_text = false;  // of which the folder's name says the same as of NULL
    };
    static std::string Listed(const Value& value);
    std::vector<std::optional<size_t>> places_;  // in values_, of each of the table's partition columns
    std::vector<Value> values_;
  };

  // The table has partition columns. Lists its files: PATH_NOT_FOUND when its folder is gone.
  static Result<TablePartitions> Make(Session* session, TableRecord table);

  // PARTITIONS_NOT_FOUND for what is no partition column, CAST_INVALID_INPUT for values of another type.
  Result<Wanted> Resolve(const sql::PartitionSpec& spec) const;
  // "c=8/k=a", in order: those that have the wanted values, or all.
  std::vector<std::string> Names(const Wanted* wanted = nullptr) const;

  // Makes the folder of a complete one.
  Status Add(const Wanted& wanted);
  // Deletes the files of a complete one.
  Status Drop(const Wanted& wanted);

 private:
  using Values = std::vector<std::optional<std::string>>;  // of the table's partition columns, NULL for nothing

  TablePartitions(Session* session, TableRecord table) : session_(session), table_(std::move(table)) {}
  Status FindFolders();
  // Nothing when the path, below the table's folder, is not of a partition.
  std::optional<Values> ValuesOf(std::string_view path) const;
  std::shared_ptr<arrow::Field> ColumnOf(size_t part) const;
  bool Fits(const Values& values, const Wanted& wanted) const;

  Session* const session_;
  const TableRecord table_;
  std::string location_;
  std::vector<Values> partitions_;
};

// The folder's name of values: NULL stands for __HIVE_DEFAULT_PARTITION__.
std::string PartitionName(const std::vector<std::string>& columns,
                          const std::vector<std::optional<std::string>>& values);

}  // namespace sluice
