// SPDX-License-Identifier: Apache-2.0
#include "expr/csv_writer.h"

#include <arrow/api.h>
#include <fmt/format.h>

#include <algorithm>

#include "expr/written_datetime.h"

namespace sluice {
namespace {

bool IsBlank(char c) {
  return static_cast<unsigned char>(c) <= ' ';
}

void AppendHex(std::string_view bytes, std::string* out) {
  *out += '[';
  for (size_t i = 0; i < bytes.size(); ++i)
    *out += fmt::format("{}{:02X}", i > 0 ? " " : "", static_cast<unsigned char>(bytes[i]));
  *out += ']';
}

}  // namespace

CsvWriter::CsvWriter(const CsvOptions& options, DatetimeFormats formats, TimeZone zone)
    : options_(options),
      formats_(std::move(formats)),
      formatter_(std::move(zone), false, false),
      null_value_(options.syntax.null_value),
      line_separator_(options.text.Find("lineSep").value_or("\n")) {}

Result<CsvWriter> CsvWriter::Make(const CsvOptions& options, const std::string& session_zone) {
  SLUICE_ASSIGN(auto formats, ReadDatetimeFormats(options.text, session_zone, false));
  TimeZone zone = formats.zone;
  return CsvWriter(options, std::move(formats), std::move(zone));
}

void CsvWriter::AppendInnerNull(std::string* out) const {
  if (!null_value_.empty()) *out += ' ' + null_value_;
}

Status CsvWriter::AppendElements(const arrow::Array& array, int64_t begin, int64_t end, std::string* out) {
  for (int64_t i = begin; i < end; ++i) {
    if (i > begin) *out += ',';
    if (array.IsNull(i)) {
      AppendInnerNull(out);
      continue;
    }
    if (i > begin) *out += ' ';
    SLUICE_RETURN_IF_ERROR(AppendText(array, i, out));
  }
  return Status::OK();
}

Status CsvWriter::AppendNested(const arrow::Array& array, int64_t row, std::string* out) {
  if (array.type_id() == arrow::Type::LIST) {
    const auto& list = static_cast<const arrow::ListArray&>(array);
    *out += '[';
    SLUICE_RETURN_IF_ERROR(AppendElements(*list.values(), list.value_offset(row), list.value_offset(row + 1), out));
    *out += ']';
    return Status::OK();
  }
  *out += '{';
  if (array.type_id() == arrow::Type::MAP) {
    const auto& map = static_cast<const arrow::MapArray&>(array);
    for (int64_t i = map.value_offset(row); i < map.value_offset(row + 1); ++i) {
      if (i > map.value_offset(row)) *out += ", ";
      SLUICE_RETURN_IF_ERROR(AppendText(*map.keys(), i, out));
      *out += " ->";
      if (!map.items()->IsNull(i)) {
        *out += ' ';
        SLUICE_RETURN_IF_ERROR(AppendText(*map.items(), i, out));
      } else {
        AppendInnerNull(out);
      }
    }
  } else {
    const auto& fields = static_cast<const arrow::StructArray&>(array);
    for (int i = 0; i < fields.num_fields(); ++i) {
      if (i > 0) *out += ',';
      const auto field = fields.field(i);
      if (field->IsNull(row)) {
        AppendInnerNull(out);
        continue;
      }
      if (i > 0) *out += ' ';
      SLUICE_RETURN_IF_ERROR(AppendText(*field, row, out));
    }
  }
  *out += '}';
  return Status::OK();
}

// A value that is not NULL, before quotes.
Status CsvWriter::AppendText(const arrow::Array& array, int64_t row, std::string* out) {
  switch (array.type_id()) {
    case arrow::Type::LIST:
    case arrow::Type::MAP:
    case arrow::Type::STRUCT:
      return AppendNested(array, row, out);
    case arrow::Type::BINARY_VIEW:
      AppendHex(static_cast<const arrow::BinaryViewArray&>(array).GetView(row), out);
      return Status::OK();
    default:
      return AppendWrittenDatetime(array, row, &formats_, out) ? Status::OK() : formatter_.Append(array, row, out);
  }
}

Result<bool> CsvWriter::Write(const arrow::StructArray& structs, int64_t row, std::string* out) {
  const size_t begin = out->size();
  for (int i = 0; i < structs.num_fields(); ++i) {
    const auto field = structs.field(i);
    if (i > 0) *out += options_.syntax.separator;
    text_.clear();
    const bool is_null = field->IsNull(row);
    if (!is_null) SLUICE_RETURN_IF_ERROR(AppendText(*field, row, &text_));
    AppendField(i == 0, is_null, text_, out);
  }
  return structs.num_fields() > 1 || out->size() > begin;
}

// A character that makes a field need quotes, besides the separator.
bool CsvWriter::IsTrigger(std::string_view text) const {
  const char c = text[0];
  return c == '\n' || c == '\r' || line_separator_.find(c) != std::string::npos ||
         (options_.escape_quotes && c == options_.syntax.quote) || text.starts_with(options_.syntax.separator);
}

bool CsvWriter::NeedsQuotes(std::string_view text) const {
  for (; !text.empty(); text.remove_prefix(1)) {
    if (IsTrigger(text)) return true;
  }
  return false;
}

void CsvWriter::TrimRight(size_t begin, std::string* out) const {
  if (!options_.write_trimmed_right) return;
  while (out->size() > begin && IsBlank(out->back())) out->pop_back();
}

void CsvWriter::AppendQuoted(std::string_view text, std::string* out) const {
  const CsvSyntax& syntax = options_.syntax;
  const size_t begin = out->size();
  for (const char c : text) {
    if (c == syntax.quote) {
      *out += syntax.escape;
    } else if (c == syntax.escape && syntax.escape_escape != '\0') {
      *out += syntax.escape_escape;
    }
    *out += c;
  }
  TrimRight(begin, out);
}

bool CsvWriter::AppendEscaped(bool quote, bool is_first, bool is_constant, std::string_view text,
                              std::string* out) const {
  const CsvSyntax& syntax = options_.syntax;
  const char comment = syntax.comment == '\0' ? '#' : syntax.comment;
  std::string_view trimmed = text;
  while (options_.write_trimmed_left && !trimmed.empty() && IsBlank(trimmed[0])) trimmed.remove_prefix(1);
  if (!trimmed.empty() && (trimmed[0] == syntax.quote || (is_first && text[0] == comment))) quote = true;
  if (quote) {
    if (is_constant && text.size() >= 2 && text.front() == syntax.quote && text.back() == syntax.quote) {
      *out += text;
      return false;
    }
    AppendQuoted(trimmed, out);
    return true;
  }
  const size_t begin = out->size();
  for (size_t i = 0; i < trimmed.size(); ++i) {
    const std::string_view rest = trimmed.substr(i);
    const bool special = rest[0] == syntax.quote || rest[0] == syntax.escape;
    if (special ? NeedsQuotes(rest) : IsTrigger(rest)) {
      *out += trimmed.substr(0, i);
      AppendQuoted(rest, out);
      return true;
    }
    if (special) break;
  }
  *out += trimmed;
  TrimRight(begin, out);
  return false;
}

void CsvWriter::AppendField(bool is_first, bool is_null, std::string_view text, std::string* out) const {
  // What is trimmed to nothing is empty.
  const bool trimmed = options_.write_trimmed_left || options_.write_trimmed_right;
  const bool is_empty = text.empty() || (trimmed && std::all_of(text.begin(), text.end(), IsBlank));
  const bool is_constant = is_null || is_empty;
  if (is_constant) text = is_null ? std::string_view(null_value_) : std::string_view(options_.written_empty_value);
  std::string field;
  const bool quote = AppendEscaped(options_.quote_all, is_first, is_constant, text, &field);
  if (quote) *out += options_.syntax.quote;
  *out += field;
  if (quote) *out += options_.syntax.quote;
}

}  // namespace sluice
