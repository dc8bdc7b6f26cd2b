// SPDX-License-Identifier: Apache-2.0
#include "connectors/parquet/footer_check.h"

#include <fmt/format.h>

#include <algorithm>

namespace sluice {
namespace {

// Run lengths can tell any number of equal values in a few bytes. No writer makes pages of more than a million rows,
// and a page with its header takes 20 bytes at least.
constexpr int64_t kMostRowsOfByte = 1 << 17;
// Without columns there is nothing that the rows could be checked against.
constexpr int64_t kMostRowsWithoutColumns = INT32_MAX;

Status CheckRowGroup(const parquet::RowGroupMetaData& group, int index, int64_t file_size) {
  const int64_t rows = group.num_rows();
  if (rows < 0) return Status::IOError(fmt::format("row group {} claims {} rows", index, rows));
  if (group.num_columns() == 0) {
    if (rows <= kMostRowsWithoutColumns) return Status::OK();
    return Status::IOError(fmt::format("row group {} claims {} rows, but has no columns", index, rows));
  }
  const auto chunk = group.ColumnChunk(0);
  const int64_t begin = BeginOfRowGroup(group);
  const int64_t size = chunk->total_compressed_size();
  if (begin < 0 || size < 0 || begin >= file_size || size > file_size - begin) {
    return Status::IOError(fmt::format("row group {} claims {} bytes from byte {} on, but the file has {}", index, size,
                                       begin, file_size));
  }
  if (rows / kMostRowsOfByte > size) {
    return Status::IOError(fmt::format("row group {} claims {} rows in {} bytes", index, rows, size));
  }
  return Status::OK();
}

}  // namespace

int64_t BeginOfRowGroup(const parquet::RowGroupMetaData& group) {
  if (group.num_columns() == 0) return 0;
  const auto chunk = group.ColumnChunk(0);
  const int64_t data = chunk->data_page_offset();
  const int64_t dictionary = chunk->has_dictionary_page() ? chunk->dictionary_page_offset() : 0;
  return dictionary > 0 ? std::min(data, dictionary) : data;
}

Status CheckRowGroups(const parquet::FileMetaData& footer, int64_t file_size) {
  if (footer.num_rows() < 0) return Status::IOError(fmt::format("its footer claims {} rows", footer.num_rows()));
  int64_t rows = 0;
  for (int i = 0; i < footer.num_row_groups(); ++i) {
    const auto group = footer.RowGroup(i);
    SLUICE_RETURN_IF_ERROR(CheckRowGroup(*group, i, file_size));
    if (__builtin_add_overflow(rows, group->num_rows(), &rows))
      return Status::IOError("its footer claims too many rows");
  }
  return Status::OK();
}

}  // namespace sluice
