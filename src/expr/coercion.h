// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <arrow/type_fwd.h>

#include <string>
#include <vector>

#include "expr/expr.h"
#include "expr/function_registry.h"

namespace sluice {

using TypePtr = std::shared_ptr<arrow::DataType>;

bool IsNumericType(const arrow::DataType& type);
bool IsIntegralType(const arrow::DataType& type);
bool IsStringType(const arrow::DataType& type);
bool IsBinaryType(const arrow::DataType& type);

// As CommonType, but a STRING has none with another type, nor has anything with one inside.
TypePtr CommonTypeWithoutStrings(const TypePtr& a, const TypePtr& b, bool ansi);
// As CommonTypeWithoutStrings, but no DECIMAL that is wider than both.
TypePtr TightestCommonType(const TypePtr& a, const TypePtr& b, bool ansi);
// The type in which two values are compared, or null when Spark refuses.
TypePtr ComparisonType(const TypePtr& a, const TypePtr& b, bool ansi);
// Of two intervals of a kind: with the fields of both.
TypePtr WiderInterval(const TypePtr& a, const TypePtr& b);
// DECIMAL wide enough for every value of the number type.
TypePtr DecimalFor(const arrow::DataType& type);
// DECIMAL(p, s) with at most 38 digits; whole digits are kept before fraction digits, as in Spark.
TypePtr BoundedDecimal(int precision, int scale);

// All expressions cast to one type. DATATYPE_MISMATCH.DATA_DIFF_TYPES when there is none.
Result<std::vector<ExprPtr>> CastToCommonType(const std::string& function, std::vector<ExprPtr> args, bool ansi);

// What a function wants an argument to be.
enum class Arg {
  kString,          // any plain value is cast to STRING
  kBinary,          // STRING too
  kStringOrBinary,  // these as they are, other plain values as STRING
  kInt,
  kLong,
  kDouble,
  kBoolean,
  kDate,
  kTimestamp,
  kNumber,  // any number; STRING as DOUBLE
  kArray,   // as it is
  kArrayOrMap,
  kAny,
};

// The argument as the function wants it. DATATYPE_MISMATCH.UNEXPECTED_INPUT_TYPE when Spark has no implicit cast.
Result<ExprPtr> CoerceArgument(const std::string& function, size_t index, ExprPtr arg, Arg wanted, bool ansi);
Status UnexpectedInput(const std::string& function, size_t index, const Expr& arg, const std::string& wanted);
// Counts only; `most` -1 means any number.
Status CheckCount(const std::string& function, size_t given, int least, int most);

}  // namespace sluice
