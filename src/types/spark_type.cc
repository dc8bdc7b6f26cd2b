// SPDX-License-Identifier: Apache-2.0
#include "types/spark_type.h"

#include <arrow/api.h>
#include <fmt/format.h>

#include "types/interval_type.h"

namespace sluice {
namespace {

const char* AtomName(const arrow::DataType& type) {
  switch (type.id()) {
    case arrow::Type::NA:
      return "void";
    case arrow::Type::BOOL:
      return "boolean";
    case arrow::Type::INT8:
      return "tinyint";
    case arrow::Type::INT16:
      return "smallint";
    case arrow::Type::INT32:
      return "int";
    case arrow::Type::INT64:
      return "bigint";
    case arrow::Type::FLOAT:
      return "float";
    case arrow::Type::DOUBLE:
      return "double";
    case arrow::Type::STRING:
    case arrow::Type::LARGE_STRING:
    case arrow::Type::STRING_VIEW:
      return "string";
    case arrow::Type::BINARY:
    case arrow::Type::LARGE_BINARY:
    case arrow::Type::FIXED_SIZE_BINARY:
    case arrow::Type::BINARY_VIEW:
      return "binary";
    case arrow::Type::DATE32:
    case arrow::Type::DATE64:
      return "date";
    case arrow::Type::TIMESTAMP:
      return static_cast<const arrow::TimestampType&>(type).timezone().empty() ? "timestamp_ntz" : "timestamp";
    default:
      return nullptr;
  }
}

bool PlainName(const std::string& name) {
  for (const char c : name) {
    if (!std::isalnum(static_cast<unsigned char>(c)) && c != '_') return false;
  }
  return !name.empty();
}

std::string Quoted(const std::string& name) {
  if (PlainName(name)) return name;
  std::string text = "`";
  for (const char c : name) text += c == '`' ? std::string("``") : std::string(1, c);
  return text + "`";
}

// `sql`: upper case, "a: INT" and NOT NULL; otherwise simpleString's "a:int".
std::string Name(const arrow::DataType& type, bool sql) {
  const auto word = [sql](std::string text) {
    if (sql) {
      for (char& c : text) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
    }
    return text;
  };
  if (const char* atom = AtomName(type)) return word(atom);
  switch (type.id()) {
    case arrow::Type::DURATION:
    case arrow::Type::INTERVAL_MONTHS:
      return word(IntervalName(FieldsOf(type)));
    case arrow::Type::DECIMAL32:
    case arrow::Type::DECIMAL64:
    case arrow::Type::DECIMAL128:
    case arrow::Type::DECIMAL256: {
      const auto& decimal = static_cast<const arrow::DecimalType&>(type);
      return word(fmt::format("decimal({},{})", decimal.precision(), decimal.scale()));
    }
    case arrow::Type::LIST:
    case arrow::Type::LARGE_LIST:
    case arrow::Type::LIST_VIEW:
    case arrow::Type::FIXED_SIZE_LIST:
      return word("array") + "<" + Name(*type.field(0)->type(), sql) + ">";
    case arrow::Type::MAP: {
      const auto& map = static_cast<const arrow::MapType&>(type);
      return fmt::format("{}<{}{}{}>", word("map"), Name(*map.key_type(), sql), sql ? ", " : ",",
                         Name(*map.item_type(), sql));
    }
    case arrow::Type::STRUCT: {
      std::string text = word("struct") + "<";
      for (int i = 0; i < type.num_fields(); ++i) {
        if (i > 0) text += sql ? ", " : ",";
        const auto& field = *type.field(i);
        text += sql ? Quoted(field.name()) + ": " : field.name() + ":";
        text += Name(*field.type(), sql);
        if (sql && !field.nullable()) text += " NOT NULL";
      }
      return text + ">";
    }
    default:
      return word(type.ToString());
  }
}

}  // namespace

const std::shared_ptr<arrow::DataType>& StringType() {
  static const std::shared_ptr<arrow::DataType> type = arrow::utf8_view();
  return type;
}

const std::shared_ptr<arrow::DataType>& BinaryType() {
  static const std::shared_ptr<arrow::DataType> type = arrow::binary_view();
  return type;
}

const std::shared_ptr<arrow::DataType>& TimestampType() {
  static const std::shared_ptr<arrow::DataType> type = arrow::timestamp(arrow::TimeUnit::MICRO, "UTC");
  return type;
}

const std::shared_ptr<arrow::DataType>& TimestampNtzType() {
  static const std::shared_ptr<arrow::DataType> type = arrow::timestamp(arrow::TimeUnit::MICRO);
  return type;
}

std::shared_ptr<arrow::DataType> ArrayType(std::shared_ptr<arrow::DataType> element, bool contains_null) {
  return arrow::list(arrow::field("element", std::move(element), contains_null));
}

std::shared_ptr<arrow::DataType> MapOf(std::shared_ptr<arrow::DataType> key, std::shared_ptr<arrow::DataType> value,
                                       bool value_contains_null) {
  return std::make_shared<arrow::MapType>(arrow::field("key", std::move(key), false),
                                          arrow::field("value", std::move(value), value_contains_null));
}

std::string SparkTypeName(const arrow::DataType& type) {
  return Name(type, true);
}
std::string SparkSimpleString(const arrow::DataType& type) {
  return Name(type, false);
}

bool SameSparkType(const arrow::DataType& a, const arrow::DataType& b) {
  if (a.id() != b.id() || a.num_fields() != b.num_fields()) return false;
  if (a.num_fields() == 0) return a.Equals(b);
  for (int i = 0; i < a.num_fields(); ++i) {
    if (a.id() == arrow::Type::STRUCT && a.field(i)->name() != b.field(i)->name()) return false;
    if (!SameSparkType(*a.field(i)->type(), *b.field(i)->type())) return false;
  }
  return true;
}

}  // namespace sluice
