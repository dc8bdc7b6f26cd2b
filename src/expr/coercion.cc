// SPDX-License-Identifier: Apache-2.0
#include "expr/coercion.h"

#include <arrow/api.h>
#include <fmt/format.h>

#include <algorithm>

#include "expr/cast.h"
#include "types/interval_type.h"
#include "types/spark_type.h"

namespace sluice {
namespace {

bool IsFloating(const arrow::DataType& type) {
  return arrow::is_floating(type.id());
}
bool IsDecimal(const arrow::DataType& type) {
  return type.id() == arrow::Type::DECIMAL128;
}
bool IsNull(const arrow::DataType& type) {
  return type.id() == arrow::Type::NA;
}
bool IsBoolean(const arrow::DataType& type) {
  return type.id() == arrow::Type::BOOL;
}
bool IsDatetime(const arrow::DataType& type) {
  return type.id() == arrow::Type::DATE32 || type.id() == arrow::Type::TIMESTAMP;
}
bool IsAtomic(const arrow::DataType& type) {
  return type.num_fields() == 0 && !IsNull(type);
}

int NumberRank(const arrow::DataType& type) {
  switch (type.id()) {
    case arrow::Type::INT8:
      return 1;
    case arrow::Type::INT16:
      return 2;
    case arrow::Type::INT32:
      return 3;
    case arrow::Type::INT64:
      return 4;
    case arrow::Type::FLOAT:
      return 5;
    case arrow::Type::DOUBLE:
      return 6;
    default:
      return 0;
  }
}

TypePtr WiderNumber(const TypePtr& a, const TypePtr& b, bool ansi) {
  if (IsDecimal(*a) || IsDecimal(*b)) {
    if (IsFloating(*a) || IsFloating(*b)) return arrow::float64();
    const auto first = DecimalFor(*a);
    const auto second = DecimalFor(*b);
    const auto& x = static_cast<const arrow::Decimal128Type&>(*first);
    const auto& y = static_cast<const arrow::Decimal128Type&>(*second);
    const int scale = std::max(x.scale(), y.scale());
    const int whole = std::max(x.precision() - x.scale(), y.precision() - y.scale());
    if (whole + scale > 38) return arrow::decimal128(38, std::max(0, std::min(scale, 38 - std::min(whole, 38))));
    return arrow::decimal128(whole + scale, scale);
  }
  const TypePtr wider = NumberRank(*a) >= NumberRank(*b) ? a : b;
  const TypePtr& narrower = wider == a ? b : a;
  if (ansi && wider->id() == arrow::Type::FLOAT && IsIntegralType(*narrower)) return arrow::float64();
  return wider;
}

// What a STRING becomes beside another type under ANSI.
TypePtr AnsiStringPartner(const TypePtr& other) {
  if (IsIntegralType(*other)) return arrow::int64();
  if (IsNumericType(*other)) return arrow::float64();
  return IsAtomic(*other) ? other : nullptr;
}

TypePtr WiderDatetime(const TypePtr& a, const TypePtr& b) {
  if (a->id() == arrow::Type::DATE32) return b;
  if (b->id() == arrow::Type::DATE32) return a;
  return TimestampType();  // of a zoned and a local one
}

using Common = TypePtr (*)(const TypePtr& a, const TypePtr& b, bool ansi);

// `common`: of what is inside of both.
TypePtr CommonNested(const TypePtr& a, const TypePtr& b, bool ansi, Common common) {
  if (a->id() != b->id() || a->num_fields() != b->num_fields()) return nullptr;
  if (a->id() == arrow::Type::LIST) {
    auto element = common(a->field(0)->type(), b->field(0)->type(), ansi);
    if (element == nullptr) return nullptr;
    return ArrayType(element, a->field(0)->nullable() || b->field(0)->nullable());
  }
  if (a->id() == arrow::Type::MAP) {
    const auto& x = static_cast<const arrow::MapType&>(*a);
    const auto& y = static_cast<const arrow::MapType&>(*b);
    auto key = common(x.key_type(), y.key_type(), ansi);
    auto value = common(x.item_type(), y.item_type(), ansi);
    if (key == nullptr || value == nullptr) return nullptr;
    // A key that becomes another type must not become NULL.
    if ((IsStringType(*x.key_type()) || IsStringType(*y.key_type())) && !IsStringType(*key)) return nullptr;
    return MapOf(key, value, x.item_field()->nullable() || y.item_field()->nullable());
  }
  arrow::FieldVector fields;
  for (int i = 0; i < a->num_fields(); ++i) {
    auto type = common(a->field(i)->type(), b->field(i)->type(), ansi);
    if (type == nullptr) return nullptr;
    fields.push_back(arrow::field(a->field(i)->name(), type, a->field(i)->nullable() || b->field(i)->nullable()));
  }
  return arrow::struct_(std::move(fields));
}

}  // namespace

bool IsIntegralType(const arrow::DataType& type) {
  return arrow::is_signed_integer(type.id());
}
bool IsNumericType(const arrow::DataType& type) {
  return IsIntegralType(type) || IsFloating(type) || IsDecimal(type);
}
bool IsStringType(const arrow::DataType& type) {
  return type.id() == arrow::Type::STRING_VIEW;
}
bool IsBinaryType(const arrow::DataType& type) {
  return type.id() == arrow::Type::BINARY_VIEW;
}

TypePtr DecimalFor(const arrow::DataType& type) {
  switch (type.id()) {
    case arrow::Type::INT8:
      return arrow::decimal128(3, 0);
    case arrow::Type::INT16:
      return arrow::decimal128(5, 0);
    case arrow::Type::INT32:
      return arrow::decimal128(10, 0);
    case arrow::Type::INT64:
      return arrow::decimal128(20, 0);
    case arrow::Type::FLOAT:
      return arrow::decimal128(14, 7);
    case arrow::Type::DOUBLE:
      return arrow::decimal128(30, 15);
    case arrow::Type::DECIMAL128:
      return type.GetSharedPtr();
    default:
      return arrow::decimal128(38, 18);
  }
}

TypePtr BoundedDecimal(int precision, int scale) {
  if (precision <= 38) return arrow::decimal128(precision, scale);
  const int whole = precision - scale;
  const int least_scale = std::min(scale, 6);
  return arrow::decimal128(38, std::max(38 - whole, least_scale));
}

// The interval with the fields of both.
TypePtr WiderInterval(const TypePtr& a, const TypePtr& b) {
  const IntervalFields fields[] = {FieldsOf(*a), FieldsOf(*b)};
  if (fields[0] == fields[1]) return a;
  return IntervalType({std::min(fields[0].first, fields[1].first), std::max(fields[0].last, fields[1].last)});
}

TypePtr CommonType(const TypePtr& a, const TypePtr& b, bool ansi) {
  if (a->Equals(b)) return IsInterval(*a) ? WiderInterval(a, b) : a;
  if (IsNull(*a)) return b;
  if (IsNull(*b)) return a;
  if (IsNumericType(*a) && IsNumericType(*b)) return WiderNumber(a, b, ansi);
  if (IsDatetime(*a) && IsDatetime(*b)) return WiderDatetime(a, b);
  if (IsStringType(*a) || IsStringType(*b)) {
    const TypePtr& other = IsStringType(*a) ? b : a;
    if (ansi) return AnsiStringPartner(other);
    return IsAtomic(*other) && !IsBoolean(*other) && !IsBinaryType(*other) ? StringType() : nullptr;
  }
  return CommonNested(a, b, ansi, CommonType);
}

TypePtr CommonTypeWithoutStrings(const TypePtr& a, const TypePtr& b, bool ansi) {
  const bool strings = IsStringType(*a) != IsStringType(*b);
  if (strings && !IsNull(*a) && !IsNull(*b)) return nullptr;
  return a->num_fields() > 0 && b->num_fields() > 0 && !a->Equals(b)
             ? CommonNested(a, b, ansi, CommonTypeWithoutStrings)
             : CommonType(a, b, ansi);
}

namespace {

// The type of what is inside of two nested values that are compared: no string is read as a number, and a DECIMAL takes
// whole numbers alone that it can hold.
TypePtr CommonInside(const TypePtr& a, const TypePtr& b, bool ansi) {
  if (a->Equals(b)) return a;
  if (a->num_fields() > 0 && b->num_fields() > 0) return CommonNested(a, b, ansi, CommonInside);
  TypePtr common = CommonTypeWithoutStrings(a, b, ansi);
  if (!IsDecimal(*a) && !IsDecimal(*b)) return common;
  const bool whole = IsIntegralType(*a) || IsIntegralType(*b) || IsNull(*a) || IsNull(*b);
  return common != nullptr && whole && (common->Equals(a) || common->Equals(b)) ? common : nullptr;
}

}  // namespace

TypePtr TightestCommonType(const TypePtr& a, const TypePtr& b, bool ansi) {
  TypePtr common = CommonTypeWithoutStrings(a, b, ansi);
  if (common == nullptr || a->Equals(b)) return common;
  const auto is_decimal = [](const TypePtr& type) { return type->id() == arrow::Type::DECIMAL128; };
  if ((is_decimal(a) && IsNumericType(*b)) || (is_decimal(b) && IsNumericType(*a))) {
    return common->Equals(is_decimal(a) ? a : b) ? common : nullptr;
  }
  return common;
}

TypePtr ComparisonType(const TypePtr& a, const TypePtr& b, bool ansi) {
  if (!ansi && (IsStringType(*a) || IsStringType(*b)) && !a->Equals(*b)) {
    const TypePtr& other = IsStringType(*a) ? b : a;
    if (IsDecimal(*other)) return arrow::float64();
    if (IsAtomic(*other)) return other;
  }
  if (!ansi && ((IsBoolean(*a) && IsNumericType(*b)) || (IsBoolean(*b) && IsNumericType(*a)))) {
    return IsBoolean(*a) ? b : a;
  }
  return a->num_fields() > 0 && b->num_fields() > 0 ? CommonInside(a, b, ansi) : CommonType(a, b, ansi);
}

Result<std::vector<ExprPtr>> CastToCommonType(const std::string& function, std::vector<ExprPtr> args, bool ansi) {
  TypePtr common = arrow::null();
  // Without ANSI strings come first, since then anything may become one.
  for (const bool strings : {true, false}) {
    for (const auto& arg : args) {
      if (common == nullptr || (!ansi && IsStringType(*arg->type()) != strings) || (ansi && !strings)) continue;
      common = CommonType(common, arg->type(), ansi);
    }
  }
  if (common == nullptr) {
    std::string types;
    for (const auto& arg : args) types += (types.empty() ? "\"" : ", \"") + SparkTypeName(*arg->type()) + "\"";
    return UserError("DATATYPE_MISMATCH.DATA_DIFF_TYPES",
                     fmt::format("The arguments of {} need one type, but have {}.", function, types),
                     {{"functionName", "`" + function + "`"}, {"dataType", "[" + types + "]"}});
  }
  for (auto& arg : args) {
    SLUICE_ASSIGN(arg, MakeImplicitCast(arg, common, ansi));
  }
  return args;
}

Status UnexpectedInput(const std::string& function, size_t index, const Expr& arg, const std::string& wanted) {
  const std::string type = "\"" + SparkTypeName(*arg.type()) + "\"";
  return UserError("DATATYPE_MISMATCH.UNEXPECTED_INPUT_TYPE",
                   fmt::format("Argument {} of {} must be {}, but \"{}\" has the type {}.", index + 1, function, wanted,
                               arg.ToString(), type),
                   {{"paramIndex", std::to_string(index + 1)},
                    {"requiredType", "\"" + wanted + "\""},
                    {"inputSql", "\"" + arg.ToString() + "\""},
                    {"inputType", type}});
}

Status CheckCount(const std::string& function, size_t given, int least, int most) {
  const auto count = static_cast<int>(given);
  if (count >= least && (most < 0 || count <= most)) return Status::OK();
  const std::string expected = least == most ? std::to_string(least)
                               : most < 0    ? fmt::format("at least {}", least)
                                             : fmt::format("from {} to {}", least, most);
  return UserError(
      "WRONG_NUM_ARGS.WITHOUT_SUGGESTION",
      fmt::format("{} takes {} argument{}, not {}.", function, expected, least == 1 && most == 1 ? "" : "s", count),
      {{"functionName", "`" + function + "`"}, {"expectedNum", expected}, {"actualNum", std::to_string(count)}});
}

namespace {

struct Wanted {
  TypePtr type;      // null: the argument as it is
  bool allowed;      // whether Spark casts to it
  const char* name;  // for the error
};

Wanted Want(const TypePtr& have, Arg wanted, bool ansi) {
  const bool atom = IsAtomic(*have) || IsNull(*have);
  const bool text = IsStringType(*have) || IsNull(*have);
  const bool number = IsNumericType(*have);
  switch (wanted) {
    case Arg::kString:
      return {StringType(), atom, "STRING"};
    case Arg::kBinary:
      return {BinaryType(), text || IsBinaryType(*have), "BINARY"};
    case Arg::kStringOrBinary:
      return {IsBinaryType(*have) ? have : StringType(), atom, "STRING or BINARY"};
    case Arg::kInt:
      return {arrow::int32(), text || number, "INT"};
    case Arg::kLong:
      return {arrow::int64(), text || number, "BIGINT"};
    case Arg::kDouble:
      return {arrow::float64(), text || number, "DOUBLE"};
    case Arg::kBoolean:
      return {arrow::boolean(), IsNull(*have) || (ansi && text) || IsBoolean(*have), "BOOLEAN"};
    case Arg::kDate:
      return {arrow::date32(), text || IsDatetime(*have), "DATE"};
    case Arg::kTimestamp:
      return {TimestampType(), text || IsDatetime(*have), "TIMESTAMP"};
    case Arg::kNumber:
      return {number ? have : arrow::float64(), text || number, "NUMERIC"};
    case Arg::kArray:
      return {IsNull(*have) ? ArrayType(have) : nullptr, IsNull(*have) || have->id() == arrow::Type::LIST, "ARRAY"};
    case Arg::kArrayOrMap:
      return {IsNull(*have) ? ArrayType(have) : nullptr,
              IsNull(*have) || have->id() == arrow::Type::LIST || have->id() == arrow::Type::MAP, "ARRAY or MAP"};
    case Arg::kAny:
      return {nullptr, true, "ANY"};
  }
  return {nullptr, false, ""};
}

}  // namespace

Result<ExprPtr> CoerceArgument(const std::string& function, size_t index, ExprPtr arg, Arg wanted, bool ansi) {
  const Wanted want = Want(arg->type(), wanted, ansi);
  if (!want.allowed) return UnexpectedInput(function, index, *arg, want.name);
  return want.type == nullptr ? std::move(arg) : MakeImplicitCast(std::move(arg), want.type, ansi);
}

}  // namespace sluice
