// SPDX-License-Identifier: Apache-2.0
#include "catalog/table_name.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>

#include "analysis/name_parts.h"
#include "base/spark_error.h"

namespace sluice {
namespace {

// With ".json" behind it a name of a file may have 255 bytes.
constexpr size_t kLongestName = 240;

std::string Lower(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(), [](unsigned char c) { return std::tolower(c); });
  return text;
}

Status TooManyParts(const std::vector<std::string>& parts) {
  return UserError(
      "REQUIRES_SINGLE_PART_NAMESPACE",
      fmt::format("{}, the one catalog, needs a schema of one part: {} has another.", kCatalogName, QuotedName(parts)),
      {{"sessionCatalog", kCatalogName}, {"identifier", QuotedName(parts)}});
}

// Without the catalog's name.
std::vector<std::string> InCatalog(const std::vector<std::string>& parts) {
  const bool named = parts.size() > 1 && Lower(parts[0]) == kCatalogName;
  return {parts.begin() + (named ? 1 : 0), parts.end()};
}

}  // namespace

bool IsValidName(const std::string& name) {
  return !name.empty() && name.size() <= kLongestName && std::all_of(name.begin(), name.end(), [](unsigned char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
  });
}

Status CheckName(const std::string& name) {
  if (IsValidName(name)) return Status::OK();
  return UserError("INVALID_SCHEMA_OR_RELATION_NAME",
                   fmt::format("{} is not a name for a table or schema: those have letters of ASCII, digits and "
                               "underscores, {} at most.",
                               QuotedName({name}), kLongestName),
                   {{"name", QuotedName({name})}});
}

std::optional<TableName> FindTableName(const std::vector<std::string>& parts, const std::string& current_database) {
  const std::vector<std::string> inside = InCatalog(parts);
  if (inside.empty() || inside.size() > 2 || !std::all_of(inside.begin(), inside.end(), IsValidName)) return {};
  return TableName{inside.size() == 2 ? Lower(inside[0]) : current_database, Lower(inside.back())};
}

Result<TableName> NewTableName(const std::vector<std::string>& parts, const std::string& current_database) {
  const std::vector<std::string> inside = InCatalog(parts);
  if (inside.size() > 2) return TooManyParts(parts);
  for (const std::string& part : inside) SLUICE_RETURN_IF_ERROR(CheckName(part));
  return TableName{inside.size() == 2 ? Lower(inside[0]) : current_database, Lower(inside.back())};
}

Result<std::string> DatabaseNameOf(const std::vector<std::string>& parts) {
  const std::vector<std::string> inside = InCatalog(parts);
  if (inside.size() == 1) return Lower(inside[0]);
  return TooManyParts(parts);
}

}  // namespace sluice
