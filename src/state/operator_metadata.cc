// SPDX-License-Identifier: Apache-2.0
#include "state/operator_metadata.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "base/spark_error.h"
#include "checkpoint/entry_lines.h"
#include "checkpoint/json_number.h"
#include "checkpoint/json_text.h"
#include "checkpoint/log_folder.h"

namespace sluice {
namespace {

using Json = nlohmann::ordered_json;

const Json* Field(const Json& json, const char* name) {
  if (!json.is_object()) return nullptr;
  const auto found = json.find(name);
  return found == json.end() ? nullptr : &*found;
}

std::optional<int64_t> Number(const Json& json, const char* name) {
  const Json* field = Field(json, name);
  return field == nullptr ? std::nullopt : Int64Of(*field);
}

std::optional<std::string> Text(const Json& json, const char* name) {
  const Json* field = Field(json, name);
  return field == nullptr || !field->is_string() ? std::nullopt : std::optional(field->get<std::string>());
}

}  // namespace

std::string FormatOperatorMetadata(const OperatorMetadata& metadata) {
  std::string text = fmt::format("v1\n{{\"operatorInfo\":{{\"operatorId\":{},\"operatorName\":", metadata.id);
  AppendJsonString(&text, metadata.name);
  text += "},\"stateStoreInfo\":[";
  for (size_t i = 0; i < metadata.stores.size(); ++i) {
    const OperatorMetadata::Store& store = metadata.stores[i];
    text += i == 0 ? "{\"storeName\":" : ",{\"storeName\":";
    AppendJsonString(&text, store.name);
    text += fmt::format(",\"numColsPrefixKey\":{},\"numPartitions\":{}}}", store.prefix_columns, store.partitions);
  }
  return text + "]}";
}

Result<OperatorMetadata> ParseOperatorMetadata(const std::string& text, const std::string& path) {
  const std::vector<std::string_view> lines = EntryLines(text);
  if (lines.empty()) return DamagedFile(path, "it is empty");
  SLUICE_ASSIGN(const int version, ParseLogVersion(lines[0], 2, path));
  if (version == 2) {
    return NotSupported(
        fmt::format("{} describes an operator with state that Sluice does not read (transformWithState).", path));
  }
  if (lines.size() < 2) return DamagedFile(path, "it ends after its version line");
  SLUICE_RETURN_IF_ERROR(CheckEntryJson(lines[1], path));
  const Json json = Json::parse(lines[1], nullptr, /*allow_exceptions=*/false);
  const Json* info = Field(json, "operatorInfo");
  const Json* stores = Field(json, "stateStoreInfo");
  if (info == nullptr || stores == nullptr || !stores->is_array()) {
    return DamagedFile(path, "its second line does not describe an operator");
  }
  OperatorMetadata metadata;
  const auto id = Number(*info, "operatorId");
  const auto name = Text(*info, "operatorName");
  if (!id || !name) return DamagedFile(path, "the operator has no number or no name");
  metadata.id = *id;
  metadata.name = *name;
  for (const Json& one : *stores) {
    const auto store = Text(one, "storeName");
    const auto partitions = Number(one, "numPartitions");
    const auto prefix = Number(one, "numColsPrefixKey").value_or(0);
    if (!store || !partitions || *partitions < 1 || *partitions > INT32_MAX || prefix < 0 || prefix > INT32_MAX) {
      return DamagedFile(path, "a store has no name, or an impossible number of partitions");
    }
    metadata.stores.push_back({*store, static_cast<int>(prefix), static_cast<int>(*partitions)});
  }
  return metadata;
}

}  // namespace sluice
