// SPDX-License-Identifier: Apache-2.0
#include "connectors/file/partition_path.h"

#include <arrow/array.h>
#include <fmt/format.h>

#include <cctype>

#include "types/spark_type.h"
#include "types/utf8_repair.h"

namespace sluice {
namespace {

bool MustEscape(unsigned char c) {
  constexpr std::string_view kReserved = "\"#%'*/:=?\\{[]^\x7F";
  return (c > 0 && c < 0x20) || kReserved.find(static_cast<char>(c)) != std::string_view::npos;
}

Result<std::string> ValueText(const arrow::Array& array, int64_t row, const std::string& time_zone) {
  if (array.type_id() == arrow::Type::STRING_VIEW || array.type_id() == arrow::Type::BINARY_VIEW) {
    return std::string(static_cast<const arrow::BinaryViewArray&>(array).GetView(row));
  }
  return FormatValue(array, row, time_zone);
}

}  // namespace

std::string EscapePathName(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (MustEscape(static_cast<unsigned char>(c))) {
      out += fmt::format("%{:02X}", static_cast<unsigned char>(c));
    } else {
      out.push_back(c);
    }
  }
  return out;
}

std::string UnescapePathName(std::string_view text) {
  const auto hex = [](char c) {
    return std::isdigit(static_cast<unsigned char>(c)) != 0 ? c - '0' : (c | 0x20) - 'a' + 10;
  };
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    const bool escaped = text[i] == '%' && i + 2 < text.size() &&
                         std::isxdigit(static_cast<unsigned char>(text[i + 1])) != 0 &&
                         std::isxdigit(static_cast<unsigned char>(text[i + 2])) != 0;
    out.push_back(escaped ? static_cast<char>(hex(text[i + 1]) * 16 + hex(text[i + 2])) : text[i]);
    if (escaped) i += 2;
  }
  return out;
}

Result<std::string> PartitionFolder(const std::vector<std::string>& names, const arrow::ArrayVector& values,
                                    int64_t row, const std::string& time_zone) {
  std::string folder;
  for (size_t i = 0; i < names.size(); ++i) {
    if (i > 0) folder += "/";
    folder += EscapePathName(names[i]) + "=";
    std::string text;
    if (!values[i]->IsNull(row)) {
      SLUICE_ASSIGN(text, ValueText(*values[i], row, time_zone));
    }
    // Not every file system and no URI takes other bytes than UTF-8.
    std::string repaired;
    AppendRepaired(text, &repaired);
    folder += text.empty() ? kNullPartition : EscapePathName(repaired);
  }
  return folder;
}

std::optional<std::pair<std::string, std::optional<std::string>>> ParsePartitionFolder(std::string_view folder) {
  const size_t equals = folder.find('=');
  if (equals == std::string_view::npos) return std::nullopt;
  const std::string_view value = folder.substr(equals + 1);
  std::optional<std::string> text;
  if (value != kNullPartition) text = UnescapePathName(value);
  return std::make_pair(UnescapePathName(folder.substr(0, equals)), std::move(text));
}

}  // namespace sluice
