// SPDX-License-Identifier: Apache-2.0
#include "expr/repaired_text.h"

#include <arrow/api.h>

#include <string>

#include "expr/column_io.h"
#include "types/utf8_repair.h"

namespace sluice {
namespace {

int64_t FirstMalformed(const arrow::Array& column, const ColumnReader<std::string_view>& texts) {
  int64_t row = 0;
  while (row < column.length() && (column.IsNull(row) || IsUtf8(texts[row]))) ++row;
  return row;
}

}  // namespace

Result<std::shared_ptr<arrow::Array>> RepairedText(const std::shared_ptr<arrow::Array>& column,
                                                   arrow::MemoryPool* pool) {
  if (column->type_id() != arrow::Type::STRING_VIEW) return column;
  const ColumnReader<std::string_view> texts(*column);
  const int64_t first = FirstMalformed(*column, texts);
  if (first == column->length()) return column;

  ViewWriter writer(column->length(), pool);
  SLUICE_RETURN_IF_ERROR(writer.Allocate());
  SLUICE_RETURN_IF_ERROR(writer.validity().SetFrom({column}));
  writer.Share(*column);
  std::string repaired;
  for (int64_t row = 0; row < column->length(); ++row) {
    if (writer.validity().IsNull(row)) continue;
    if (row < first || IsUtf8(texts[row])) {
      writer.SetView(row, texts.view(row));
      continue;
    }
    repaired.clear();
    AppendRepaired(texts[row], &repaired);
    SLUICE_RETURN_IF_ERROR(writer.Set(row, repaired));
  }
  return writer.Finish(column->type());
}

}  // namespace sluice
