// SPDX-License-Identifier: Apache-2.0
// Samples, and what DataFrame.stat, describe and summary tell about rows.
#include <arrow/api.h>
#include <fmt/format.h>

#include <algorithm>
#include <random>

#include "analysis/connect_types.h"
#include "analysis/lower_rows.h"
#include "analysis/name_parts.h"
#include "analysis/relation_resolver.h"
#include "analysis/sql/token_cursor.h"
#include "base/spark_error.h"
#include "expr/function_registry.h"
#include "types/spark_type.h"

namespace sluice {
namespace {

int64_t SomeSeed() {
  std::random_device device;
  return static_cast<int64_t>((static_cast<uint64_t>(device()) << 32) | device());
}

ExprPtr Text(const std::string& text) {
  return std::make_shared<LiteralExpr>(std::make_shared<arrow::StringViewScalar>(arrow::Buffer::FromString(text)));
}

ExprPtr Double(double value) {
  return std::make_shared<LiteralExpr>(std::make_shared<arrow::DoubleScalar>(value));
}

bool IsNumber(const arrow::DataType& type) {
  return arrow::is_integer(type.id()) || arrow::is_floating(type.id()) || arrow::is_decimal(type.id());
}

Result<const ScopeColumn*> ColumnNamed(const std::string& name, const Scope& scope) {
  SLUICE_ASSIGN(const auto parts, ParseNameParts(name));
  const Scope::Match match = scope.Find(parts);
  if (match.columns.size() > 1) return AmbiguousReference(parts, match.columns);
  if (match.columns.empty() || match.used != parts.size()) return UnresolvedColumn(parts, scope);
  return match.columns[0];
}

ResolvedRelation OverNames(PlanPtr plan) {
  ResolvedRelation result;
  result.scope = Scope::Of(*plan->schema);
  result.plan = std::move(plan);
  return result;
}

// One statistic of summary over one column, as an aggregate and what is done with it.
Result<AggregateCall> StatisticOf(const std::string& statistic, const ExprPtr& column, const ResolveOptions& options) {
  const std::string name = sql::LowerCase(statistic);
  if (name.ends_with('%')) {
    char* end = nullptr;
    const double percent = std::strtod(name.c_str(), &end);
    if (end == name.c_str() || percent < 0 || percent > 100) {
      return UserError("_LEGACY_ERROR_TEMP_1091", fmt::format("{} is no percentile.", statistic));
    }
    SLUICE_ASSIGN(const ExprPtr number, MakeCast(column, arrow::float64(), CastMode::kTry));
    const bool text = !IsNumber(*column->type());
    return ResolveAggregate("approx_percentile", {text ? number : column, Double(percent / 100)}, false, options.ansi);
  }
  if (name == "count_distinct") return ResolveAggregate("count", {column}, true, options.ansi);
  if (name == "count" || name == "min" || name == "max" || name == "approx_count_distinct") {
    return ResolveAggregate(name, {column}, false, options.ansi);
  }
  if (name == "mean" || name == "stddev") {
    SLUICE_ASSIGN(const ExprPtr number, MakeCast(column, arrow::float64(), CastMode::kTry));
    const bool text = !IsNumber(*column->type());
    return ResolveAggregate(name == "mean" ? "avg" : "stddev_samp", {text ? number : column}, false, options.ansi);
  }
  return UserError("_LEGACY_ERROR_TEMP_2114", fmt::format("{} is no statistic that summary knows.", statistic));
}

}  // namespace

Result<ResolvedRelation> RelationResolver::ResolveSample(const spark::connect::Sample& sample) {
  SLUICE_ASSIGN(ResolvedRelation input, Resolve(sample.input()));
  const double fraction = sample.upper_bound() - sample.lower_bound();
  if (fraction < 0 || (!sample.with_replacement() && (sample.lower_bound() < 0 || sample.upper_bound() > 1))) {
    return UserError("INVALID_PARAMETER_VALUE.SLUICE_FRACTION",
                     "The fraction of a sample must not be negative, nor above 1 without replacement.");
  }
  if (sample.with_replacement() && fraction >= 40) {
    return NotSupported("A sample that takes each row 40 times or more is not supported by Sluice.");
  }
  if (sample.deterministic_order()) {
    // The parts of randomSplit are drawn from the same rows in the same order.
    auto sort = std::make_shared<PlanNode>();
    sort->kind = PlanKind::kSort;
    sort->schema = input.plan->schema;
    for (int i = 0; i < sort->schema->num_fields(); ++i) {
      if (!ContainsMap(*sort->schema->field(i)->type()))
        sort->sort_keys.push_back({ColumnOf(*sort->schema, i), true, true});
    }
    sort->inputs = {input.plan};
    if (!sort->sort_keys.empty()) input.plan = std::move(sort);
  }
  auto node = std::make_shared<PlanNode>();
  node->kind = PlanKind::kSample;
  node->schema = input.plan->schema;
  node->sample = {sample.lower_bound(), sample.upper_bound(), sample.with_replacement(),
                  sample.has_seed() ? sample.seed() : SomeSeed()};
  node->inputs = {std::move(input.plan)};
  input.plan = std::move(node);
  input.block = nullptr;
  return input;
}

// Each stratum is sampled by its fraction; what is no stratum is left out.
Result<ResolvedRelation> RelationResolver::ResolveSampleBy(const spark::connect::StatSampleBy& sample) {
  SLUICE_ASSIGN(ResolvedRelation input, Resolve(sample.input()));
  ExpressionResolver resolver = Over(&input.scope);
  SLUICE_ASSIGN(const ExprPtr column, resolver.Resolve(sample.col()));
  std::vector<ExprPtr> branches;
  for (const auto& one : sample.fractions()) {
    SLUICE_ASSIGN(const ExprPtr stratum, LiteralFromConnect(one.stratum(), options_));
    SLUICE_ASSIGN(ExprPtr same, ResolveFunction("<=>", {column, stratum}, options_));
    branches.push_back(std::move(same));
    branches.push_back(Double(one.fraction()));
  }
  branches.push_back(Double(0));
  SLUICE_ASSIGN(const ExprPtr fraction, ResolveFunction("when", branches, options_));
  const ExprPtr seed = std::make_shared<LiteralExpr>(
      std::make_shared<arrow::Int64Scalar>(sample.has_seed() ? sample.seed() : SomeSeed()));
  SLUICE_ASSIGN(const ExprPtr number, ResolveFunction("rand", {seed}, options_));
  SLUICE_ASSIGN(ExprPtr taken, ResolveFunction("<", {number, fraction}, options_));
  input.plan = MakeFilter(std::move(input.plan), std::move(taken));
  input.block = nullptr;
  return input;
}

Result<ResolvedRelation> RelationResolver::ResolveTail(const spark::connect::Tail& tail) {
  SLUICE_ASSIGN(ResolvedRelation input, Resolve(tail.input()));
  auto node = std::make_shared<PlanNode>();
  node->kind = PlanKind::kLimit;
  node->schema = input.plan->schema;
  node->limit = std::max(tail.limit(), 0);
  node->last_rows = true;
  node->inputs = {std::move(input.plan)};
  input.plan = std::move(node);
  input.block = nullptr;
  return input;
}

// One aggregation of all columns, and a row a statistic of it; all are texts.
Result<ResolvedRelation> RelationResolver::ResolveSummary(const Relation& child, std::vector<std::string> columns,
                                                          std::vector<std::string> statistics) {
  SLUICE_ASSIGN(const ResolvedRelation input, Resolve(child));
  if (statistics.empty()) statistics = {"count", "mean", "stddev", "min", "25%", "50%", "75%", "max"};
  std::vector<const ScopeColumn*> chosen;
  for (const std::string& name : columns) {
    SLUICE_ASSIGN(const ScopeColumn* column, ColumnNamed(name, input.scope));
    chosen.push_back(column);
  }
  if (columns.empty()) {
    for (const ScopeColumn& column : input.scope.columns()) chosen.push_back(&column);
  }
  std::erase_if(chosen, [](const ScopeColumn* column) {
    return !IsNumber(*column->value->type()) && column->value->type()->id() != arrow::Type::STRING_VIEW;
  });
  AggregateBuilder builder({}, {});
  auto node = std::make_shared<PlanNode>();
  node->kind = PlanKind::kGenerate;
  node->generator.kind = GeneratorKind::kStack;
  node->generator.stack_rows = static_cast<int>(statistics.size());
  for (const std::string& statistic : statistics) {
    node->exprs.push_back(Text(statistic));
    for (const ScopeColumn* column : chosen) {
      SLUICE_ASSIGN(AggregateCall call, StatisticOf(statistic, column->value, options_));
      const ExprPtr added = builder.AddCall(std::move(call));
      SLUICE_ASSIGN(const ExprPtr value, builder.Lower(added));
      SLUICE_ASSIGN(ExprPtr text, MakeCast(value, StringType(), CastMode::kLegacy));
      node->exprs.push_back(std::move(text));
    }
  }
  arrow::FieldVector fields = {arrow::field("summary", StringType(), true)};
  for (const ScopeColumn* column : chosen) fields.push_back(arrow::field(column->name, StringType(), true));
  node->schema = arrow::schema(std::move(fields));
  node->inputs = {chosen.empty() ? ResolveInput(false, child)->plan : builder.Build(input.plan)};
  return OverNames(std::move(node));
}

Result<ResolvedRelation> RelationResolver::ResolveCrosstab(const spark::connect::StatCrosstab& crosstab) {
  SLUICE_ASSIGN(const ResolvedRelation input, Resolve(crosstab.input()));
  std::vector<ExprPtr> texts;
  for (const std::string& name : {crosstab.col1(), crosstab.col2()}) {
    SLUICE_ASSIGN(const ScopeColumn* column, ColumnNamed(name, input.scope));
    SLUICE_ASSIGN(ExprPtr text, MakeCast(column->value, StringType(), CastMode::kLegacy));
    SLUICE_ASSIGN(const ExprPtr missing, ResolveFunction("isnull", {text}, options_));
    SLUICE_ASSIGN(text, ResolveFunction("if", {missing, Text("null"), text}, options_));
    texts.push_back(std::move(text));
  }
  SLUICE_ASSIGN(const std::vector<NamedExpr> values, FindPivotValues(input.plan, texts[1]));
  const std::string name = crosstab.col1() + "_" + crosstab.col2();
  AggregateBuilder builder({texts[0]}, {name});
  std::vector<NamedExpr> output = {{name, builder.Key(0), {}}};
  for (const NamedExpr& value : values) {
    SLUICE_ASSIGN(AggregateCall count, sluice::ResolveAggregate("count", {}, false, options_.ansi));
    SLUICE_ASSIGN(count.filter, ResolveFunction("=", {texts[1], value.expr}, options_));
    const ExprPtr added = builder.AddCall(std::move(count));
    SLUICE_ASSIGN(ExprPtr counted, builder.Lower(added));
    output.push_back({value.name, std::move(counted), {}});
  }
  return OverNames(MakeProject(builder.Build(input.plan), output));
}

// One row: an array for each column, with a value for each probability.
Result<ResolvedRelation> RelationResolver::ResolveQuantiles(const spark::connect::StatApproxQuantile& quantiles) {
  SLUICE_ASSIGN(const ResolvedRelation input, Resolve(quantiles.input()));
  const double error = quantiles.relative_error();
  if (error < 0) return UserError("INVALID_PARAMETER_VALUE.SLUICE_ERROR", "The relative error must not be negative.");
  AggregateBuilder builder({}, {});
  std::vector<ExprPtr> arrays;
  for (const std::string& name : quantiles.cols()) {
    SLUICE_ASSIGN(const ScopeColumn* column, ColumnNamed(name, input.scope));
    SLUICE_ASSIGN(const ExprPtr number, MakeCast(column->value, arrow::float64(), CastMode::kAnsi));
    SLUICE_ASSIGN(
        const ExprPtr known,
        ResolveFunction("nanvl", {number, std::make_shared<LiteralExpr>(arrow::MakeNullScalar(arrow::float64()))},
                        options_));
    std::vector<ExprPtr> found;
    for (const double probability : quantiles.probabilities()) {
      const ExprPtr accuracy = std::make_shared<LiteralExpr>(std::make_shared<arrow::Int32Scalar>(
          error <= 0 ? 2147483647 : static_cast<int32_t>(std::min(1 / error, 2147483647.0))));
      SLUICE_ASSIGN(
          AggregateCall call,
          sluice::ResolveAggregate("approx_percentile", {known, Double(probability), accuracy}, false, options_.ansi));
      const ExprPtr added = builder.AddCall(std::move(call));
      SLUICE_ASSIGN(ExprPtr value, builder.Lower(added));
      found.push_back(std::move(value));
    }
    SLUICE_ASSIGN(ExprPtr array, ResolveFunction("array", found, options_));
    arrays.push_back(std::move(array));
  }
  SLUICE_ASSIGN(ExprPtr all, ResolveFunction("array", arrays, options_));
  return OverNames(MakeProject(builder.Build(input.plan), {{"approx_quantile", std::move(all), {}}}));
}

Result<ResolvedRelation> RelationResolver::ResolveOfTwo(const Relation& child, const std::string& function,
                                                        const std::string& first, const std::string& second) {
  SLUICE_ASSIGN(const ResolvedRelation input, Resolve(child));
  std::vector<ExprPtr> args;
  for (const std::string& name : {first, second}) {
    SLUICE_ASSIGN(const ScopeColumn* column, ColumnNamed(name, input.scope));
    if (!IsNumber(*column->value->type())) {
      return UserError(
          "DATATYPE_MISMATCH.UNEXPECTED_INPUT_TYPE",
          fmt::format("{} needs numbers, but {} is {}.", function, name, SparkTypeName(*column->value->type())));
    }
    SLUICE_ASSIGN(ExprPtr number, MakeCast(column->value, arrow::float64(), CastMode::kAnsi));
    args.push_back(std::move(number));
  }
  AggregateBuilder builder({}, {});
  SLUICE_ASSIGN(AggregateCall call, sluice::ResolveAggregate(function, args, false, options_.ansi));
  const ExprPtr added = builder.AddCall(std::move(call));
  SLUICE_ASSIGN(ExprPtr value, builder.Lower(added));
  const std::string name = function == "corr" ? "corr" : "cov";
  return OverNames(MakeProject(builder.Build(input.plan), {{name, std::move(value), {}}}));
}

}  // namespace sluice
