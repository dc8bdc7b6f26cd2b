// SPDX-License-Identifier: Apache-2.0
#include "checkpoint/query_metadata.h"

#include <nlohmann/json.hpp>

#include "checkpoint/json_text.h"
#include "checkpoint/log_folder.h"

namespace sluice {

std::string FormatQueryMetadata(const QueryMetadata& metadata) {
  std::string text = R"({"id":)";
  AppendJsonString(&text, metadata.id);
  return text + "}";
}

Result<QueryMetadata> ParseQueryMetadata(const std::string& text, const std::string& path) {
  const auto json = nlohmann::json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (!json.is_object()) return DamagedFile(path, text.empty() ? "it is empty" : "it is not a JSON object");
  const auto id = json.find("id");
  if (id == json.end() || !id->is_string() || id->get_ref<const std::string&>().empty()) {
    return DamagedFile(path, "it has no query id");
  }
  return QueryMetadata{id->get<std::string>()};
}

}  // namespace sluice
