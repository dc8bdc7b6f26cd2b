// SPDX-License-Identifier: Apache-2.0
#include "connectors/parquet/parquet_schema.h"

#include <arrow/type.h>
#include <fmt/format.h>
#include <parquet/types.h>

#include <algorithm>
#include <cctype>
#include <cmath>

#include "base/spark_error.h"
#include "types/spark_type.h"

namespace sluice {
namespace {

using parquet::LogicalType;
using parquet::Repetition;
using parquet::Type;
using parquet::schema::GroupNode;
using parquet::schema::NodePtr;
using parquet::schema::PrimitiveNode;

// Builds Parquet's tree and ours side by side.
class ShapeBuilder {
 public:
  explicit ShapeBuilder(TimestampForm timestamps) : timestamps_(timestamps) {}
  int leaves() const { return leaves_; }

  Result<NodePtr> Add(const std::string& name, const std::shared_ptr<arrow::DataType>& type, bool nullable,
                      int16_t repetition, ColumnShape* shape) {
    shape->type = type;
    shape->nullable = nullable;
    shape->leaf_begin = leaves_;
    const auto kind = nullable ? Repetition::OPTIONAL : Repetition::REQUIRED;
    Result<NodePtr> node =
        arrow::is_nested(type->id()) ? AddNested(name, kind, repetition, shape) : AddLeaf(name, *type, kind);
    shape->leaf_end = leaves_;
    return node;
  }

 private:
  Result<NodePtr> AddNested(const std::string& name, Repetition::type kind, int16_t repetition, ColumnShape* shape) {
    const arrow::DataType& type = *shape->type;
    shape->children.resize(static_cast<size_t>(type.num_fields()));
    switch (type.id()) {
      case arrow::Type::STRUCT: {
        parquet::schema::NodeVector fields;
        for (int i = 0; i < type.num_fields(); ++i) {
          const auto& field = type.field(i);
          SLUICE_ASSIGN(NodePtr node,
                        Add(field->name(), field->type(), field->nullable(), repetition, &shape->children[i]));
          fields.push_back(std::move(node));
        }
        return GroupNode::Make(name, kind, fields);
      }
      case arrow::Type::LIST: {
        const auto& element = type.field(0);
        shape->repetition = static_cast<int16_t>(repetition + 1);
        SLUICE_ASSIGN(NodePtr node,
                      Add("element", element->type(), element->nullable(), shape->repetition, &shape->children[0]));
        NodePtr list = GroupNode::Make("list", Repetition::REPEATED, {node});
        return GroupNode::Make(name, kind, {list}, LogicalType::List());
      }
      case arrow::Type::MAP: {
        const auto& map = static_cast<const arrow::MapType&>(type);
        shape->repetition = static_cast<int16_t>(repetition + 1);
        shape->children.resize(2);
        SLUICE_ASSIGN(NodePtr key, Add("key", map.key_type(), false, shape->repetition, &shape->children[0]));
        SLUICE_ASSIGN(NodePtr value, Add("value", map.item_type(), map.item_field()->nullable(), shape->repetition,
                                         &shape->children[1]));
        NodePtr pair = GroupNode::Make("key_value", Repetition::REPEATED, {key, value});
        return GroupNode::Make(name, kind, {pair}, LogicalType::Map());
      }
      default:
        return Unsupported(name, type);
    }
  }

