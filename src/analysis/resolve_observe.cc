// SPDX-License-Identifier: Apache-2.0
#include <arrow/api.h>
#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "analysis/name_parts.h"
#include "analysis/relations.h"
#include "analysis/shown_expr.h"
#include "base/spark_error.h"
#include "plan/plan.h"

namespace sluice {
namespace {

using spark::connect::Expression;

bool HasWindow(const google::protobuf::Message& message) {
  if (const auto* expression = dynamic_cast<const Expression*>(&message)) {
    if (expression->has_window()) return true;
  }
  const auto* reflection = message.GetReflection();
  std::vector<const google::protobuf::FieldDescriptor*> fields;
  reflection->ListFields(message, &fields);
  return std::any_of(fields.begin(), fields.end(), [&](const google::protobuf::FieldDescriptor* field) {
    if (field->cpp_type() != google::protobuf::FieldDescriptor::CPPTYPE_MESSAGE) return false;
    if (!field->is_repeated()) return HasWindow(reflection->GetMessage(message, field));
    for (int i = 0; i < reflection->FieldSize(message, field); ++i) {
      if (HasWindow(reflection->GetRepeatedMessage(message, field, i))) return true;
    }
    return false;
  });
}

Status Invalid(const std::string& kind, const std::string& text, const std::string& expr) {
  return UserError("INVALID_OBSERVED_METRICS." + kind, fmt::format("Invalid observed metrics. {}: \"{}\".", text, expr),
                   {{"expr", "\"" + expr + "\""}});
}

bool IsPlainName(const std::string& name) {
  return !name.empty() && std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
  });
}

// The metric as Spark's errors show it.
std::string TextOf(const NamedExpr& metric) {
  if (dynamic_cast<const ColumnExpr*>(metric.expr.get()) != nullptr && !metric.alias) return metric.name;
  const std::string name = IsPlainName(metric.name) ? metric.name : QuotedName({metric.name});
  return DisplayName(metric.expr) + " AS " + name;
}

bool HasColumn(const ExprPtr& expr) {
  if (dynamic_cast<const OutputExpr*>(expr.get()) != nullptr) return false;
  return dynamic_cast<const ColumnExpr*>(expr.get()) != nullptr ||
         std::any_of(expr->children().begin(), expr->children().end(), HasColumn);
}

bool HasPythonAggregate(const AggregateBuilder& builder) {
  return std::any_of(builder.python().begin(), builder.python().end(),
                     [](const auto& function) { return function != nullptr; });
}

Status CheckCalls(const std::vector<AggregateCall>& calls, const std::string& text) {
  for (const AggregateCall& call : calls) {
    if (call.distinct) {
      return Invalid("AGGREGATE_EXPRESSION_WITH_DISTINCT_UNSUPPORTED",
                     "Aggregate expressions with DISTINCT are not allowed in observed metrics, but found", text);
    }
    if (call.filter != nullptr) {
      return Invalid("AGGREGATE_EXPRESSION_WITH_FILTER_UNSUPPORTED",
                     "Aggregate expression with FILTER predicate are not allowed in observed metrics, but found", text);
    }
  }
  return Status::OK();
}

class Observer {
 public:
  Observer(ResolvedRelation input, const ResolveOptions& options, Catalog* catalog)
      : input_(std::move(input)), builder_({}, {}), resolver_(options, &input_.scope, catalog) {
    resolver_.AllowAggregates(&builder_, {&input_.scope});
  }

  Status Add(const Expression& expression, Observation* observation) {
    if (HasWindow(expression)) {
      return Invalid("WINDOW_EXPRESSIONS_UNSUPPORTED",
                     "Window expressions are not allowed in observed metrics, but found", NameOf(expression));
    }
    Result<std::vector<NamedExpr>> named = resolver_.ResolveNamed(expression);
    if (!named.ok() && HasErrorClass(named.status(), "NESTED_AGGREGATE_FUNCTION")) {
      return Invalid("NESTED_AGGREGATES_UNSUPPORTED",
                     "Nested aggregates are not allowed in observed metrics, but found", NameOf(expression));
    }
    SLUICE_RETURN_IF_ERROR(named.status());
    for (const NamedExpr& metric : *named) SLUICE_RETURN_IF_ERROR(AddMetric(metric, observation));
    return Status::OK();
  }

  Result<ResolvedRelation> Finish(std::shared_ptr<Observation> observation) {
    if (HasPythonAggregate(builder_)) return NotSupported("A Python aggregate in observe is not supported by Sluice.");
    const PlanPtr aggregate = builder_.Build(input_.plan);
    observation->values = aggregate->schema;
    input_.plan =
        MakeObserve(std::move(input_.plan), {std::move(observation), aggregate->Get<plan::Aggregate>().calls, nullptr});
    input_.block = nullptr;
    return std::move(input_);
  }

 private:
  Status AddMetric(const NamedExpr& metric, Observation* observation) {
    const std::string text = TextOf(metric);
    SLUICE_RETURN_IF_ERROR(CheckCalls(builder_.Build(input_.plan)->Get<plan::Aggregate>().calls, text));
    if (HasColumn(metric.expr)) {
      return Invalid("NON_AGGREGATE_FUNC_ARG_IS_ATTRIBUTE",
                     "An attribute can only be used as an argument to an aggregate function, but found", text);
    }
    SLUICE_ASSIGN(ExprPtr value, builder_.Lower(metric.expr));
    if (!value->deterministic()) {
      return Invalid(
          "NON_AGGREGATE_FUNC_ARG_IS_NON_DETERMINISTIC",
          "A non-deterministic expression can only be used as an argument to an aggregate function, but found", text);
    }
    const auto field = arrow::field(metric.name, value->type(), value->nullable());
    SLUICE_ASSIGN(observation->schema, observation->schema->AddField(observation->schema->num_fields(), field));
    observation->metrics.push_back(std::move(value));
    return Status::OK();
  }

  // What can be said of a metric that does not resolve.
  static std::string NameOf(const Expression& expression) {
    if (expression.has_alias() && expression.alias().name_size() == 1) return expression.alias().name(0);
    if (expression.has_unresolved_function()) return expression.unresolved_function().function_name() + "(..)";
    return "..";
  }

  ResolvedRelation input_;
  AggregateBuilder builder_;
  ExpressionResolver resolver_;
};

}  // namespace

Result<ResolvedRelation> ResolveObserve(RelationContext& context, const spark::connect::Relation& relation) {
  const spark::connect::CollectMetrics& collect = relation.collect_metrics();
  SLUICE_ASSIGN(ResolvedRelation input, context.Resolve(collect.input()));
  if (collect.name().empty()) {
    return UserError("INVALID_OBSERVED_METRICS.MISSING_NAME",
                     "Invalid observed metrics. The observed metrics should be named.");
  }
  auto observation = std::make_shared<Observation>();
  observation->name = collect.name();
  observation->plan_id = relation.common().plan_id();
  observation->schema = arrow::schema(arrow::FieldVector());
  Observer observer(std::move(input), context.options(), context.catalog());
  for (const Expression& metric : collect.metrics()) {
    SLUICE_RETURN_IF_ERROR(AtOrigin(observer.Add(metric, observation.get()), metric.common().origin()));
  }
  return observer.Finish(std::move(observation));
}

}  // namespace sluice
