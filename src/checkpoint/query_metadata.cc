// SPDX-License-Identifier: Apache-2.0
#include "checkpoint/query_metadata.h"

#include <fmt/format.h>

#include <cctype>
#include <nlohmann/json.hpp>

#include "checkpoint/json_text.h"
#include "checkpoint/log_folder.h"

namespace sluice {
namespace {

// java.util.UUID's form, in either case.
bool IsUuid(std::string_view text) {
  if (text.size() != 36) return false;
  for (size_t i = 0; i < text.size(); ++i) {
    const bool is_dash = i == 8 || i == 13 || i == 18 || i == 23;
    if (is_dash ? text[i] != '-' : std::isxdigit(static_cast<unsigned char>(text[i])) == 0) return false;
  }
  return true;
}

}  // namespace

std::string FormatQueryMetadata(const QueryMetadata& metadata) {
  std::string text = R"({"id":)";
  AppendJsonString(&text, metadata.id);
  return text + "}";
}

Result<QueryMetadata> ParseQueryMetadata(const std::string& text, const std::string& path) {
  SLUICE_RETURN_IF_ERROR(CheckEntryJson(text, path));
  const auto json = nlohmann::json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (!json.is_object()) return DamagedFile(path, text.empty() ? "it is empty" : "it is not a JSON object");
  const auto id = json.find("id");
  if (id == json.end() || !id->is_string() || id->get_ref<const std::string&>().empty()) {
    return DamagedFile(path, "it has no query id");
  }
  const auto& text_of_id = id->get_ref<const std::string&>();
  // The id becomes the name of a folder.
  if (!IsUuid(text_of_id)) {
    return DamagedFile(path, fmt::format("the query id '{}' is no UUID", text_of_id.substr(0, 40)));
  }
  return QueryMetadata{text_of_id};
}

}  // namespace sluice