  Result<NodePtr> AddLeaf(const std::string& name, const arrow::DataType& type, Repetition::type kind) {
    ++leaves_;
    const auto plain = [&](Type::type physical) { return PrimitiveNode::Make(name, kind, physical); };
    const auto logical = [&](std::shared_ptr<const LogicalType> meaning, Type::type physical, int length = -1) {
      return PrimitiveNode::Make(name, kind, std::move(meaning), physical, length);
    };
    switch (type.id()) {
      case arrow::Type::BOOL:
        return plain(Type::BOOLEAN);
      case arrow::Type::INT8:
        return logical(LogicalType::Int(8, true), Type::INT32);
      case arrow::Type::INT16:
        return logical(LogicalType::Int(16, true), Type::INT32);
      case arrow::Type::INT32:
        return plain(Type::INT32);
      case arrow::Type::INT64:
        return plain(Type::INT64);
      case arrow::Type::FLOAT:
        return plain(Type::FLOAT);
      case arrow::Type::DOUBLE:
        return plain(Type::DOUBLE);
      case arrow::Type::STRING_VIEW:
        return logical(LogicalType::String(), Type::BYTE_ARRAY);
      case arrow::Type::BINARY_VIEW:
        return plain(Type::BYTE_ARRAY);
      case arrow::Type::DATE32:
        return logical(LogicalType::Date(), Type::INT32);
      case arrow::Type::TIMESTAMP:
        return TimestampLeaf(name, static_cast<const arrow::TimestampType&>(type), kind);
      case arrow::Type::DECIMAL128: {
        const auto& decimal = static_cast<const arrow::Decimal128Type&>(type);
        const auto meaning = LogicalType::Decimal(decimal.precision(), decimal.scale());
        if (decimal.precision() <= 9) return logical(meaning, Type::INT32);
        if (decimal.precision() <= 18) return logical(meaning, Type::INT64);
        return logical(meaning, Type::FIXED_LEN_BYTE_ARRAY, DecimalBytes(decimal.precision()));
      }
      default:
        return Unsupported(name, type);
    }
  }

  Result<NodePtr> TimestampLeaf(const std::string& name, const arrow::TimestampType& type,
                                Repetition::type kind) const {
    // Without a zone Spark always writes microseconds.
    if (type.timezone().empty()) {
      return PrimitiveNode::Make(name, kind, LogicalType::Timestamp(false, LogicalType::TimeUnit::MICROS), Type::INT64);
    }
    if (timestamps_ == TimestampForm::kInt96) return PrimitiveNode::Make(name, kind, Type::INT96);
    const auto unit =
        timestamps_ == TimestampForm::kMicros ? LogicalType::TimeUnit::MICROS : LogicalType::TimeUnit::MILLIS;
    return PrimitiveNode::Make(name, kind, LogicalType::Timestamp(true, unit), Type::INT64);
  }

  static Status Unsupported(const std::string& name, const arrow::DataType& type) {
    return UserError("UNSUPPORTED_DATA_TYPE_FOR_DATASOURCE",
                     fmt::format("Parquet files have no type for the column {} of type {}.", name, SparkTypeName(type)),
                     {{"columnName", name}, {"columnType", SparkTypeName(type)}, {"format", "Parquet"}});
  }

  const TimestampForm timestamps_;
  int leaves_ = 0;
};

}  // namespace

Result<TimestampForm> ParseTimestampForm(const std::string& text) {
  std::string upper = text;
  std::transform(upper.begin(), upper.end(), upper.begin(), [](unsigned char c) { return std::toupper(c); });
  if (upper == "INT96") return TimestampForm::kInt96;
  if (upper == "TIMESTAMP_MICROS") return TimestampForm::kMicros;
  if (upper == "TIMESTAMP_MILLIS") return TimestampForm::kMillis;
  return UserError(
      "INVALID_CONF_VALUE.REQUIREMENT",
      fmt::format("spark.sql.parquet.outputTimestampType is INT96, TIMESTAMP_MICROS or TIMESTAMP_MILLIS, not '{}'.",
                  text));
}

Result<ParquetShape> MakeParquetShape(const arrow::Schema& schema, TimestampForm timestamps) {
  ShapeBuilder builder(timestamps);
  ParquetShape shape;
  shape.columns.resize(static_cast<size_t>(schema.num_fields()));
  parquet::schema::NodeVector nodes;
  for (int i = 0; i < schema.num_fields(); ++i) {
    const auto& field = schema.field(i);
    SLUICE_ASSIGN(NodePtr node, builder.Add(field->name(), field->type(), field->nullable(), 0, &shape.columns[i]));
    nodes.push_back(std::move(node));
  }
  // The root is Spark's: its own readers look for nothing in it, people who compare files do.
  shape.root = std::static_pointer_cast<GroupNode>(GroupNode::Make("spark_schema", Repetition::REQUIRED, nodes));
  shape.leaves = builder.leaves();
  return shape;
}

int DecimalBytes(int precision) {
  // Signed: one bit more than the largest value.
  return static_cast<int>(std::ceil((precision * std::log2(10.0) + 1) / 8));
}

}  // namespace sluice
