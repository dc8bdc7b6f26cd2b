// SPDX-License-Identifier: Apache-2.0
#include "expr/cast.h"

#include <arrow/api.h>
#include <fmt/format.h>

#include "types/interval_type.h"
#include "types/number_text.h"
#include "types/spark_type.h"
#include "types/value_formatter.h"

namespace sluice {
namespace {

bool IsString(const arrow::DataType& type) {
  return type.id() == arrow::Type::STRING_VIEW;
}
bool IsBinary(const arrow::DataType& type) {
  return type.id() == arrow::Type::BINARY_VIEW;
}
bool IsDecimal(const arrow::DataType& type) {
  return type.id() == arrow::Type::DECIMAL128;
}
bool IsIntegral(const arrow::DataType& type) {
  return arrow::is_signed_integer(type.id());
}
bool IsNumeric(const arrow::DataType& type) {
  return IsIntegral(type) || arrow::is_floating(type.id()) || IsDecimal(type);
}
bool IsDate(const arrow::DataType& type) {
  return type.id() == arrow::Type::DATE32;
}
bool IsTimestamp(const arrow::DataType& type) {
  return type.id() == arrow::Type::TIMESTAMP;
}
bool IsZoned(const arrow::DataType& type) {
  return type.Equals(TimestampType());
}

bool CanCastNested(const arrow::DataType& from, const arrow::DataType& to, bool ansi) {
  if (from.id() != to.id() || from.num_fields() != to.num_fields()) return false;
  for (int i = 0; i < from.num_fields(); ++i) {
    if (from.id() == arrow::Type::MAP) return CanCastNested(*from.field(0)->type(), *to.field(0)->type(), ansi);
    if (!CanCast(*from.field(i)->type(), *to.field(i)->type(), ansi)) return false;
  }
  return from.num_fields() > 0;
}

// Integers always fit into a decimal with enough digits before the point.
bool FitsDecimal(const arrow::DataType& from, const arrow::DataType& to) {
  const auto& decimal = static_cast<const arrow::Decimal128Type&>(to);
  const int whole = decimal.precision() - decimal.scale();
  switch (from.id()) {
    case arrow::Type::INT8:
      return whole >= 3;
    case arrow::Type::INT16:
      return whole >= 5;
    case arrow::Type::INT32:
      return whole >= 10;
    case arrow::Type::INT64:
      return whole >= 20;
    case arrow::Type::DECIMAL128: {
      const auto& source = static_cast<const arrow::Decimal128Type&>(from);
      return whole >= source.precision() - source.scale() && decimal.scale() >= source.scale();
    }
    default:
      return false;
  }
}

// A decimal that loses digits behind the point alone; Spark leaves out of account that rounding up may need one more.
bool HasMoreWholeDigits(const arrow::DataType& from, const arrow::DataType& to, CastMode mode) {
  if (mode == CastMode::kTry || !IsDecimal(from)) return false;
  const auto whole = [](const arrow::DataType& type) {
    const auto& decimal = static_cast<const arrow::DecimalType&>(type);
    return decimal.precision() - decimal.scale();
  };
  return whole(to) > whole(from);
}

bool CastCanGiveNull(const arrow::DataType& from, const arrow::DataType& to, CastMode mode) {
  if (IsDecimal(to)) return !FitsDecimal(from, to) && !HasMoreWholeDigits(from, to, mode);
  if (IsString(to) || from.Equals(to)) return false;
  if (mode == CastMode::kTry) return !(IsString(from) && IsBinary(to)) && from.num_fields() == 0;
  if (IsString(from)) return !IsBinary(to);
  if (IsDate(from)) return !IsTimestamp(to);
  if (IsTimestamp(from)) return IsIntegral(to) && to.id() != arrow::Type::INT64;
  if (arrow::is_floating(from.id()) && IsTimestamp(to)) return true;
  // NaN and what is too large have no whole number; Spark says so under ANSI too, where they fail.
  return (arrow::is_floating(from.id()) || IsDecimal(from)) && arrow::is_integer(to.id());
}

}  // namespace

CastExpr::CastExpr(ExprPtr child, TypePtr target, CastMode mode, bool implicit, std::string shown)
    : Expr(target, child->nullable() || CastCanGiveNull(*child->type(), *target, mode), {child}),
      mode_(mode),
      implicit_(implicit),
      shown_(std::move(shown)) {}

std::string CastExpr::ToString() const {
  if (!shown_.empty()) return shown_;
  // Spark shows no cast to an array, a map or a struct, written ones neither.
  if (implicit_ || type()->num_fields() > 0) return children()[0]->ToString();
  return fmt::format("{}({} AS {})", mode_ == CastMode::kTry ? "TRY_CAST" : "CAST", children()[0]->ToString(),
                     SparkTypeName(*type()));
}

Result<ArrayPtr> CastExpr::EvalImpl(Evaluation& evaluation) const {
  SLUICE_ASSIGN(auto column, evaluation.Eval(children()[0]));
  return CastColumn(column, type(), {mode_, evaluation.context()});
}

ExprPtr CastExpr::WithChildren(std::vector<ExprPtr> children) const {
  return std::make_shared<CastExpr>(std::move(children[0]), type(), mode_, implicit_, shown_);
}

std::string CastExpr::NodeKey() const {
  return fmt::format("cast:{}:{}", static_cast<int>(mode_), type()->ToString());
}

const Expr& SkipImplicitCasts(const Expr& expr) {
  const auto* cast = dynamic_cast<const CastExpr*>(&expr);
  return cast != nullptr && cast->implicit() ? SkipImplicitCasts(*cast->children()[0]) : expr;
}

bool CanCast(const arrow::DataType& from, const arrow::DataType& to, bool ansi) {
  if (SameSparkType(from, to) || from.id() == arrow::Type::NA) return true;
  if (IsString(to)) return true;
  if (IsString(from)) {
    return IsBinary(to) || to.id() == arrow::Type::BOOL || IsNumeric(to) || IsDate(to) || IsTimestamp(to) ||
           IsInterval(to);
  }
  if (IsBinary(to)) return !ansi && IsIntegral(from);
  if (to.id() == arrow::Type::BOOL) return IsNumeric(from) || (!ansi && (IsDate(from) || IsZoned(from)));
  if (IsNumeric(to)) {
    return IsNumeric(from) || from.id() == arrow::Type::BOOL || IsZoned(from) || (!ansi && IsDate(from));
  }
  if (IsTimestamp(to)) {
    if (IsDate(from) || IsTimestamp(from)) return true;
    return IsZoned(to) && (IsNumeric(from) || (!ansi && from.id() == arrow::Type::BOOL));
  }
  if (IsDate(to)) return IsTimestamp(from);
  return CanCastNested(from, to, ansi);
}

Result<ExprPtr> MakeCast(ExprPtr child, TypePtr target, CastMode mode) {
  const bool ansi = mode != CastMode::kLegacy;
  if (!CanCast(*child->type(), *target, ansi)) {
    const bool legacy_can = ansi && CanCast(*child->type(), *target, false);
    const bool by_function =
        (IsNumeric(*child->type()) && IsDate(*target)) || (IsDate(*child->type()) && IsNumeric(*target));
    return UserError(ansi && by_function                     ? "DATATYPE_MISMATCH.CAST_WITH_FUNC_SUGGESTION"
                     : legacy_can && mode == CastMode::kAnsi ? "DATATYPE_MISMATCH.CAST_WITH_CONF_SUGGESTION"
                                                             : "DATATYPE_MISMATCH.CAST_WITHOUT_SUGGESTION",
                     fmt::format("\"{}\" of the type \"{}\" cannot be cast to \"{}\"{}.", child->ToString(),
                                 SparkTypeName(*child->type()), SparkTypeName(*target),
                                 legacy_can ? " unless spark.sql.ansi.enabled=false" : ""),
                     {{"srcType", "\"" + SparkTypeName(*child->type()) + "\""},
                      {"targetType", "\"" + SparkTypeName(*target) + "\""}});
  }
  return std::make_shared<CastExpr>(std::move(child), std::move(target), mode, false);
}

Result<ExprPtr> MakeImplicitCast(ExprPtr child, TypePtr target, bool ansi) {
  if (child->type()->Equals(target)) return child;
  // A NULL or a number written as a literal takes the type at once.
  if (const auto* literal = dynamic_cast<const LiteralExpr*>(child.get())) {
    if (!literal->value()->is_valid) return std::make_shared<LiteralExpr>(arrow::MakeNullScalar(target));
  }
  return std::make_shared<CastExpr>(std::move(child), std::move(target), ansi ? CastMode::kAnsi : CastMode::kLegacy,
                                    true);
}

namespace {

// Whether a number's text has more digits before its point than any decimal holds: "1e38", "0e100".
bool HasTooManyDigits(std::string_view text) {
  arrow::Decimal128 unused;
  return ParseDecimal(text, 38, 0, &unused) == DecimalOutcome::kOverflow;
}

}  // namespace

Status CastError(CastOutcome outcome, const arrow::Array& column, int64_t row, const arrow::DataType& to) {
  std::string value;
  SLUICE_RETURN_IF_ERROR(ValueFormatter(TimeZone::Utc()).Append(column, row, &value));
  const std::string from_name = "\"" + SparkTypeName(*column.type()) + "\"";
  const std::string to_name = "\"" + SparkTypeName(to) + "\"";
  if (IsString(*column.type())) value = "'" + value + "'";
  constexpr const char* kWaysOut = "Use try_cast to get NULL for such values, or set spark.sql.ansi.enabled=false.";
  if (outcome == CastOutcome::kOverflow && IsDecimal(to) && IsString(*column.type()) &&
      HasTooManyDigits(static_cast<const arrow::StringViewArray&>(column).GetView(row))) {
    return WithRow(
        UserError("NUMERIC_OUT_OF_SUPPORTED_RANGE",
                  fmt::format("{} has more than 38 digits before its point. {}", value, kWaysOut), {{"value", value}}),
        row);
  }
  if (outcome == CastOutcome::kOverflow && IsDecimal(to)) {
    const auto& decimal = static_cast<const arrow::Decimal128Type&>(to);
    return WithRow(UserError("NUMERIC_VALUE_OUT_OF_RANGE.WITH_SUGGESTION",
                             fmt::format("{} does not fit into {}. {}", value, SparkTypeName(to), kWaysOut),
                             {{"value", value},
                              {"precision", std::to_string(decimal.precision())},
                              {"scale", std::to_string(decimal.scale())},
                              {"config", "\"spark.sql.ansi.enabled\""}}),
                   row);
  }
  if (outcome == CastOutcome::kOverflow) {
    return WithRow(
        UserError("CAST_OVERFLOW",
                  fmt::format("{} of the type {} is too large for {}. {}", value, from_name, to_name, kWaysOut),
                  {{"value", value}, {"sourceType", from_name}, {"targetType", to_name}}),
        row);
  }
  return WithRow(
      UserError("CAST_INVALID_INPUT",
                fmt::format("{} of the type {} cannot be read as {}. {}", value, from_name, to_name, kWaysOut),
                {{"expression", value}, {"sourceType", from_name}, {"targetType", to_name}}),
      row);
}

Result<ArrayPtr> CastColumn(const ArrayPtr& column, const TypePtr& to, const CastCall& call) {
  const arrow::DataType& from = *column->type();
  if (from.Equals(to)) return column;
  if (from.id() == arrow::Type::NA) return arrow::MakeArrayOfNull(to, column->length(), PoolOf(call.context));
  if (IsString(*to) || IsBinary(*to)) return CastToString(column, to, call);
  if (IsString(from)) return CastFromString(column, to, call);
  if (to->num_fields() > 0) return CastNested(column, to, call);
  if (IsDate(*to) || IsTimestamp(*to) || IsDate(from) || IsTimestamp(from)) return CastDatetime(column, to, call);
  if (IsDecimal(*to)) return CastToDecimal(column, to, call);
  if (IsDecimal(from)) return CastDecimal(column, to, call);
  return CastNumber(column, to, call);
}

}  // namespace sluice
