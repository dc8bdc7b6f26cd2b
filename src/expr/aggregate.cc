// SPDX-License-Identifier: Apache-2.0
#include "expr/aggregate.h"

#include <arrow/api.h>
#include <fmt/format.h>

#include <algorithm>

#include "expr/accumulators.h"
#include "expr/aggregate_arguments.h"
#include "expr/coercion.h"
#include "types/spark_type.h"

namespace sluice {
namespace {

using Make = Result<std::unique_ptr<Accumulator>> (*)(const AggregateCall& call);
// Coerces the arguments and sets type and nullable.
using Prepare = Status (*)(AggregateCall* call);

struct AggregateRow {
  const char* name;
  int least;  // number of arguments
  int most;   // -1: any
  Prepare prepare;
  Make make;
};

const arrow::Decimal128Type* AsDecimal(const arrow::DataType& type) {
  return type.id() == arrow::Type::DECIMAL128 ? &static_cast<const arrow::Decimal128Type&>(type) : nullptr;
}

Status PrepareCount(AggregateCall* call) {
  call->type = arrow::int64();
  call->nullable = false;
  return Status::OK();
}

Status PrepareCountIf(AggregateCall* call) {
  SLUICE_ASSIGN(call->args[0], CoerceArgument(call->name, 0, call->args[0], Arg::kBoolean, call->ansi));
  return PrepareCount(call);
}

Status PrepareSum(AggregateCall* call) {
  SLUICE_ASSIGN(call->args[0], CoerceArgument(call->name, 0, call->args[0], Arg::kNumber, call->ansi));
  const arrow::DataType& type = *call->args[0]->type();
  if (const auto* decimal = AsDecimal(type)) {
    call->type = arrow::decimal128(std::min(38, decimal->precision() + 10), decimal->scale());
  } else {
    call->type = IsIntegralType(type) ? arrow::int64() : arrow::float64();
  }
  return Status::OK();
}

Status PrepareAverage(AggregateCall* call) {
  SLUICE_RETURN_IF_ERROR(PrepareSum(call));
  const auto* decimal = AsDecimal(*call->args[0]->type());
  call->type = decimal == nullptr
                   ? arrow::float64()
                   : arrow::decimal128(std::min(38, decimal->precision() + 4), std::min(38, decimal->scale() + 4));
  return Status::OK();
}

Status PrepareBoolean(AggregateCall* call) {
  SLUICE_ASSIGN(call->args[0], CoerceArgument(call->name, 0, call->args[0], Arg::kBoolean, call->ansi));
  return PrepareExtreme(call);
}

Status PreparePicked(AggregateCall* call) {
  call->type = call->args[0]->type();
  if (call->args.size() < 2) return Status::OK();
  // Spark does not show it.
  call->display = fmt::format("{}({}{})", call->name, call->distinct ? "DISTINCT " : "", call->args[0]->ToString());
  const auto* literal = dynamic_cast<const LiteralExpr*>(call->args[1].get());
  if (literal != nullptr && literal->value()->is_valid && literal->type()->id() == arrow::Type::BOOL)
    return Status::OK();
  return UnexpectedInput(call->name, 1, *call->args[1], "a constant BOOLEAN");
}

Status PrepareMoment(AggregateCall* call) {
  SLUICE_ASSIGN(call->args[0], CoerceArgument(call->name, 0, call->args[0], Arg::kDouble, call->ansi));
  call->type = arrow::float64();
  return Status::OK();
}

template <PairMoment kMoment>
Result<std::unique_ptr<Accumulator>> OfPairs(const AggregateCall& call) {
  return MakePairMoment(call, kMoment);
}
template <char kOperation>
Result<std::unique_ptr<Accumulator>> BitsOf(const AggregateCall& call) {
  return MakeBits(call, kOperation);
}
template <int kSign>
Result<std::unique_ptr<Accumulator>> By(const AggregateCall& call) {
  return MakeValueBy(call, kSign);
}
template <std::unique_ptr<Accumulator> (*kMake)(const AggregateCall&)>
Result<std::unique_ptr<Accumulator>> Plain(const AggregateCall& call) {
  return kMake(call);
}

Result<std::unique_ptr<Accumulator>> Counting(const AggregateCall& call) {
  return MakeCount(call);
}
Result<std::unique_ptr<Accumulator>> Least(const AggregateCall& call) {
  return MakeExtreme(call, -1);
}
Result<std::unique_ptr<Accumulator>> Greatest(const AggregateCall& call) {
  return MakeExtreme(call, 1);
}

template <bool kLast>
Result<std::unique_ptr<Accumulator>> Picked(const AggregateCall& call) {
  bool ignore_nulls = false;
  if (call.args.size() > 1) {
    const auto& literal = static_cast<const LiteralExpr&>(*call.args[1]);
    ignore_nulls = static_cast<const arrow::BooleanScalar&>(*literal.value()).value;
  }
  return MakePicked(call, kLast, ignore_nulls);
}

template <Moment kMoment>
Result<std::unique_ptr<Accumulator>> Moments(const AggregateCall& call) {
  return MakeMoment(call, kMoment);
}

constexpr AggregateRow kAggregates[] = {
    {"count", 0, -1, PrepareCount, Counting},
    {"count_if", 1, 1, PrepareCountIf, Counting},
    {"sum", 1, 1, PrepareSum, MakeSum},
    {"try_sum", 1, 1, PrepareSum, MakeSum},
    {"avg", 1, 1, PrepareAverage, MakeAverage},
    {"try_avg", 1, 1, PrepareAverage, MakeAverage},
    {"mean", 1, 1, PrepareAverage, MakeAverage},
    {"min", 1, 1, PrepareExtreme, Least},
    {"max", 1, 1, PrepareExtreme, Greatest},
    {"bool_and", 1, 1, PrepareBoolean, Least},
    {"every", 1, 1, PrepareBoolean, Least},
    {"bool_or", 1, 1, PrepareBoolean, Greatest},
    {"some", 1, 1, PrepareBoolean, Greatest},
    {"any", 1, 1, PrepareBoolean, Greatest},
    {"first", 1, 2, PreparePicked, Picked<false>},
    {"first_value", 1, 2, PreparePicked, Picked<false>},
    {"any_value", 1, 2, PreparePicked, Picked<false>},
    {"last", 1, 2, PreparePicked, Picked<true>},
    {"last_value", 1, 2, PreparePicked, Picked<true>},
    {"var_pop", 1, 1, PrepareMoment, Moments<Moment::kVariancePopulation>},
    {"var_samp", 1, 1, PrepareMoment, Moments<Moment::kVarianceSample>},
    {"variance", 1, 1, PrepareMoment, Moments<Moment::kVarianceSample>},
    {"stddev_pop", 1, 1, PrepareMoment, Moments<Moment::kDeviationPopulation>},
    {"stddev_samp", 1, 1, PrepareMoment, Moments<Moment::kDeviationSample>},
    {"stddev", 1, 1, PrepareMoment, Moments<Moment::kDeviationSample>},
    {"std", 1, 1, PrepareMoment, Moments<Moment::kDeviationSample>},
    {"skewness", 1, 1, PrepareMoment, Moments<Moment::kSkewness>},
    {"kurtosis", 1, 1, PrepareMoment, Moments<Moment::kKurtosis>},
    {"covar_pop", 2, 2, PreparePair, OfPairs<PairMoment::kCovariancePopulation>},
    {"covar_samp", 2, 2, PreparePair, OfPairs<PairMoment::kCovarianceSample>},
    {"corr", 2, 2, PreparePair, OfPairs<PairMoment::kCorrelation>},
    {"regr_count", 2, 2, PreparePairCount, OfPairs<PairMoment::kCount>},
    {"regr_avgx", 2, 2, PreparePair, OfPairs<PairMoment::kAverageX>},
    {"regr_avgy", 2, 2, PreparePair, OfPairs<PairMoment::kAverageY>},
    {"regr_sxx", 2, 2, PreparePair, OfPairs<PairMoment::kSquaresX>},
    {"regr_syy", 2, 2, PreparePair, OfPairs<PairMoment::kSquaresY>},
    {"regr_sxy", 2, 2, PreparePair, OfPairs<PairMoment::kProducts>},
    {"regr_slope", 2, 2, PreparePair, OfPairs<PairMoment::kSlope>},
    {"regr_intercept", 2, 2, PreparePair, OfPairs<PairMoment::kIntercept>},
    {"regr_r2", 2, 2, PreparePair, OfPairs<PairMoment::kR2>},
    {"bit_and", 1, 1, PrepareBits, BitsOf<'&'>},
    {"bit_or", 1, 1, PrepareBits, BitsOf<'|'>},
    {"bit_xor", 1, 1, PrepareBits, BitsOf<'^'>},
    {"product", 1, 1, PrepareMoment, Plain<MakeProduct>},
    {"max_by", 2, 2, PrepareBy, By<1>},
    {"min_by", 2, 2, PrepareBy, By<-1>},
    {"collect_list", 1, 1, PrepareList, Plain<MakeList>},
    {"array_agg", 1, 1, PrepareList, Plain<MakeList>},
    {"collect_set", 1, 1, PrepareSet, Plain<MakeSet>},
    {"listagg", 1, -1, PrepareText, JoinedText},
    {"string_agg", 1, -1, PrepareText, JoinedText},
    {"mode", 0, 3, PrepareMode, Plain<MakeMode>},
    {"collect_frequent_items", 2, 2, PrepareFrequentItems, FrequentItemsOf},
    {"histogram_numeric", 2, 2, PrepareHistogram, HistogramOf},
    {"percentile", 2, 3, PreparePercentile, Percentile},
    {"percentile_cont", 1, 3, PreparePercentile, Percentile},
    {"percentile_disc", 1, 3, PreparePercentile, Percentile},
    {"median", 1, 1, PrepareMedian, Percentile},
    {"percentile_approx", 2, 3, PrepareApproximate, Approximate},
    {"approx_percentile", 2, 3, PrepareApproximate, Approximate},
    {"approx_count_distinct", 1, 2, PrepareApproximateCount, ApproximateCount},
};

const AggregateRow* Find(const std::string& name) {
  std::string lower = name;
  for (char& c : lower) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  for (const auto& row : kAggregates) {
    if (lower == row.name) return &row;
  }
  return nullptr;
}

std::string Display(const AggregateCall& call) {
  if (call.args.empty()) return call.name + "(1)";
  std::string text = call.name + (call.distinct ? "(DISTINCT " : "(");
  for (size_t i = 0; i < call.args.size(); ++i) text += (i > 0 ? ", " : "") + call.args[i]->ToString();
  return text + ")";
}

}  // namespace

std::vector<std::string> AggregateNames() {
  std::vector<std::string> names;
  for (const AggregateRow& row : kAggregates) names.emplace_back(row.name);
  std::erase(names, "collect_frequent_items");  // of DataFrame.freqItems alone
  return names;
}

bool IsAggregateFunction(const std::string& name) {
  return Find(name) != nullptr;
}

Result<AggregateCall> ResolveAggregate(const std::string& name, std::vector<ExprPtr> args, bool distinct, bool ansi) {
  const AggregateRow* row = Find(name);
  if (row == nullptr) {
    return UserError("UNRESOLVED_ROUTINE", fmt::format("There is no aggregate function `{}`.", name),
                     {{"routineName", "`" + name + "`"}});
  }
  SLUICE_RETURN_IF_ERROR(CheckCount(row->name, args.size(), row->least, row->most));
  if (distinct && args.empty())
    return UserError("WRONG_NUM_ARGS.WITHOUT_SUGGESTION", "count(DISTINCT) needs an argument.");
  AggregateCall call;
  call.name = row->name;
  call.args = std::move(args);
  call.distinct = distinct;
  call.ansi = ansi;
  call.display = Display(call);
  SLUICE_RETURN_IF_ERROR(row->prepare(&call));
  return call;
}

Result<std::unique_ptr<Accumulator>> MakeAccumulator(const AggregateCall& call) {
  const AggregateRow* row = Find(call.name);
  if (row == nullptr) return InternalError("no aggregate " + call.name);
  return row->make(call);
}

}  // namespace sluice
