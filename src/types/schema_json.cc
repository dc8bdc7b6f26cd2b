// SPDX-License-Identifier: Apache-2.0
// Spark's schema JSON, as in table footers, checkpoints and StructType.json().
#include <arrow/api.h>
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "base/json_bounds.h"
#include "base/spark_error.h"
#include "types/spark_type.h"

namespace sluice {
namespace {

using Json = nlohmann::ordered_json;
using TypePtr = std::shared_ptr<arrow::DataType>;
constexpr const char* kMetadataKey = "spark.metadata";

Json TypeToJson(const arrow::DataType& type);

Json FieldToJson(const arrow::Field& field) {
  Json metadata = Json::object();
  if (field.metadata() != nullptr) {
    if (auto kept = field.metadata()->Get(kMetadataKey); kept.ok()) {
      metadata = Json::parse(*kept, nullptr, false);
      if (metadata.is_discarded()) metadata = Json::object();
    }
    if (auto comment = field.metadata()->Get("comment"); comment.ok()) metadata["comment"] = *comment;
  }
  return Json{{"name", field.name()},
              {"type", TypeToJson(*field.type())},
              {"nullable", field.nullable()},
              {"metadata", std::move(metadata)}};
}

Json StructToJson(const arrow::FieldVector& fields) {
  Json list = Json::array();
  for (const auto& field : fields) list.push_back(FieldToJson(*field));
  return Json{{"type", "struct"}, {"fields", std::move(list)}};
}

Json TypeToJson(const arrow::DataType& type) {
  switch (type.id()) {
    case arrow::Type::STRUCT:
      return StructToJson(type.fields());
    case arrow::Type::LIST:
    case arrow::Type::LARGE_LIST:
      return Json{{"type", "array"},
                  {"elementType", TypeToJson(*type.field(0)->type())},
                  {"containsNull", type.field(0)->nullable()}};
    case arrow::Type::MAP: {
      const auto& map = static_cast<const arrow::MapType&>(type);
      return Json{{"type", "map"},
                  {"keyType", TypeToJson(*map.key_type())},
                  {"valueType", TypeToJson(*map.item_type())},
                  {"valueContainsNull", map.item_field()->nullable()}};
    }
    case arrow::Type::INT8:
      return "byte";
    case arrow::Type::INT16:
      return "short";
    case arrow::Type::INT32:
      return "integer";
    case arrow::Type::INT64:
      return "long";
    default:
      return SparkSimpleString(type);
  }
}

Status Malformed(const std::string& what) {
  return UserError("INVALID_SCHEMA.NON_STRING_LITERAL", fmt::format("The schema JSON cannot be read: {}.", what));
}

Result<TypePtr> TypeFromJson(const Json& json, int depth);

Result<std::shared_ptr<arrow::Field>> FieldFromJson(const Json& json, int depth) {
  if (!json.is_object() || !json.contains("name") || !json["name"].is_string() || !json.contains("type")) {
    return Malformed("a field needs name and type");
  }
  SLUICE_ASSIGN(auto type, TypeFromJson(json["type"], depth + 1));
  const bool nullable = !json.contains("nullable") || !json["nullable"].is_boolean() || json["nullable"].get<bool>();
  std::shared_ptr<const arrow::KeyValueMetadata> metadata;
  if (json.contains("metadata") && json["metadata"].is_object() && !json["metadata"].empty()) {
    metadata = arrow::key_value_metadata({kMetadataKey}, {json["metadata"].dump()});
  }
  return arrow::field(json["name"].get<std::string>(), std::move(type), nullable, metadata);
}

bool Flag(const Json& json, const char* name) {
  return !json.contains(name) || !json[name].is_boolean() || json[name].get<bool>();
}

Result<TypePtr> TypeFromJson(const Json& json, int depth) {
  if (depth > 100) return Malformed("it is nested too deeply");
  if (json.is_string()) return ParseSparkType(json.get<std::string>());
  if (!json.is_object() || !json.contains("type") || !json["type"].is_string()) return Malformed("a type is missing");
  const auto kind = json["type"].get<std::string>();
  if (kind == "struct" && json.contains("fields") && json["fields"].is_array()) {
    arrow::FieldVector fields;
    for (const auto& one : json["fields"]) {
      SLUICE_ASSIGN(auto field, FieldFromJson(one, depth));
      fields.push_back(std::move(field));
    }
    return arrow::struct_(std::move(fields));
  }
  if (kind == "array" && json.contains("elementType")) {
    SLUICE_ASSIGN(auto element, TypeFromJson(json["elementType"], depth + 1));
    return ArrayType(std::move(element), Flag(json, "containsNull"));
  }
  if (kind == "map" && json.contains("keyType") && json.contains("valueType")) {
    SLUICE_ASSIGN(auto key, TypeFromJson(json["keyType"], depth + 1));
    SLUICE_ASSIGN(auto value, TypeFromJson(json["valueType"], depth + 1));
    return MapOf(std::move(key), std::move(value), Flag(json, "valueContainsNull"));
  }
  if (kind == "udt") return NotSupported("User-defined types in a schema are not supported.");
  return Malformed("unknown type '" + kind + "'");
}

}  // namespace

std::string SchemaToSparkJson(const arrow::Schema& schema) {
  return StructToJson(schema.fields()).dump(-1, ' ', false, Json::error_handler_t::replace);
}

Result<std::shared_ptr<arrow::Schema>> SchemaFromSparkJson(const std::string& text) {
  if (const auto beyond = BeyondJsonBounds(text); !beyond.empty()) return Malformed(std::string(beyond));
  const Json json = Json::parse(text, nullptr, false);
  if (json.is_discarded()) return Malformed("it is not JSON");
  SLUICE_ASSIGN(auto type, TypeFromJson(json, 0));
  if (type->id() != arrow::Type::STRUCT) return Malformed("it is not a struct");
  return arrow::schema(type->fields());
}

}  // namespace sluice
