// SPDX-License-Identifier: Apache-2.0
#include "cli/row_text.h"

#include <arrow/api.h>

#include <cmath>

#include "expr/base64.h"
#include "expr/json_generator.h"
#include "types/utf8_repair.h"

namespace sluice::cli {
namespace {

bool IsNested(const arrow::Array& array) {
  const arrow::Type::type id = array.type_id();
  return id == arrow::Type::LIST || id == arrow::Type::MAP || id == arrow::Type::STRUCT;
}

// Whether the text of the value is JSON's own.
bool IsJsonNumber(const arrow::Array& array, int64_t row) {
  switch (array.type_id()) {
    case arrow::Type::BOOL:
    case arrow::Type::INT8:
    case arrow::Type::INT16:
    case arrow::Type::INT32:
    case arrow::Type::INT64:
      return true;
    case arrow::Type::DOUBLE:
      return std::isfinite(static_cast<const arrow::DoubleArray&>(array).Value(row));
    case arrow::Type::FLOAT:
      return std::isfinite(static_cast<const arrow::FloatArray&>(array).Value(row));
    default:
      return false;
  }
}

}  // namespace

Result<RowText> RowText::Make(const std::string& time_zone) {
  SLUICE_ASSIGN(auto json, JsonWriter::Make(JsonOptions(), time_zone));
  SLUICE_ASSIGN(auto zone, TimeZone::Find(time_zone));
  return RowText(std::move(json), ValueFormatter(std::move(zone), true));
}

Result<std::string> RowText::Shown(const arrow::Array& array, int64_t row) {
  std::string text;
  SLUICE_RETURN_IF_ERROR(formatter_.Append(array, row, &text));
  if (IsUtf8(text)) return text;
  std::string repaired;
  AppendRepaired(text, &repaired);
  return repaired;
}

Result<std::vector<std::string>> RowText::ShownRow(const arrow::RecordBatch& batch, int64_t row) {
  std::vector<std::string> cells;
  for (const auto& column : batch.columns()) {
    SLUICE_ASSIGN(cells.emplace_back(), Shown(*column, row));
  }
  return cells;
}

Result<std::optional<std::string>> RowText::Plain(const arrow::Array& array, int64_t row) {
  if (array.IsNull(row)) return std::optional<std::string>();
  std::string text;
  if (array.type_id() == arrow::Type::BINARY_VIEW) {
    AppendBase64(static_cast<const arrow::BinaryViewArray&>(array).GetView(row), &text);
  } else if (IsNested(array)) {
    SLUICE_RETURN_IF_ERROR(json_.Write(array, row, &text));
  } else {
    SLUICE_ASSIGN(text, Shown(array, row));
  }
  return std::optional<std::string>(std::move(text));
}

Status RowText::AppendJson(const arrow::Array& array, int64_t row, std::string* out) {
  SLUICE_ASSIGN(const std::optional<std::string> text, Plain(array, row));
  if (!text) {
    *out += "null";
  } else if (IsNested(array) || IsJsonNumber(array, row)) {
    *out += *text;
  } else {
    AppendJsonString(*text, out, JsonEscapes::kNone);
  }
  return Status::OK();
}

}  // namespace sluice::cli
