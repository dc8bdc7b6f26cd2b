// SPDX-License-Identifier: Apache-2.0
#include "connectors/parquet/leaf_plan.h"

#include <arrow/type.h>
#include <parquet/schema.h>
#include <parquet/types.h>

namespace sluice {
namespace {

using arrow::Type;
using parquet::LogicalType;

constexpr int kDigitsOfInt = 10;
constexpr int kDigitsOfLong = 20;  // as many as Spark asks for

// What the file says of a leaf, its logical type taken apart.
struct Leaf {
  explicit Leaf(const parquet::schema::PrimitiveNode& node)
      : physical(node.physical_type()), logical(*node.logical_type()), length(node.type_length()) {}

  bool plain() const { return logical.is_none() || logical.is_null(); }
  bool whole() const { return plain() || logical.is_int(); }
  bool is_unsigned() const {
    return logical.is_int() && !static_cast<const parquet::IntLogicalType&>(logical).is_signed();
  }
  int bits() const { return logical.is_int() ? static_cast<const parquet::IntLogicalType&>(logical).bit_width() : 0; }
  LogicalType::TimeUnit::unit unit() const {
    return static_cast<const parquet::TimestampLogicalType&>(logical).time_unit();
  }

  const parquet::Type::type physical;
  const LogicalType& logical;
  const int length;
};

int WidthOf(const arrow::DataType& type) {
  switch (type.id()) {
    case Type::BOOL:
    case Type::INT8:
      return 1;
    case Type::STRING_VIEW:
    case Type::BINARY_VIEW:
    case Type::DECIMAL128:
      return 16;
    default:
      return type.byte_width();
  }
}

// A decimal may grow in scale as long as no digit before the point is lost.
std::optional<LeafPlan> PlanDecimal(const Leaf& leaf, LeafPlan plan) {
  const auto& wanted = static_cast<const arrow::DecimalType&>(*plan.type);
  const bool number = leaf.physical == parquet::Type::INT32 || leaf.physical == parquet::Type::INT64;
  plan.form = number ? LeafForm::kDecimal : LeafForm::kDecimalBytes;
  if (leaf.logical.is_decimal()) {
    const auto& stored = static_cast<const parquet::DecimalLogicalType&>(leaf.logical);
    plan.scale_up = wanted.scale() - stored.scale();
    if (plan.scale_up < 0 || wanted.precision() - stored.precision() < plan.scale_up) return std::nullopt;
    return plan;
  }
  const int digits = wanted.precision() - wanted.scale();
  plan.scale_up = wanted.scale();
  if (leaf.physical == parquet::Type::INT64 && leaf.is_unsigned()) {
    plan.form = LeafForm::kDecimalOfBits;
    return digits >= kDigitsOfLong ? std::optional(plan) : std::nullopt;
  }
  if (leaf.is_unsigned() || !number || !leaf.whole()) return std::nullopt;
  const int needed = leaf.physical == parquet::Type::INT32 ? kDigitsOfInt : kDigitsOfLong;
  return digits >= needed ? std::optional(plan) : std::nullopt;
}

std::optional<LeafPlan> PlanInt32(const Leaf& leaf, LeafPlan plan, const FileCalendar& calendar) {
  const bool small = leaf.whole() && (!leaf.is_unsigned() || leaf.bits() < 32);
  switch (plan.type->id()) {
    case Type::INT8:
    case Type::INT16:
    case Type::INT32:
      plan.form = plan.type->id() == Type::INT32 ? LeafForm::kSame : LeafForm::kWhole;
      return small ? std::optional(plan) : std::nullopt;
    case Type::INT64:
      plan.form = small ? LeafForm::kWhole : LeafForm::kUnsigned;
      return leaf.whole() ? std::optional(plan) : std::nullopt;
    case Type::DOUBLE:
      plan.form = LeafForm::kFloating;
      return small ? std::optional(plan) : std::nullopt;
    case Type::DATE32:
      plan.form = LeafForm::kDays;
      plan.rebase = calendar.dates;
      return leaf.logical.is_date() ? std::optional(plan) : std::nullopt;
    case Type::TIMESTAMP:
      plan.form = LeafForm::kDaysToMicros;
      plan.rebase = calendar.dates;
      if (!static_cast<const arrow::TimestampType&>(*plan.type).timezone().empty()) return std::nullopt;
      return leaf.logical.is_date() ? std::optional(plan) : std::nullopt;
    default:
      return std::nullopt;
  }
}

// Instants and local times are the same numbers, and read as each other.
std::optional<LeafPlan> PlanTimestamp(const Leaf& leaf, LeafPlan plan, const FileCalendar& calendar) {
  if (leaf.physical == parquet::Type::INT96) {
    plan.form = LeafForm::kInt96;
    plan.rebase = calendar.int96;
    return plan;
  }
  if (!leaf.logical.is_timestamp()) return std::nullopt;
  // Local times are younger than the old calendar.
  if (!static_cast<const arrow::TimestampType&>(*plan.type).timezone().empty()) plan.rebase = calendar.timestamps;
  switch (leaf.unit()) {
    case LogicalType::TimeUnit::MILLIS:
      plan.form = LeafForm::kMillis;
      return plan;
    case LogicalType::TimeUnit::MICROS:
      plan.form = LeafForm::kMicros;
      return plan;
    case LogicalType::TimeUnit::NANOS:
      plan.form = LeafForm::kNanos;
      plan.rebase = {};
      return plan;
    default:
      return std::nullopt;
  }
}

std::optional<LeafPlan> PlanBytes(const Leaf& leaf, LeafPlan plan) {
  const bool fixed = leaf.physical == parquet::Type::FIXED_LEN_BYTE_ARRAY;
  plan.form = LeafForm::kBytes;
  switch (plan.type->id()) {
    case Type::STRING_VIEW:
      if (!fixed) return plan;
      plan.form = LeafForm::kUuid;
      return leaf.logical.is_UUID() && leaf.length == 16 ? std::optional(plan) : std::nullopt;
    case Type::BINARY_VIEW:
      return plan;
    case Type::FLOAT:
      plan.form = LeafForm::kHalf;
      return fixed && leaf.logical.is_float16() && leaf.length == 2 ? std::optional(plan) : std::nullopt;
    default:
      return std::nullopt;
  }
}

}  // namespace

std::optional<LeafPlan> PlanLeaf(const parquet::schema::PrimitiveNode& node,
                                 const std::shared_ptr<arrow::DataType>& wanted, const FileCalendar& calendar) {
  const Leaf leaf(node);
  if (!arrow::is_primitive(wanted->id()) && !arrow::is_decimal(wanted->id()) &&
      !arrow::is_binary_view_like(wanted->id())) {
    return std::nullopt;
  }
  LeafPlan plan;
  plan.type = wanted;
  plan.width = WidthOf(*wanted);
  plan.byte_width = leaf.length;
  if (wanted->id() == Type::DECIMAL128) return PlanDecimal(leaf, std::move(plan));
  const auto same = [&](Type::type id) { return wanted->id() == id ? std::optional(plan) : std::nullopt; };
  switch (leaf.physical) {
    case parquet::Type::BOOLEAN:
      return same(Type::BOOL);
    case parquet::Type::INT32:
      return PlanInt32(leaf, std::move(plan), calendar);
    case parquet::Type::INT64:
      if (wanted->id() == Type::TIMESTAMP) return PlanTimestamp(leaf, std::move(plan), calendar);
      return leaf.whole() && !leaf.is_unsigned() ? same(Type::INT64) : std::nullopt;
    case parquet::Type::INT96:
      if (wanted->id() != Type::TIMESTAMP) return std::nullopt;
      return PlanTimestamp(leaf, std::move(plan), calendar);
    case parquet::Type::FLOAT:
      if (wanted->id() == Type::DOUBLE) plan.form = LeafForm::kFloating;
      return wanted->id() == Type::DOUBLE ? std::optional(plan) : same(Type::FLOAT);
    case parquet::Type::DOUBLE:
      return same(Type::DOUBLE);
    case parquet::Type::BYTE_ARRAY:
    case parquet::Type::FIXED_LEN_BYTE_ARRAY:
      return PlanBytes(leaf, std::move(plan));
    default:
      return std::nullopt;
  }
}

}  // namespace sluice
