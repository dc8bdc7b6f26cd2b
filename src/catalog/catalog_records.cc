// SPDX-License-Identifier: Apache-2.0
#include "catalog/catalog_records.h"

#include <arrow/api.h>
#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "base/json_bounds.h"
#include "base/spark_error.h"
#include "types/spark_type.h"

namespace sluice {
namespace {

using Json = nlohmann::ordered_json;

constexpr int kVersion = 1;

Status Damaged(const std::string& path, const std::string& reason) {
  return EnvironmentError(
      "SLUICE_CATALOG_DAMAGED",
      fmt::format("The file {} is no record of the catalog: {}. Delete it to forget the name.", path, reason), false,
      {{"file", path}});
}

std::string Written(const Json& json) {
  return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

std::string TextAt(const Json& json, const char* key) {
  const auto found = json.find(key);
  return found != json.end() && found->is_string() ? found->get<std::string>() : "";
}

std::map<std::string, std::string> MapAt(const Json& json, const char* key) {
  std::map<std::string, std::string> values;
  const auto found = json.find(key);
  if (found == json.end() || !found->is_object()) return values;
  for (const auto& [name, value] : found->items()) {
    if (value.is_string()) values[name] = value.get<std::string>();
  }
  return values;
}

Result<Json> Parsed(const std::string& text, const std::string& path) {
  if (const auto beyond = BeyondJsonBounds(text); !beyond.empty()) return Damaged(path, std::string(beyond));
  Json json = Json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (!json.is_object()) return Damaged(path, "it is not a JSON object");
  const auto version = json.find("version");
  if (version == json.end() || !version->is_number_integer()) return Damaged(path, "it has no version");
  if (*version != kVersion) {
    return Damaged(path, fmt::format("its version is {}, and only {} is known", version->dump(), kVersion));
  }
  return json;
}

Json Formatted(const ViewText& view) {
  Json json;
  json["query"] = view.query;
  json["database"] = view.database;
  json["queryColumns"] = view.query_columns;
  json["settings"] = view.settings;
  return json;
}

Result<ViewText> ParsedView(const Json& json, const std::string& path) {
  ViewText view;
  view.query = TextAt(json, "query");
  view.database = TextAt(json, "database");
  view.settings = MapAt(json, "settings");
  const auto columns = json.find("queryColumns");
  if (view.query.empty() || columns == json.end() || !columns->is_array()) return Damaged(path, "it has no query");
  for (const auto& column : *columns) {
    if (!column.is_string()) return Damaged(path, "a column of its query is no text");
    view.query_columns.push_back(column.get<std::string>());
  }
  return view;
}

}  // namespace

std::string FormatTableRecord(const TableRecord& record) {
  Json json;
  json["version"] = kVersion;
  if (record.unfinished) json["unfinished"] = true;
  if (record.view) {
    json["view"] = Formatted(*record.view);
  } else {
    json["format"] = record.format;
  }
  if (record.is_external()) json["location"] = record.location;
  if (!record.folder.empty()) json["folder"] = record.folder;
  json["schema"] = Json::parse(SchemaToSparkJson(*record.schema));
  json["partitionColumns"] = record.partition_columns;
  if (!record.options.empty()) json["options"] = record.options;
  if (!record.comment.empty()) json["comment"] = record.comment;
  if (!record.properties.empty()) json["properties"] = record.properties;
  json["createdMs"] = record.created_ms;
  return Written(json);
}

std::string FormatDatabaseRecord(const DatabaseRecord& record) {
  Json json;
  json["version"] = kVersion;
  if (!record.comment.empty()) json["comment"] = record.comment;
  if (!record.location.empty()) json["location"] = record.location;
  if (!record.properties.empty()) json["properties"] = record.properties;
  return Written(json);
}

Result<TableRecord> ParseTableRecord(const std::string& text, TableName name, const std::string& path) {
  SLUICE_ASSIGN(const Json json, Parsed(text, path));
  TableRecord record;
  record.name = std::move(name);
  record.format = TextAt(json, "format");
  const auto view = json.find("view");
  if (view != json.end()) {
    SLUICE_ASSIGN(record.view, ParsedView(*view, path));
  } else if (record.format.empty()) {
    return Damaged(path, "it has no format");
  }
  const auto schema = json.find("schema");
  if (schema == json.end()) return Damaged(path, "it has no schema");
  auto parsed = SchemaFromSparkJson(schema->dump());
  if (!parsed.ok()) return Damaged(path, "its schema is damaged");
  record.schema = parsed.MoveValueUnsafe();
  if (const auto columns = json.find("partitionColumns"); columns != json.end() && columns->is_array()) {
    for (const auto& column : *columns) {
      if (!column.is_string() || record.schema->GetFieldIndex(column.get<std::string>()) < 0) {
        return Damaged(path, "its partition columns are none of the schema's");
      }
      record.partition_columns.push_back(column.get<std::string>());
    }
  }
  if (record.view && record.view->query_columns.size() != static_cast<size_t>(record.schema->num_fields())) {
    return Damaged(path, "its query does not have the view's columns");
  }
  record.location = TextAt(json, "location");
  record.folder = TextAt(json, "folder");
  if (!record.folder.empty() && !IsValidName(record.folder)) return Damaged(path, "its folder is no name");
  record.options = MapAt(json, "options");
  record.comment = TextAt(json, "comment");
  record.properties = MapAt(json, "properties");
  if (const auto created = json.find("createdMs"); created != json.end() && created->is_number_integer()) {
    record.created_ms = created->get<int64_t>();
  }
  record.unfinished = json.contains("unfinished");
  return record;
}

Result<DatabaseRecord> ParseDatabaseRecord(const std::string& text, std::string name, const std::string& path) {
  SLUICE_ASSIGN(const Json json, Parsed(text, path));
  DatabaseRecord record;
  record.name = std::move(name);
  record.comment = TextAt(json, "comment");
  record.location = TextAt(json, "location");
  record.properties = MapAt(json, "properties");
  return record;
}

}  // namespace sluice
