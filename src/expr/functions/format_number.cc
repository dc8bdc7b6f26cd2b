// SPDX-License-Identifier: Apache-2.0
#include <arrow/api.h>

#include <optional>

#include "expr/decimal_pattern.h"
#include "expr/map_rows.h"
#include "expr/signature.h"
#include "expr/value_text.h"
#include "types/spark_type.h"

namespace sluice {
namespace {

using arrow::Decimal128;
using ArrayPtr = std::shared_ptr<arrow::Array>;
using Text = std::string_view;

template <typename Number, typename Write>
Result<ArrayPtr> WriteByDigits(const KernelCall& call, Write write) {
  std::string text;
  return MapRows<Text, Number, int32_t>(call, [&](RowOutput<Text>& out, const Number& value, int32_t digits) -> Status {
    if (digits < 0) return out.SetNull();
    SLUICE_RETURN_IF_ERROR(CheckValueSize(call.context, digits));
    text.clear();
    write(DecimalPattern::WithFraction(digits), value, &text);
    return out.Set(text);
  });
}

// An empty pattern is that of whole numbers.
template <typename Number, typename Write>
Result<ArrayPtr> WriteByPattern(const KernelCall& call, Write write) {
  std::string text;
  std::string last;
  std::optional<DecimalPattern> pattern;
  return MapRows<Text, Number, Text>(call, [&](RowOutput<Text>& out, const Number& value, Text wanted) -> Status {
    if (!pattern || last != wanted) {
      pattern = DecimalPattern::WithFraction(0);
      if (!wanted.empty()) {
        SLUICE_ASSIGN(pattern, DecimalPattern::Parse(wanted));
      }
      last = wanted;
    }
    text.clear();
    write(*pattern, value, &text);
    return out.Set(text);
  });
}

template <typename Number, typename Write>
Result<ArrayPtr> WriteNumbers(const KernelCall& call, Write write) {
  return call.args[1]->type_id() == arrow::Type::INT32 ? WriteByDigits<Number>(call, write)
                                                       : WriteByPattern<Number>(call, write);
}

Result<ArrayPtr> FormatNumber(const KernelCall& call) {
  const arrow::DataType& type = *call.args[0]->type();
  if (type.id() != arrow::Type::DECIMAL128) {
    return WriteNumbers<double>(
        call, [](const DecimalPattern& pattern, double value, std::string* out) { pattern.Append(value, out); });
  }
  const int32_t scale = static_cast<const arrow::Decimal128Type&>(type).scale();
  return WriteNumbers<Decimal128>(call, [scale](const DecimalPattern& pattern, const Decimal128& value,
                                                std::string* out) { pattern.Append(value, scale, out); });
}

// Whole numbers are written as decimals, so that no digit is lost. Spark casts neither argument.
Result<ExprPtr> ResolveFormatNumber(std::vector<ExprPtr> args, const ResolveOptions& options) {
  constexpr const char* kName = "format_number";
  SLUICE_RETURN_IF_ERROR(CheckCount(kName, args.size(), 2, 2));
  const TypePtr number = args[0]->type();
  const TypePtr format = args[1]->type();
  if (!IsNumericType(*number) && number->id() != arrow::Type::NA) return UnexpectedInput(kName, 0, *args[0], "NUMERIC");
  if (format->id() != arrow::Type::INT32 && !IsStringType(*format) && format->id() != arrow::Type::NA)
    return UnexpectedInput(kName, 1, *args[1], "INT or STRING");
  const bool floating = arrow::is_floating(number->id()) || number->id() == arrow::Type::NA;
  SLUICE_ASSIGN(args[0], MakeImplicitCast(args[0], floating ? arrow::float64() : DecimalFor(*number), options.ansi));
  SLUICE_ASSIGN(args[1],
                MakeImplicitCast(args[1], IsStringType(*format) ? StringType() : arrow::int32(), options.ansi));
  return std::make_shared<FunctionExpr>(FunctionTraits{.name = kName, .kernel = FormatNumber, .ansi = options.ansi},
                                        StringType(), true, std::move(args));
}

}  // namespace

void AddFormatNumber(FunctionTable* table) {
  table->push_back({"format_number", "format_number(number, digits or pattern)",
                    "With commas and so many digits behind the point, or by a pattern of java.text.DecimalFormat.",
                    "format_number(12332.123456, '#,##0.0')", "1.5.0", ResolveFormatNumber});
}

}  // namespace sluice
