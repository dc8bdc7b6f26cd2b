// SPDX-License-Identifier: Apache-2.0
// Samples, and what DataFrame.stat, describe and summary tell about rows.
#include <arrow/api.h>
#include <fmt/format.h>

#include <algorithm>
#include <random>

#include "analysis/connect_types.h"
#include "analysis/frequent_items.h"
#include "analysis/lower_rows.h"
#include "analysis/name_parts.h"
#include "analysis/relations.h"
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

// One aggregation of all columns, and a row a statistic of it; all are texts.
Result<ResolvedRelation> Summarized(RelationContext& context, const spark::connect::Relation& child,
                                    std::vector<std::string> columns, std::vector<std::string> statistics) {
  SLUICE_ASSIGN(const ResolvedRelation input, context.Resolve(child));
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
  plan::Generate node;
  node.generator.kind = GeneratorKind::kStack;
  node.generator.stack_rows = static_cast<int>(statistics.size());
  for (const std::string& statistic : statistics) {
    node.arguments.push_back(Text(statistic));
    for (const ScopeColumn* column : chosen) {
      SLUICE_ASSIGN(AggregateCall call, StatisticOf(statistic, column->value, context.options()));
      const ExprPtr added = builder.AddCall(std::move(call));
      SLUICE_ASSIGN(const ExprPtr value, builder.Lower(added));
      SLUICE_ASSIGN(ExprPtr text, MakeCast(value, StringType(), CastMode::kLegacy));
      node.arguments.push_back(std::move(text));
    }
  }
  arrow::FieldVector fields = {arrow::field("summary", StringType(), true)};
  for (const ScopeColumn* column : chosen) fields.push_back(arrow::field(column->name, StringType(), true));
  PlanPtr below = chosen.empty() ? context.ResolveInput(false, child)->plan : builder.Build(input.plan);
  return OverNames(MakeNode(std::move(node), {std::move(below)}, arrow::schema(std::move(fields))));
}

Result<ResolvedRelation> OfTwoColumns(RelationContext& context, const spark::connect::Relation& child,
                                      const std::string& function, const std::string& first,
                                      const std::string& second) {
  SLUICE_ASSIGN(const ResolvedRelation input, context.Resolve(child));
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
  SLUICE_ASSIGN(AggregateCall call, ResolveAggregate(function, args, false, context.options().ansi));
  const ExprPtr added = builder.AddCall(std::move(call));
  SLUICE_ASSIGN(ExprPtr value, builder.Lower(added));
  const std::string name = function == "corr" ? "corr" : "cov";
  return OverNames(MakeProject(builder.Build(input.plan), {{name, std::move(value), {}}}));
}

}  // namespace

Result<ResolvedRelation> ResolveSample(RelationContext& context, const spark::connect::Relation& relation) {
  const spark::connect::Sample& sample = relation.sample();
  SLUICE_ASSIGN(ResolvedRelation input, context.Resolve(sample.input()));
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
    const arrow::Schema& schema = *input.plan->schema;
    plan::Sort sort;
    for (int i = 0; i < schema.num_fields(); ++i) {
      if (!ContainsMap(*schema.field(i)->type())) sort.keys.push_back({ColumnOf(schema, i), true, true});
    }
    if (!sort.keys.empty()) input.plan = MakeNode(std::move(sort), {input.plan}, input.plan->schema);
  }
  input.plan = MakeNode(plan::Sample{sample.lower_bound(), sample.upper_bound(), sample.with_replacement(),
                                     sample.has_seed() ? sample.seed() : SomeSeed()},
                        {input.plan}, input.plan->schema);
  input.block = nullptr;
  return input;
}

// Each stratum is sampled by its fraction; what is no stratum is left out.
Result<ResolvedRelation> ResolveSampleBy(RelationContext& context, const spark::connect::Relation& relation) {
  const spark::connect::StatSampleBy& sample = relation.sample_by();
  SLUICE_ASSIGN(ResolvedRelation input, context.Resolve(sample.input()));
  ExpressionResolver resolver = context.Over(&input.scope);
  SLUICE_ASSIGN(const ExprPtr column, resolver.Resolve(sample.col()));
  std::vector<ExprPtr> branches;
  for (const auto& one : sample.fractions()) {
    SLUICE_ASSIGN(const ExprPtr stratum, LiteralFromConnect(one.stratum(), context.options()));
    SLUICE_ASSIGN(ExprPtr same, ResolveFunction("<=>", {column, stratum}, context.options()));
    branches.push_back(std::move(same));
    branches.push_back(Double(one.fraction()));
  }
  branches.push_back(Double(0));
  SLUICE_ASSIGN(const ExprPtr fraction, ResolveFunction("when", branches, context.options()));
  const ExprPtr seed = std::make_shared<LiteralExpr>(
      std::make_shared<arrow::Int64Scalar>(sample.has_seed() ? sample.seed() : SomeSeed()));
  SLUICE_ASSIGN(const ExprPtr number, ResolveFunction("rand", {seed}, context.options()));
  SLUICE_ASSIGN(ExprPtr taken, ResolveFunction("<", {number, fraction}, context.options()));
  input.plan = MakeFilter(std::move(input.plan), std::move(taken));
  input.block = nullptr;
  return input;
}

