// SPDX-License-Identifier: Apache-2.0
// to_char and to_number: numbers by a format.
#include <arrow/api.h>
#include <fmt/format.h>

#include <cctype>

#include "expr/foldable.h"
#include "expr/map_rows.h"
#include "expr/number_format.h"
#include "expr/session_context.h"
#include "expr/signature.h"
#include "expr/try_expr.h"
#include "types/spark_type.h"

namespace sluice {
namespace {

using arrow::Decimal128;
using ArrayPtr = std::shared_ptr<arrow::Array>;
using Text = std::string_view;

// The format of a call, which is one for all rows and was checked when the call was resolved.
Result<NumberFormat> FormatOf(const KernelCall& call) {
  return NumberFormat::Parse(ColumnReader<Text>(*call.args[1])[0]);
}

Result<ArrayPtr> ToChar(const KernelCall& call) {
  if (call.rows == 0 || call.args[1]->IsNull(0)) return arrow::MakeArrayOfNull(call.node.type(), call.rows);
  SLUICE_ASSIGN(const NumberFormat format, FormatOf(call));
  const int32_t scale = static_cast<const arrow::Decimal128Type&>(*call.args[0]->type()).scale();
  return MapRows<Text, Decimal128>(
      call, [&](RowOutput<Text>& out, const Decimal128& value) { return out.Set(format.TextOf(value, scale)); });
}

Result<ArrayPtr> ToNumber(const KernelCall& call) {
  if (call.rows == 0 || call.args[1]->IsNull(0)) return arrow::MakeArrayOfNull(call.node.type(), call.rows);
  SLUICE_ASSIGN(const NumberFormat format, FormatOf(call));
  const Text shown = ColumnReader<Text>(*call.args[1])[0];
  return MapRows<Decimal128, Text>(call, [&](RowOutput<Decimal128>& out, Text text) -> Status {
    const std::optional<Decimal128> number = format.NumberOf(text);
    if (number) return out.Set(*number);
    return UserError(
        "INVALID_FORMAT.MISMATCH_INPUT",
        fmt::format("The text '{}' is no number of the format '{}'. Use try_to_number to get NULL.", text, shown),
        {{"inputType", "\"STRING\""}, {"input", std::string(text)}, {"format", std::string(shown)}});
  });
}

// The format as a literal STRING, which may be NULL.
Result<std::shared_ptr<arrow::Scalar>> ConstantFormat(const char* name, std::vector<ExprPtr>* args,
                                                      const ResolveOptions& options) {
  ExprPtr& format = (*args)[1];
  if (!IsFoldable(*format)) {
    return UserError(
        "DATATYPE_MISMATCH.NON_FOLDABLE_INPUT", fmt::format("The format of {} must be a constant.", name),
        {{"inputName", "`format`"}, {"inputType", "\"STRING\""}, {"inputExpr", "\"" + format->ToString() + "\""}});
  }
  SLUICE_ASSIGN(format, CoerceArgument(name, 1, std::move(format), Arg::kString, options.ansi));
  return EvalConstant(format, ContextOf(options, 0));
}

Text TextOf(const arrow::Scalar& scalar) {
  return static_cast<const arrow::BaseBinaryScalar&>(scalar).view();
}

// Bytes are written as base64, hex or UTF-8, and called as those functions are.
Result<ExprPtr> BytesToChar(const char* name, std::vector<ExprPtr> args, const ResolveOptions& options) {
  SLUICE_ASSIGN(const auto format, ConstantFormat(name, &args, options));
  if (!format->is_valid) {
    return UserError("INVALID_PARAMETER_VALUE.NULL", fmt::format("The format of {} must not be NULL.", name),
                     {{"functionName", fmt::format("`{}`", name)}, {"parameter", "`format`"}});
  }
  std::string lower(TextOf(*format));
  for (char& c : lower) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  if (lower == "base64" || lower == "hex") return ResolveFunction(lower, {args[0]}, options);
  if (lower == "utf-8") return ResolveFunction("decode", {args[0], args[1]}, options);
  return UserError("INVALID_PARAMETER_VALUE.BINARY_FORMAT",
                   fmt::format("{} writes bytes as base64, hex or utf-8, and not as '{}'.", name, TextOf(*format)),
                   {{"functionName", fmt::format("`{}`", name)},
                    {"parameter", "`format`"},
                    {"invalidFormat", fmt::format("'{}'", TextOf(*format))}});
}

// to_varchar is called to_char.
template <const char* kName>
Result<ExprPtr> ResolveToChar(std::vector<ExprPtr> args, const ResolveOptions& options) {
  SLUICE_RETURN_IF_ERROR(CheckCount(kName, args.size(), 2, 2));
  const TypePtr type = args[0]->type();
  if (arrow::is_date(type->id()) || type->id() == arrow::Type::TIMESTAMP) {
    return ResolveFunction("date_format", std::move(args), options);
  }
  if (IsBinaryType(*type)) return BytesToChar(kName, std::move(args), options);
  SLUICE_ASSIGN(const auto format, ConstantFormat(kName, &args, options));
  if (format->is_valid) SLUICE_RETURN_IF_ERROR(NumberFormat::Parse(TextOf(*format)).status());
  const bool text = IsStringType(*type);
  if (!IsNumericType(*type) && !text && type->id() != arrow::Type::NA) {
    return UnexpectedInput("to_char", 0, *args[0], "NUMERIC");
  }
  const TypePtr decimal = text ? arrow::decimal128(38, 18) : DecimalFor(*type);
  SLUICE_ASSIGN(args[0], MakeImplicitCast(args[0], decimal, options.ansi));
  const bool nullable = args[0]->nullable() || args[1]->nullable() || !format->is_valid;
  return std::make_shared<FunctionExpr>(FunctionTraits{.name = "to_char", .kernel = ToChar, .ansi = options.ansi},
                                        StringType(), nullable, std::move(args));
}

Result<ExprPtr> ReadNumber(const char* name, std::vector<ExprPtr> args, const ResolveOptions& options) {
  SLUICE_RETURN_IF_ERROR(CheckCount(name, args.size(), 2, 2));
  SLUICE_ASSIGN(args[0], CoerceArgument(name, 0, std::move(args[0]), Arg::kString, options.ansi));
  SLUICE_ASSIGN(const auto format, ConstantFormat(name, &args, options));
  TypePtr type = arrow::decimal128(10, 0);
  if (format->is_valid) {
    SLUICE_ASSIGN(const NumberFormat parsed, NumberFormat::Parse(TextOf(*format)));
    if (parsed.precision() > 38) {
      return UserError("DECIMAL_PRECISION_EXCEEDS_MAX_PRECISION",
                       fmt::format("The format has {} digits, and a DECIMAL at most 38.", parsed.precision()),
                       {{"precision", std::to_string(parsed.precision())}, {"maxPrecision", "38"}});
    }
    type = arrow::decimal128(parsed.precision(), parsed.scale());
  }
  const bool nullable = args[0]->nullable() || args[1]->nullable() || !format->is_valid;
  return std::make_shared<FunctionExpr>(
      FunctionTraits{.name = name, .kernel = ToNumber, .ansi = options.ansi, .java_text = true}, std::move(type),
      nullable, std::move(args));
}

Result<ExprPtr> ResolveToNumber(std::vector<ExprPtr> args, const ResolveOptions& options) {
  return ReadNumber("to_number", std::move(args), options);
}

Result<ExprPtr> ResolveTryToNumber(std::vector<ExprPtr> args, const ResolveOptions& options) {
  SLUICE_ASSIGN(ExprPtr number, ReadNumber("try_to_number", std::move(args), options));
  std::string shown = number->ToString();
  return std::make_shared<TryExpr>(std::move(number), std::move(shown));
}

constexpr char kToChar[] = "to_char";
constexpr char kToVarchar[] = "to_varchar";

}  // namespace

void AddNumberFormats(FunctionTable* table) {
  constexpr const char* kDoc =
      "A number by a format of 0, 9, ',', '.', '$', S, MI and PR; a date by a pattern; bytes as base64, hex or utf-8.";
  table->push_back(
      {kToChar, "to_char(value, format)", kDoc, "to_char(12454, '99,999')", "3.4.0", ResolveToChar<kToChar>});
  table->push_back({kToVarchar, "to_varchar(value, format)", kDoc, "to_varchar(78.12, '$99.99')", "3.5.0",
                    ResolveToChar<kToVarchar>});
  table->push_back({"to_number", "to_number(str, format)", "The number of a text that has the format, as DECIMAL.",
                    "to_number('12,454.8', '99,999.9')", "3.3.0", ResolveToNumber});
  table->push_back({"try_to_number", "try_to_number(str, format)",
                    "As to_number, but NULL for a text of another format.", "try_to_number('x', '999')", "3.3.0",
                    ResolveTryToNumber});
}

}  // namespace sluice
