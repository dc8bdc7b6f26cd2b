// SPDX-License-Identifier: Apache-2.0
#include "expr/json_writer.h"

#include <arrow/api.h>

#include <cmath>

#include "expr/base64.h"
#include "expr/column_io.h"
#include "expr/json_generator.h"
#include "expr/written_datetime.h"

namespace sluice {

Result<JsonWriter> JsonWriter::Make(const JsonOptions& options, const std::string& session_zone) {
  SLUICE_ASSIGN(auto formats, ReadDatetimeFormats(options.text, session_zone, false));
  TimeZone zone = formats.zone;
  return JsonWriter(options, std::move(formats), std::move(zone));
}

Status JsonWriter::Write(const arrow::Array& array, int64_t row, std::string* out) {
  if (array.IsNull(row)) {
    *out += "null";
    return Status::OK();
  }
  switch (array.type_id()) {
    case arrow::Type::LIST:
      return WriteList(static_cast<const arrow::ListArray&>(array), row, out);
    case arrow::Type::MAP:
      return WriteMap(static_cast<const arrow::MapArray&>(array), row, out);
    case arrow::Type::STRUCT:
      return WriteStruct(static_cast<const arrow::StructArray&>(array), row, out);
    case arrow::Type::STRING_VIEW:
      AppendJsonString(static_cast<const arrow::StringViewArray&>(array).GetView(row), out, Escapes());
      return Status::OK();
    case arrow::Type::BINARY_VIEW:
      *out += '"';
      AppendBase64(static_cast<const arrow::BinaryViewArray&>(array).GetView(row), out);
      *out += '"';
      return Status::OK();
    case arrow::Type::TIMESTAMP:
    case arrow::Type::DATE32:
      return WriteQuoted(array, row, out);
    case arrow::Type::DOUBLE:
      return std::isfinite(ColumnReader<double>(array)[row]) ? formatter_.Append(array, row, out)
                                                             : WriteQuoted(array, row, out);
    case arrow::Type::FLOAT:
      return std::isfinite(ColumnReader<float>(array)[row]) ? formatter_.Append(array, row, out)
                                                            : WriteQuoted(array, row, out);
    default:
      return formatter_.Append(array, row, out);
  }
}

Status JsonWriter::WriteQuoted(const arrow::Array& array, int64_t row, std::string* out) {
  std::string text;
  if (!AppendWrittenDatetime(array, row, &formats_, &text))
    SLUICE_RETURN_IF_ERROR(formatter_.Append(array, row, &text));
  AppendJsonString(text, out, Escapes());
  return Status::OK();
}

void JsonWriter::BreakLine(std::string* out) const {
  if (!options_.pretty) return;
  *out += '\n';
  out->append(static_cast<size_t>(2 * objects_), ' ');
}

void JsonWriter::WriteName(std::string_view name, std::string* out) const {
  AppendJsonString(name, out, Escapes());
  *out += options_.pretty ? " : " : ":";
}

Status JsonWriter::WriteList(const arrow::ListArray& list, int64_t row, std::string* out) {
  const int64_t begin = list.value_offset(row);
  *out += '[';
  for (int64_t i = begin; i < list.value_offset(row + 1); ++i) {
    if (i > begin) *out += ',';
    if (options_.pretty) *out += ' ';
    SLUICE_RETURN_IF_ERROR(Write(*list.values(), i, out));
  }
  *out += options_.pretty ? " ]" : "]";
  return Status::OK();
}

void JsonWriter::Next(bool first, std::string* out) const {
  if (!first) *out += ',';
  BreakLine(out);
}

void JsonWriter::End(char bracket, bool empty, std::string* out) {
  --objects_;
  if (!empty) {
    BreakLine(out);
  } else if (options_.pretty) {
    *out += ' ';
  }
  *out += bracket;
}

Status JsonWriter::WriteMap(const arrow::MapArray& map, int64_t row, std::string* out) {
  const int64_t begin = map.value_offset(row);
  *out += '{';
  ++objects_;
  bool first = true;
  for (int64_t i = begin; i < map.value_offset(row + 1); ++i) {
    Next(first, out);
    first = false;
    std::string key;
    SLUICE_RETURN_IF_ERROR(formatter_.Append(*map.keys(), i, &key));
    WriteName(key, out);
    SLUICE_RETURN_IF_ERROR(Write(*map.items(), i, out));
  }
  End('}', first, out);
  return Status::OK();
}

Status JsonWriter::WriteStruct(const arrow::StructArray& values, int64_t row, std::string* out) {
  *out += '{';
  ++objects_;
  bool first = true;
  for (int i = 0; i < values.num_fields(); ++i) {
    const auto field = values.field(i);
    if (options_.ignore_null_fields && field->IsNull(row)) continue;
    Next(first, out);
    first = false;
    WriteName(values.type()->field(i)->name(), out);
    SLUICE_RETURN_IF_ERROR(Write(*field, row, out));
  }
  End('}', first, out);
  return Status::OK();
}

}  // namespace sluice
