// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <arrow/type_fwd.h>
#include <parquet/file_reader.h>

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "connectors/file/table_memory.h"
#include "connectors/parquet/column_plan.h"
#include "connectors/parquet/leaf_reader.h"
#include "connectors/parquet/text_column_reader.h"

namespace sluice {

// Some columns of a file, read row group by row group. One thread at a time; throws parquet::ParquetException for
// damaged files, as Parquet's readers do.
class RowGroupColumns {
 public:
  // `file` and `memory` must outlive this.
  RowGroupColumns(parquet::ParquetFileReader* file, ReaderMemory* memory)
      : file_(file), memory_(memory), fetched_(memory) {}
  // Adds a column; all before the first Open. The result is its place in what Read gives.
  size_t Add(ColumnPlan plan);
  bool empty() const { return places_.empty(); }

  // Begins a row group. Its bytes of these columns are fetched in as few reads as their places allow, or, when that
  // would take too much memory, a little at a time.
  Status Open(int row_group);
  // The next rows of the row group, which must be there: one column a call of Add, in that order.
  Result<arrow::ArrayVector> Read(int64_t rows);
  Status Skip(int64_t rows);

 private:
  struct Place {
    ColumnPlan plan;
    bool as_texts = false;  // read by a TextColumnReader
    std::unique_ptr<TextColumnReader> text;
  };

  Status Fetch(int row_group);
  Status OfLeaf(int leaf, const std::string& what) const;
  Result<LeafSlice> ReadLeaf(int leaf, LeafReader* reader, int64_t rows) const;
  Result<std::shared_ptr<arrow::Array>> ReadPlace(const Place& place, std::map<int, LeafSlice>* slices, int64_t rows);
  void AddLeaf(int leaf, const LeafPlan& values);
  void AddLeaves(const ColumnPlan& plan);

  parquet::ParquetFileReader* const file_;
  ReaderMemory* const memory_;
  std::vector<Place> places_;
  std::map<int, LeafPlan> leaves_;  // those that are not read as texts
  std::map<int, std::unique_ptr<LeafReader>> readers_;
  MemoryClaim fetched_;
};

}  // namespace sluice
