// SPDX-License-Identifier: Apache-2.0
#include "types/tree_string.h"

#include <arrow/type.h>
#include <fmt/format.h>

#include "types/spark_type.h"

namespace sluice {
namespace {

// Whole numbers have the names of Spark's type classes here, not those of SQL. Nested types are shown by their kind,
// with their parts below.
std::string KindOf(const arrow::DataType& type) {
  switch (type.id()) {
    case arrow::Type::INT8:
      return "byte";
    case arrow::Type::INT16:
      return "short";
    case arrow::Type::INT32:
      return "integer";
    case arrow::Type::INT64:
      return "long";
    default:
      break;
  }
  const std::string name = SparkSimpleString(type);
  return arrow::is_nested(type.id()) ? name.substr(0, name.find('<')) : name;
}

void AppendType(const arrow::DataType& type, const std::string& indent, std::string* out);

void AppendPart(const std::string& name, const arrow::Field& field, const char* null_word, const std::string& indent,
                std::string* out) {
  *out += fmt::format("{} |-- {}: {} ({} = {})\n", indent, name, KindOf(*field.type()), null_word,
                      field.nullable() ? "true" : "false");
  AppendType(*field.type(), indent + " |   ", out);
}

void AppendType(const arrow::DataType& type, const std::string& indent, std::string* out) {
  if (type.id() == arrow::Type::STRUCT) {
    for (const auto& field : type.fields()) AppendPart(field->name(), *field, "nullable", indent, out);
  } else if (type.id() == arrow::Type::LIST) {
    AppendPart("element", *static_cast<const arrow::ListType&>(type).value_field(), "containsNull", indent, out);
  } else if (type.id() == arrow::Type::MAP) {
    const auto& map = static_cast<const arrow::MapType&>(type);
    *out += fmt::format("{} |-- key: {}\n", indent, KindOf(*map.key_type()));
    AppendType(*map.key_type(), indent + " |   ", out);
    AppendPart("value", *map.item_field(), "valueContainsNull", indent, out);
  }
}

}  // namespace

std::string SchemaTreeString(const arrow::Schema& schema) {
  std::string out = "root\n";
  for (const auto& field : schema.fields()) AppendPart(field->name(), *field, "nullable", "", &out);
  return out;
}

}  // namespace sluice