Result<ResolvedRelation> ResolveTail(RelationContext& context, const spark::connect::Relation& relation) {
  const spark::connect::Tail& tail = relation.tail();
  SLUICE_ASSIGN(ResolvedRelation input, context.Resolve(tail.input()));
  const plan::Limit last{std::max(tail.limit(), 0), 0, /*last_rows=*/true};
  input.plan = MakeNode(last, {input.plan}, input.plan->schema);
  input.block = nullptr;
  return input;
}

Result<ResolvedRelation> ResolveCrosstab(RelationContext& context, const spark::connect::Relation& relation) {
  const spark::connect::StatCrosstab& crosstab = relation.crosstab();
  SLUICE_ASSIGN(const ResolvedRelation input, context.Resolve(crosstab.input()));
  std::vector<ExprPtr> texts;
  for (const std::string& name : {crosstab.col1(), crosstab.col2()}) {
    SLUICE_ASSIGN(const ScopeColumn* column, ColumnNamed(name, input.scope));
    SLUICE_ASSIGN(ExprPtr text, MakeCast(column->value, StringType(), CastMode::kLegacy));
    SLUICE_ASSIGN(const ExprPtr missing, ResolveFunction("isnull", {text}, context.options()));
    SLUICE_ASSIGN(text, ResolveFunction("if", {missing, Text("null"), text}, context.options()));
    texts.push_back(std::move(text));
  }
  SLUICE_ASSIGN(const std::vector<NamedExpr> values, FindPivotValues(context, input.plan, texts[1]));
  const std::string name = crosstab.col1() + "_" + crosstab.col2();
  AggregateBuilder builder({texts[0]}, {name});
  std::vector<NamedExpr> output = {{name, builder.Key(0), {}}};
  for (const NamedExpr& value : values) {
    SLUICE_ASSIGN(AggregateCall count, ResolveAggregate("count", {}, false, context.options().ansi));
    SLUICE_ASSIGN(count.filter, ResolveFunction("=", {texts[1], value.expr}, context.options()));
    const ExprPtr added = builder.AddCall(std::move(count));
    SLUICE_ASSIGN(ExprPtr counted, builder.Lower(added));
    output.push_back({value.name, std::move(counted), {}});
  }
  return OverNames(MakeProject(builder.Build(input.plan), output));
}

// One row: an array for each column, with a value for each probability.
Result<ResolvedRelation> ResolveQuantiles(RelationContext& context, const spark::connect::Relation& relation) {
  const spark::connect::StatApproxQuantile& quantiles = relation.approx_quantile();
  SLUICE_ASSIGN(const ResolvedRelation input, context.Resolve(quantiles.input()));
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
                        context.options()));
    std::vector<ExprPtr> found;
    for (const double probability : quantiles.probabilities()) {
      const ExprPtr accuracy = std::make_shared<LiteralExpr>(std::make_shared<arrow::Int32Scalar>(
          error <= 0 ? 2147483647 : static_cast<int32_t>(std::min(1 / error, 2147483647.0))));
      SLUICE_ASSIGN(AggregateCall call, ResolveAggregate("approx_percentile", {known, Double(probability), accuracy},
                                                         false, context.options().ansi));
      const ExprPtr added = builder.AddCall(std::move(call));
      SLUICE_ASSIGN(ExprPtr value, builder.Lower(added));
      found.push_back(std::move(value));
    }
    SLUICE_ASSIGN(ExprPtr array, ResolveFunction("array", found, context.options()));
    arrays.push_back(std::move(array));
  }
  SLUICE_ASSIGN(ExprPtr all, ResolveFunction("array", arrays, context.options()));
  return OverNames(MakeProject(builder.Build(input.plan), {{"approx_quantile", std::move(all), {}}}));
}

Result<ResolvedRelation> ResolveSummary(RelationContext& context, const spark::connect::Relation& relation) {
  const auto& summary = relation.summary();
  return Summarized(context, summary.input(), {}, {summary.statistics().begin(), summary.statistics().end()});
}

Result<ResolvedRelation> ResolveDescribe(RelationContext& context, const spark::connect::Relation& relation) {
  const auto& describe = relation.describe();
  return Summarized(context, describe.input(), {describe.cols().begin(), describe.cols().end()},
                    {"count", "mean", "stddev", "min", "max"});
}

Result<ResolvedRelation> ResolveFrequentItems(RelationContext& context, const spark::connect::Relation& relation) {
  SLUICE_ASSIGN(const ResolvedRelation input, context.Resolve(relation.freq_items().input()));
  ResolvedRelation result;
  SLUICE_ASSIGN(result.plan, ResolveFrequentItems(input.plan, input.scope, relation.freq_items(), context.options()));
  result.scope = Scope::Of(*result.plan->schema);
  return result;
}

Result<ResolvedRelation> ResolveCorrelation(RelationContext& context, const spark::connect::Relation& relation) {
  const auto& corr = relation.corr();
  return OfTwoColumns(context, corr.input(), "corr", corr.col1(), corr.col2());
}

Result<ResolvedRelation> ResolveCovariance(RelationContext& context, const spark::connect::Relation& relation) {
  const auto& cov = relation.cov();
  return OfTwoColumns(context, cov.input(), "covar_samp", cov.col1(), cov.col2());
}

}  // namespace sluice
