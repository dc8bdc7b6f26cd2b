// SPDX-License-Identifier: Apache-2.0
#include "plan/scan_condition.h"

#include <arrow/api.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "expr/branch.h"
#include "expr/cast.h"
#include "expr/compare_values.h"
#include "expr/function_expr.h"
#include "types/utf8_repair.h"

namespace sluice {
namespace {

using Kind = ScanCondition::Kind;

struct Comparison {
  const char* name;
  Kind kind;
  Kind flipped;  // with the column on the right
};

const Comparison* FindComparison(const std::string& name) {
  static constexpr std::array<Comparison, 6> kTable = {{{"=", Kind::kEqual, Kind::kEqual},
                                                        {"<=>", Kind::kEqual, Kind::kEqual},
                                                        {"<", Kind::kLess, Kind::kGreater},
                                                        {"<=", Kind::kLessEqual, Kind::kGreaterEqual},
                                                        {">", Kind::kGreater, Kind::kLess},
                                                        {">=", Kind::kGreaterEqual, Kind::kLessEqual}}};
  for (const Comparison& comparison : kTable) {
    if (name == comparison.name) return &comparison;
  }
  return nullptr;
}

// Casts that keep every value and their order: statistics can be compared as if they were not there.
bool IsExact(const arrow::DataType& from, const arrow::DataType& to) {
  if (arrow::is_signed_integer(from.id()) && arrow::is_signed_integer(to.id())) {
    return from.bit_width() <= to.bit_width();
  }
  return from.id() == arrow::Type::FLOAT && to.id() == arrow::Type::DOUBLE;
}

// The source's column that an expression is, or -1.
int ColumnOf(const Expr& expr, const std::vector<int>& columns) {
  if (const auto* cast = dynamic_cast<const CastExpr*>(&expr)) {
    const Expr& child = *cast->children()[0];
    return IsExact(*child.type(), *cast->type()) ? ColumnOf(child, columns) : -1;
  }
  const auto* column = dynamic_cast<const ColumnExpr*>(&expr);
  return column == nullptr ? -1 : columns[static_cast<size_t>(column->index())];
}

std::optional<PlainValue> LiteralOf(const Expr& expr) {
  const auto* literal = dynamic_cast<const LiteralExpr*>(&expr);
  return literal == nullptr ? std::nullopt : PlainValueOf(*literal->value());
}

std::optional<ScanCondition> Compared(Kind kind, const Expr& column, const Expr& literal,
                                      const std::vector<int>& columns) {
  const int index = ColumnOf(column, columns);
  auto value = LiteralOf(literal);
  if (index < 0 || !value) return std::nullopt;
  return ScanCondition{kind, index, std::move(*value), {}};
}

std::optional<ScanCondition> OneOf(const FunctionExpr& call, const std::vector<int>& columns) {
  ScanCondition any{Kind::kAny, -1, {}, {}};
  for (size_t i = 1; i < call.children().size(); ++i) {
    const auto* literal = dynamic_cast<const LiteralExpr*>(call.children()[i].get());
    if (literal != nullptr && !literal->value()->is_valid) continue;  // equals nothing
    auto part = Compared(Kind::kEqual, *call.children()[0], *call.children()[i], columns);
    if (!part) return std::nullopt;
    any.parts.push_back(std::move(*part));
  }
  return any;
}

// The text before the first sign with a meaning. A replacement character may stand for bytes that are no UTF-8.
std::string FixedPart(std::string_view pattern, std::string_view signs) {
  return std::string(pattern.substr(0, std::min(pattern.find_first_of(signs), pattern.find("\xEF\xBF\xBD"))));
}

std::optional<ScanCondition> Prefixed(const FunctionExpr& call, const std::vector<int>& columns) {
  const int index = ColumnOf(*call.children()[0], columns);
  const auto pattern = LiteralOf(*call.children()[1]);
  if (index < 0 || !pattern || !std::holds_alternative<std::string>(*pattern)) return std::nullopt;
  std::string signs;
  if (call.name() == "like") {
    const auto escape = LiteralOf(*call.children()[2]);
    if (!escape || !std::holds_alternative<std::string>(*escape)) return std::nullopt;
    signs = "%_" + std::get<std::string>(*escape);
  }
  std::string prefix = FixedPart(std::get<std::string>(*pattern), signs);
  if (prefix.empty()) return std::nullopt;
  return ScanCondition{Kind::kPrefix, index, std::move(prefix), {}};
}

std::optional<ScanCondition> OfFunction(const FunctionExpr& call, const std::vector<int>& columns) {
  const auto& args = call.children();
  if (const Comparison* comparison = FindComparison(call.name()); comparison != nullptr && args.size() == 2) {
    auto condition = Compared(comparison->kind, *args[0], *args[1], columns);
    return condition ? condition : Compared(comparison->flipped, *args[1], *args[0], columns);
  }
  if (call.name() == "in") return OneOf(call, columns);
  if (call.name() == "like" || call.name() == "startswith") return Prefixed(call, columns);
  if (call.name() == "isnull" || call.name() == "isnotnull") {
    const auto* column = dynamic_cast<const ColumnExpr*>(args[0].get());
    if (column == nullptr) return std::nullopt;
    return ScanCondition{call.name() == "isnull" ? Kind::kIsNull : Kind::kIsNotNull,
                         columns[static_cast<size_t>(column->index())],
                         {},
                         {}};
  }
  return std::nullopt;
}

// Of an AND whatever can be said; of an OR both sides or nothing.
std::optional<ScanCondition> OfLogic(const BranchExpr& logic, const std::vector<int>& columns) {
  const bool both = logic.kind() == BranchExpr::Kind::kAnd;
  if (!both && logic.kind() != BranchExpr::Kind::kOr) return std::nullopt;
  auto left = ConditionOf(logic.children()[0], columns);
  auto right = ConditionOf(logic.children()[1], columns);
  if (left && right)
    return ScanCondition{both ? Kind::kAll : Kind::kAny, -1, {}, {std::move(*left), std::move(*right)}};
  if (!both) return std::nullopt;
  return left ? left : right;
}

const char* SignOf(Kind kind) {
  switch (kind) {
    case Kind::kLess:
      return "<";
    case Kind::kLessEqual:
      return "<=";
    case Kind::kEqual:
      return "=";
    case Kind::kGreaterEqual:
      return ">=";
    case Kind::kGreater:
      return ">";
    default:
      return "begins with";
  }
}

std::string ToText(const PlainValue& value) {
  if (const auto* whole = std::get_if<int64_t>(&value)) return fmt::format("{}", *whole);
  if (const auto* number = std::get_if<double>(&value)) return fmt::format("{}", *number);
  if (const auto* decimal = std::get_if<arrow::Decimal128>(&value)) return decimal->ToIntegerString();
  const auto& text = std::get<std::string>(value);
  return IsUtf8(text) ? text : fmt::format("{} bytes", text.size());
}

}  // namespace

std::optional<PlainValue> PlainValueOf(const arrow::Scalar& value) {
  if (!value.is_valid) return std::nullopt;
  switch (value.type->id()) {
    case arrow::Type::BOOL:
      return int64_t{static_cast<const arrow::BooleanScalar&>(value).value};
    case arrow::Type::INT8:
      return int64_t{static_cast<const arrow::Int8Scalar&>(value).value};
    case arrow::Type::INT16:
      return int64_t{static_cast<const arrow::Int16Scalar&>(value).value};
    case arrow::Type::INT32:
      return int64_t{static_cast<const arrow::Int32Scalar&>(value).value};
    case arrow::Type::DATE32:
      return int64_t{static_cast<const arrow::Date32Scalar&>(value).value};
    case arrow::Type::INT64:
      return static_cast<const arrow::Int64Scalar&>(value).value;
    case arrow::Type::TIMESTAMP:
      return static_cast<const arrow::TimestampScalar&>(value).value;
    case arrow::Type::FLOAT:
      return double{static_cast<const arrow::FloatScalar&>(value).value};
    case arrow::Type::DOUBLE:
      return static_cast<const arrow::DoubleScalar&>(value).value;
    case arrow::Type::DECIMAL128:
      return static_cast<const arrow::Decimal128Scalar&>(value).value;
    case arrow::Type::STRING_VIEW:
    case arrow::Type::BINARY_VIEW:
      return std::string(static_cast<const arrow::BaseBinaryScalar&>(value).view());
    default:
      return std::nullopt;
  }
}

int ComparePlain(const PlainValue& a, const PlainValue& b) {
  return std::visit(
      [&](const auto& x) {
        using Value = std::decay_t<decltype(x)>;
        if constexpr (std::is_same_v<Value, std::string>) {
          return Compare(std::string_view(x), std::string_view(std::get<Value>(b)));
        } else {
          return Compare(x, std::get<Value>(b));
        }
      },
      a);
}

std::optional<ScanCondition> ConditionOf(const ExprPtr& condition, const std::vector<int>& columns) {
  if (const auto* logic = dynamic_cast<const BranchExpr*>(condition.get())) return OfLogic(*logic, columns);
  if (const auto* call = dynamic_cast<const FunctionExpr*>(condition.get())) return OfFunction(*call, columns);
  return std::nullopt;
}

std::string ToString(const ScanCondition& condition, const std::vector<std::string>& names) {
  if (condition.kind == Kind::kAll || condition.kind == Kind::kAny) {
    std::string text;
    for (const ScanCondition& part : condition.parts) {
      text += (text.empty() ? "(" : condition.kind == Kind::kAll ? " AND " : " OR ") + ToString(part, names);
    }
    return text.empty() ? "false" : text + ")";
  }
  const std::string& name = names.at(static_cast<size_t>(condition.column));
  if (condition.kind == Kind::kIsNull) return name + " IS NULL";
  if (condition.kind == Kind::kIsNotNull) return name + " IS NOT NULL";
  return fmt::format("{} {} {}", name, SignOf(condition.kind), ToText(condition.value));
}

}  // namespace sluice
