// SPDX-License-Identifier: Apache-2.0
#include "expr/aggregate_arguments.h"

#include <arrow/api.h>
#include <fmt/format.h>

#include <cmath>

#include "expr/accumulators.h"
#include "expr/coercion.h"
#include "expr/foldable.h"
#include "expr/frequent_items.h"
#include "expr/function_expr.h"
#include "expr/function_registry.h"
#include "expr/histogram.h"
#include "expr/ordered_text.h"
#include "types/spark_type.h"

namespace sluice {
namespace {

// As Spark names the column: the first `args` arguments, and what it adds to them.
std::string Shown(const AggregateCall& call, const char* name, size_t args, const char* more = "") {
  std::string text = fmt::format("{}({}", name, call.distinct ? "DISTINCT " : "");
  for (size_t i = 0; i < args; ++i) text += (i > 0 ? ", " : "") + call.args[i]->ToString();
  return text + more + ")";
}

Status Coerce(AggregateCall* call, size_t index, Arg wanted) {
  SLUICE_ASSIGN(call->args[index], CoerceArgument(call->name, index, std::move(call->args[index]), wanted, call->ansi));
  return Status::OK();
}

// Puts the value in the place of a constant argument of a type. `name`: as the error calls it.
Status TakeConstant(AggregateCall* call, size_t index, const char* name, const TypePtr& type) {
  ExprPtr& arg = call->args[index];
  if (!IsFoldable(*arg)) {
    return UserError("DATATYPE_MISMATCH.NON_FOLDABLE_INPUT",
                     fmt::format("The {} of {} must be a constant.", name, call->name),
                     {{"inputName", fmt::format("`{}`", name)},
                      {"inputType", "\"" + SparkTypeName(*type) + "\""},
                      {"inputExpr", "\"" + arg->ToString() + "\""}});
  }
  SLUICE_ASSIGN(ExprPtr cast, MakeImplicitCast(arg, type, call->ansi));
  EvalContext context;
  context.ansi = call->ansi;
  SLUICE_ASSIGN(auto value, EvalConstant(cast, context));
  if (!value->is_valid && type->id() != arrow::Type::STRING_VIEW && type->id() != arrow::Type::BINARY_VIEW) {
    return UserError("DATATYPE_MISMATCH.UNEXPECTED_NULL",
                     fmt::format("The {} of {} must not be NULL.", name, call->name), {{"exprName", name}});
  }
  arg = std::make_shared<LiteralExpr>(std::move(value));
  return Status::OK();
}

const arrow::Scalar& ConstantOf(const AggregateCall& call, size_t index) {
  return *static_cast<const LiteralExpr&>(*call.args[index]).value();
}

// One share or an array of them.
bool IsShareList(const AggregateCall& call) {
  return call.args[1]->type()->id() == arrow::Type::LIST;
}

PercentileShares SharesOf(const AggregateCall& call) {
  PercentileShares shares;
  const arrow::Scalar& value = ConstantOf(call, 1);
  if (value.type->id() != arrow::Type::LIST) {
    shares.shares = {static_cast<const arrow::DoubleScalar&>(value).value};
    return shares;
  }
  shares.list = true;
  const auto& values = static_cast<const arrow::DoubleArray&>(*static_cast<const arrow::ListScalar&>(value).value);
  for (int64_t i = 0; i < values.length(); ++i) shares.shares.push_back(values.Value(i));
  return shares;
}

Status TakeShares(AggregateCall* call, const char* name) {
  const TypePtr type = IsShareList(*call) ? ArrayType(arrow::float64(), false) : arrow::float64();
  const arrow::DataType& given = *call->args[1]->type();
  const arrow::DataType& element = IsShareList(*call) ? *given.field(0)->type() : given;
  if (!IsNumericType(element) && !IsStringType(element) && element.id() != arrow::Type::NA) {
    return UnexpectedInput(call->name, 1, *call->args[1], "DOUBLE or ARRAY<DOUBLE>");
  }
  SLUICE_RETURN_IF_ERROR(TakeConstant(call, 1, name, type));
  for (const double share : SharesOf(*call).shares) {
    if (share >= 0 && share <= 1) continue;
    return UserError("DATATYPE_MISMATCH.VALUE_OUT_OF_RANGE",
                     fmt::format("The {} of {} must lie between 0.0 and 1.0.", name, call->name),
                     {{"exprName", name}, {"valueRange", "[0.0, 1.0]"}, {"currentValue", std::to_string(share)}});
  }
  return Status::OK();
}

// Days or microseconds: the same bytes as another type.
Result<std::shared_ptr<arrow::Array>> SameBytes(const KernelCall& call) {
  return call.args[0]->View(call.node.type());
}

ExprPtr NumbersOf(const ExprPtr& time, const TypePtr& type) {
  return std::make_shared<FunctionExpr>(FunctionTraits{.name = "numbers of", .kernel = SameBytes}, type,
                                        time->nullable(), std::vector<ExprPtr>{time});
}

// Registers for a relative standard error, 0.05 when none is given: 2^precision of them.
Result<int> PrecisionOf(const AggregateCall& call) {
  constexpr double kError = 0.05;
  const double error =
      call.args.size() < 3 ? kError : static_cast<const arrow::DoubleScalar&>(ConstantOf(call, 2)).value;
  constexpr int kMost = 24;  // 16 MiB a group
  const double precision = std::ceil(2.0 * std::log(1.106 / error) / std::log(2.0));
  if (!(error > 0) || precision < 4 || precision > kMost) {
    return UserError("_LEGACY_ERROR_TEMP_3024",
                     fmt::format("approx_count_distinct cannot have the relative error {}.", error));
  }
  return static_cast<int>(precision);
}

bool HasMap(const arrow::DataType& type) {
  if (type.id() == arrow::Type::MAP) return true;
  for (const auto& field : type.fields()) {
    if (HasMap(*field->type())) return true;
  }
  return false;
}

Status CheckOrdered(const AggregateCall& call, size_t index) {
  if (!HasMap(*call.args[index]->type())) return Status::OK();
  return UserError(
      "DATATYPE_MISMATCH.INVALID_ORDERING_TYPE",
      fmt::format("{} cannot order values of type {}.", call.name, SparkTypeName(*call.args[index]->type())),
      {{"functionName", "`" + call.name + "`"}});
}

}  // namespace

Status PreparePair(AggregateCall* call) {
  SLUICE_RETURN_IF_ERROR(Coerce(call, 0, Arg::kDouble));
  SLUICE_RETURN_IF_ERROR(Coerce(call, 1, Arg::kDouble));
  call->type = arrow::float64();
  return Status::OK();
}

Status PreparePairCount(AggregateCall* call) {
  SLUICE_RETURN_IF_ERROR(PreparePair(call));
  call->type = arrow::int64();
  call->nullable = false;
  return Status::OK();
}

Status PrepareBits(AggregateCall* call) {
  const arrow::DataType& type = *call->args[0]->type();
  if (!IsIntegralType(type)) {
    if (type.id() != arrow::Type::NA) return UnexpectedInput(call->name, 0, *call->args[0], "INTEGRAL");
    SLUICE_ASSIGN(call->args[0], MakeImplicitCast(call->args[0], arrow::int32(), call->ansi));
  }
  call->type = call->args[0]->type();
  return Status::OK();
}

Status PrepareExtreme(AggregateCall* call) {
  SLUICE_RETURN_IF_ERROR(CheckOrdered(*call, 0));
  call->type = call->args[0]->type();
  return Status::OK();
}

Status PrepareBy(AggregateCall* call) {
  SLUICE_RETURN_IF_ERROR(CheckOrdered(*call, 1));
  call->type = call->args[0]->type();
  return Status::OK();
}

Status PrepareList(AggregateCall* call) {
  if (call->name == "array_agg") call->display = Shown(*call, "collect_list", 1);
  call->type = ArrayType(call->args[0]->type(), false);
  call->nullable = false;
  return Status::OK();
}

Status PrepareSet(AggregateCall* call) {
  if (HasMap(*call->args[0]->type())) {
    return UserError("DATATYPE_MISMATCH.UNSUPPORTED_INPUT_TYPE", "collect_set takes no values with maps in them.",
                     {{"functionName", "`collect_set`"}, {"dataType", "\"MAP\""}});
  }
  return PrepareList(call);
}

Status PrepareText(AggregateCall* call) {
  if (call->args.size() < 2) call->display = Shown(*call, call->name.c_str(), 1, ", NULL");
  SLUICE_RETURN_IF_ERROR(Coerce(call, 0, Arg::kStringOrBinary));
  call->type = call->args[0]->type();
  for (size_t key = 3; key < call->args.size(); ++key) SLUICE_RETURN_IF_ERROR(CheckOrdered(*call, key));
  if (call->args.size() < 2) return Status::OK();
  if (!IsFoldable(*call->args[1])) return TakeConstant(call, 1, "delimiter", call->type);
  if (call->args[1]->type()->id() != arrow::Type::NA && !SameSparkType(*call->args[1]->type(), *call->type)) {
    return UserError(
        "DATATYPE_MISMATCH.BINARY_OP_DIFF_TYPES",
        fmt::format("{} needs a delimiter of the type of its values, {}.", call->name, SparkTypeName(*call->type)));
  }
  return TakeConstant(call, 1, "delimiter", call->type);
}

Status PrepareMode(AggregateCall* call) {
  SLUICE_RETURN_IF_ERROR(CheckOrdered(*call, 0));
  call->type = call->args[0]->type();
  if (call->args.size() < 2) return Status::OK();
  SLUICE_RETURN_IF_ERROR(TakeConstant(call, 1, "deterministic", arrow::boolean()));
  const bool deterministic = static_cast<const arrow::BooleanScalar&>(ConstantOf(*call, 1)).value;
  const bool greatest = call->args.size() > 2 && static_cast<const arrow::BooleanScalar&>(ConstantOf(*call, 2)).value;
  // Spark shows the order the other way about.
  call->display = deterministic ? fmt::format("mode() WITHIN GROUP (ORDER BY {}{})", call->args[0]->ToString(),
                                              greatest ? "" : " DESC")
                                : Shown(*call, "mode", 1);
  return Status::OK();
}

// histogram_numeric(value, bins): x has the type of the values.
Status PrepareHistogram(AggregateCall* call) {
  const TypePtr given = call->args[0]->type();
  if (given->id() == arrow::Type::DURATION || given->id() == arrow::Type::INTERVAL_MONTHS) {
    return NotSupported("histogram_numeric of intervals is not supported by Sluice.");
  }
  TypePtr type = given;
  if (given->id() == arrow::Type::DATE32) {
    call->args[0] = NumbersOf(call->args[0], arrow::int32());
  } else if (given->id() == arrow::Type::TIMESTAMP) {
    call->args[0] = NumbersOf(call->args[0], arrow::int64());
  } else {
    SLUICE_RETURN_IF_ERROR(Coerce(call, 0, Arg::kNumber));
    type = call->args[0]->type();
  }
  SLUICE_RETURN_IF_ERROR(Coerce(call, 0, Arg::kDouble));
  SLUICE_RETURN_IF_ERROR(TakeConstant(call, 1, "nb", arrow::int32()));
  call->type =
      ArrayType(arrow::struct_({arrow::field("x", type, true), arrow::field("y", arrow::float64(), true)}), true);
  const int32_t bins = static_cast<const arrow::Int32Scalar&>(ConstantOf(*call, 1)).value;
  if (bins >= 2) return Status::OK();
  return UserError("DATATYPE_MISMATCH.VALUE_OUT_OF_RANGE", "histogram_numeric needs two bins at least.",
                   {{"exprName", "nb"}, {"valueRange", "[2, 2147483647]"}, {"currentValue", std::to_string(bins)}});
}

Status PrepareFrequentItems(AggregateCall* call) {
  SLUICE_RETURN_IF_ERROR(TakeConstant(call, 1, "size", arrow::int32()));
  call->type = ArrayType(call->args[0]->type(), call->args[0]->nullable());
  call->nullable = false;
  return Status::OK();
}

// percentile(value, share[, count]); percentile_cont and percentile_disc have whether the order is descending there.
Status PreparePercentile(AggregateCall* call) {
  if (call->name == "percentile" && call->args.size() < 3) call->display = Shown(*call, "percentile", 2, ", 1");
  SLUICE_RETURN_IF_ERROR(Coerce(call, 0, Arg::kNumber));
  SLUICE_RETURN_IF_ERROR(Coerce(call, 0, Arg::kDouble));
  SLUICE_RETURN_IF_ERROR(TakeShares(call, "percentage"));
  const TypePtr& one = arrow::float64();
  call->type = IsShareList(*call) ? ArrayType(one, false) : one;
  if (call->args.size() < 3) return Status::OK();
  if (call->name != "percentile") return TakeConstant(call, 2, "reversed", arrow::boolean());
  if (!IsIntegralType(*call->args[2]->type())) return UnexpectedInput(call->name, 2, *call->args[2], "INTEGRAL");
  return Coerce(call, 2, Arg::kLong);
}

Status PrepareMedian(AggregateCall* call) {
  call->args.push_back(std::make_shared<LiteralExpr>(std::make_shared<arrow::DoubleScalar>(0.5)));
  return PreparePercentile(call);
}

// percentile_approx(value, share[, accuracy]): an answer is one of the values, in their type.
Status PrepareApproximate(AggregateCall* call) {
  if (call->args.size() < 3) call->display = Shown(*call, call->name.c_str(), 2, ", 10000");
  TypePtr type = call->args[0]->type();
  const bool time = type->id() == arrow::Type::DATE32 || type->id() == arrow::Type::TIMESTAMP;
  if (time) {
    // By their numbers of days or microseconds.
    const TypePtr number = type->id() == arrow::Type::DATE32 ? arrow::int32() : arrow::int64();
    call->args[0] = NumbersOf(call->args[0], number);
  } else {
    SLUICE_RETURN_IF_ERROR(Coerce(call, 0, Arg::kNumber));
    type = call->args[0]->type();
  }
  SLUICE_RETURN_IF_ERROR(Coerce(call, 0, Arg::kDouble));
  SLUICE_RETURN_IF_ERROR(TakeShares(call, "percentage"));
  call->type = IsShareList(*call) ? ArrayType(type, false) : type;
  if (call->args.size() < 3) return Status::OK();
  if (!IsIntegralType(*call->args[2]->type())) return UnexpectedInput(call->name, 2, *call->args[2], "INTEGRAL");
  SLUICE_RETURN_IF_ERROR(TakeConstant(call, 2, "accuracy", arrow::int64()));
  const int64_t accuracy = static_cast<const arrow::Int64Scalar&>(ConstantOf(*call, 2)).value;
  if (accuracy > 0 && accuracy <= INT32_MAX) return Status::OK();
  return UserError(
      "DATATYPE_MISMATCH.VALUE_OUT_OF_RANGE",
      fmt::format("The accuracy of {} must lie between 1 and 2147483647.", call->name),
      {{"exprName", "accuracy"}, {"valueRange", "(0, 2147483647]"}, {"currentValue", std::to_string(accuracy)}});
}

// approx_count_distinct(value[, error]): the values' hashes are what it counts.
Status PrepareApproximateCount(AggregateCall* call) {
  call->display = Shown(*call, "approx_count_distinct", 1);
  if (call->args.size() > 1) {
    SLUICE_RETURN_IF_ERROR(TakeConstant(call, 1, "relativeSD", arrow::float64()));
  }
  const ExprPtr value = call->args[0];
  SLUICE_ASSIGN(ExprPtr hash, ResolveFunction("xxhash64", {value}, ResolveOptions{call->ansi}));
  call->args[0] = std::move(hash);
  call->args.insert(call->args.begin() + 1, value);
  call->type = arrow::int64();
  call->nullable = false;
  return PrecisionOf(*call).status();
}

Result<std::unique_ptr<Accumulator>> JoinedText(const AggregateCall& call) {
  std::string delimiter;
  if (call.args.size() > 1 && ConstantOf(call, 1).is_valid) {
    delimiter = static_cast<const arrow::BaseBinaryScalar&>(ConstantOf(call, 1)).view();
  }
  if (call.args.size() < 4) return MakeJoinedText(call, std::move(delimiter));
  const std::string_view letters = static_cast<const arrow::BaseBinaryScalar&>(ConstantOf(call, 2)).view();
  std::vector<TextOrder> order;
  for (size_t i = 0; i + 1 < letters.size(); i += 2) order.push_back({letters[i] == 'a', letters[i + 1] == 'f'});
  return MakeOrderedText(call, std::move(delimiter), std::move(order));
}

Result<std::unique_ptr<Accumulator>> Percentile(const AggregateCall& call) {
  PercentileShares shares = SharesOf(call);
  if (call.args.size() > 2) {
    shares.counted = call.name == "percentile";
    shares.reversed = !shares.counted && static_cast<const arrow::BooleanScalar&>(ConstantOf(call, 2)).value;
  }
  return MakePercentile(call, std::move(shares), call.name == "percentile_disc");
}

Result<std::unique_ptr<Accumulator>> Approximate(const AggregateCall& call) {
  constexpr int64_t kAccuracy = 10'000;
  const int64_t accuracy =
      call.args.size() < 3 ? kAccuracy : static_cast<const arrow::Int64Scalar&>(ConstantOf(call, 2)).value;
  return MakeApproximatePercentile(call, SharesOf(call), 1.0 / static_cast<double>(accuracy));
}

Result<std::unique_ptr<Accumulator>> ApproximateCount(const AggregateCall& call) {
  SLUICE_ASSIGN(const int precision, PrecisionOf(call));
  return MakeApproximateCount(call, precision);
}

Result<std::unique_ptr<Accumulator>> HistogramOf(const AggregateCall& call) {
  return MakeHistogram(call, static_cast<const arrow::Int32Scalar&>(ConstantOf(call, 1)).value);
}

Result<std::unique_ptr<Accumulator>> FrequentItemsOf(const AggregateCall& call) {
  return MakeFrequentItems(call, static_cast<const arrow::Int32Scalar&>(ConstantOf(call, 1)).value);
}

}  // namespace sluice
