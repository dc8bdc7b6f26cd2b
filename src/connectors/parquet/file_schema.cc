// SPDX-License-Identifier: Apache-2.0
#include "connectors/parquet/file_schema.h"

#include <arrow/type.h>
#include <arrow/util/key_value_metadata.h>
#include <fmt/format.h>
#include <parquet/schema.h>

#include <algorithm>
#include <cctype>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <utility>

#include "base/json_bounds.h"
#include "base/spark_error.h"
#include "connectors/parquet/parquet_type.h"
#include "types/spark_type.h"

namespace sluice {
namespace {

using nlohmann::ordered_json;

constexpr char kRowMetadata[] = "org.apache.spark.sql.parquet.row.metadata";
// Of a column that cannot be read: the class and text of the error.
constexpr char kRefusedClass[] = "sluice.refused.class";
constexpr char kRefusedText[] = "sluice.refused.text";

std::shared_ptr<arrow::DataType> AllNullable(const std::shared_ptr<arrow::DataType>& type) {
  switch (type->id()) {
    case arrow::Type::STRUCT: {
      arrow::FieldVector fields;
      for (const auto& field : type->fields()) {
        fields.push_back(arrow::field(field->name(), AllNullable(field->type())));
      }
      return arrow::struct_(std::move(fields));
    }
    case arrow::Type::LIST:
      return ArrayType(AllNullable(type->field(0)->type()));
    case arrow::Type::MAP: {
      const auto& map = static_cast<const arrow::MapType&>(*type);
      return MapOf(AllNullable(map.key_type()), AllNullable(map.item_type()));
    }
    default:
      return type;
  }
}

std::shared_ptr<arrow::Field> Refused(const std::string& name, const Status& why) {
  const auto* error = FindSparkError(why);
  return arrow::field(name, arrow::null(), true,
                      arrow::key_value_metadata({kRefusedClass, kRefusedText}, {error->error_class, error->message}));
}

std::shared_ptr<arrow::Field> FieldOfNode(const parquet::schema::Node& node) {
  auto type = TypeOfParquetNode(node);
  if (!type.ok()) return Refused(node.name(), type.status());
  return arrow::field(node.name(), AllNullable(*type));
}

// A field of Spark's own schema. Types that only Spark knows are read as what the file has for them, if that says
// anything: a user-defined type is stored as its plain type, a VARIANT as bytes without meaning.
std::shared_ptr<arrow::Field> FieldOfJson(const ordered_json& field, const parquet::schema::GroupNode& root) {
  const std::string alone = ordered_json{{"type", "struct"}, {"fields", {field}}}.dump();
  if (auto schema = SchemaFromSparkJson(alone); schema.ok()) {
    return arrow::field((*schema)->field(0)->name(), AllNullable((*schema)->field(0)->type()));
  }
  if (!field.is_object() || !field.contains("name") || !field["name"].is_string()) return nullptr;
  const auto name = field["name"].get<std::string>();
  if (field.contains("type") && field["type"].dump().find("\"variant\"") != std::string::npos) {
    return Refused(name, NotSupported("Columns of the type VARIANT."));
  }
  const int index = root.FieldIndex(name);
  return index < 0 ? nullptr : FieldOfNode(*root.field(index));
}

// Nothing when the JSON is none.
std::optional<arrow::FieldVector> FieldsOfJson(const std::string& json, const parquet::schema::GroupNode& root) {
  if (auto schema = SchemaFromSparkJson(json); schema.ok()) {
    arrow::FieldVector fields;
    for (const auto& field : (*schema)->fields()) {
      fields.push_back(arrow::field(field->name(), AllNullable(field->type())));
    }
    return fields;
  }
  if (!BeyondJsonBounds(json).empty()) return std::nullopt;
  const auto parsed = ordered_json::parse(json, nullptr, /*allow_exceptions=*/false);
  if (!parsed.is_object() || !parsed.contains("fields") || !parsed["fields"].is_array()) return std::nullopt;
  arrow::FieldVector fields;
  for (const auto& one : parsed["fields"]) {
    auto field = FieldOfJson(one, root);
    if (field == nullptr) return std::nullopt;
    fields.push_back(std::move(field));
  }
  return fields;
}

std::string Lower(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(), [](unsigned char c) { return std::tolower(c); });
  return text;
}

Status CheckNames(const arrow::FieldVector& fields, const std::string& path);

Status CheckType(const arrow::DataType& type, const std::string& path) {
  if (type.id() == arrow::Type::STRUCT) return CheckNames(type.fields(), path);
  for (const auto& field : type.fields()) SLUICE_RETURN_IF_ERROR(CheckType(*field->type(), path));
  return Status::OK();
}

Status CheckNames(const arrow::FieldVector& fields, const std::string& path) {
  std::set<std::string> seen;
  for (const auto& field : fields) {
    const std::string name = Lower(field->name());
    if (!seen.insert(name).second) {
      return UserError("COLUMN_ALREADY_EXISTS",
                       fmt::format("The column `{}` stands more than once in {}, in capital or small letters: give one "
                                   "of them another name.",
                                   name, path),
                       {{"columnName", fmt::format("`{}`", name)}, {"path", path}});
    }
    SLUICE_RETURN_IF_ERROR(CheckType(*field->type(), path));
  }
  return Status::OK();
}

}  // namespace

Result<std::shared_ptr<arrow::Schema>> SchemaOfParquetFile(const parquet::FileMetaData& footer) {
  const auto* root = footer.schema()->group_node();
  if (footer.key_value_metadata() != nullptr) {
    if (auto json = footer.key_value_metadata()->Get(kRowMetadata); json.ok()) {
      if (auto fields = FieldsOfJson(*json, *root)) return arrow::schema(std::move(*fields));
    }
  }
  arrow::FieldVector fields;
  for (int i = 0; i < root->field_count(); ++i) fields.push_back(FieldOfNode(*root->field(i)));
  return arrow::schema(std::move(fields));
}

Status CheckReadable(const arrow::Field& column, const std::string& path) {
  if (column.metadata() == nullptr || !column.metadata()->Contains(kRefusedClass)) return Status::OK();
  return UserError(*column.metadata()->Get(kRefusedClass),
                   fmt::format("The column {} of {} cannot be read: {} Leave it out of the query.", column.name(), path,
                               *column.metadata()->Get(kRefusedText)),
                   {{"path", path}, {"column", column.name()}});
}

Status CheckColumnNames(const arrow::Schema& schema, const std::string& path) {
  return CheckNames(schema.fields(), path);
}

}  // namespace sluice
