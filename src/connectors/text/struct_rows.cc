// SPDX-License-Identifier: Apache-2.0
#include "connectors/text/struct_rows.h"

#include <arrow/type.h>
#include <fmt/format.h>

#include "base/spark_error.h"

namespace sluice {

Result<RecordColumns> ColumnsOfRecords(const TextRead& read, const TextOptions& options, const char* title) {
  const arrow::Schema& of_files = *read.table->of_files;
  SLUICE_ASSIGN(const int corrupt, FindCorruptField(*arrow::struct_(of_files.fields()), options));
  RecordColumns columns;
  columns.file_columns = static_cast<size_t>(of_files.num_fields() - (corrupt >= 0 ? 1 : 0));
  arrow::FieldVector fields;
  for (const int column : read.columns) {
    if (column == corrupt) columns.corrupt_field = static_cast<int>(fields.size());
    fields.push_back(of_files.field(column));
    const bool behind = corrupt >= 0 && column > corrupt;
    if (column != corrupt) columns.places.push_back(static_cast<size_t>(column - (behind ? 1 : 0)));
  }
  if (columns.corrupt_field >= 0 && fields.size() == 1) {
    return UserError("UNSUPPORTED_FEATURE.QUERY_ONLY_CORRUPT_RECORD_COLUMN",
                     fmt::format("Queries of {} files cannot ask for the column for corrupt records alone, since it is "
                                 "filled by the reading of the others. Ask for another column as well.",
                                 title));
  }
  columns.type = arrow::struct_(std::move(fields));
  columns.read = WithoutField(columns.type, columns.corrupt_field);
  return columns;
}

}  // namespace sluice
