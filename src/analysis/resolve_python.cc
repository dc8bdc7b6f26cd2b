// SPDX-License-Identifier: Apache-2.0
#include <arrow/api.h>
#include <fmt/format.h>

#include <algorithm>

#include "analysis/python_functions.h"
#include "analysis/relations.h"
#include "analysis/shown_expr.h"
#include "analysis/table_functions.h"
#include "base/spark_error.h"
#include "expr/python_call.h"

namespace sluice {
namespace {

using spark::connect::Expression;

Status WrongPlace(const PythonFunction& function) {
  return UserError("SLUICE_PYTHON_FUNCTION_PLACE",
                   fmt::format("The Python function {} is of another kind than this place takes.", function.name));
}

// The columns that a function of whole rows gets.
std::vector<ExprPtr> ColumnsOf(const Scope& scope) {
  std::vector<ExprPtr> columns;
  for (const ScopeColumn& column : scope.columns()) columns.push_back(column.value);
  return columns;
}

// The fields of the struct that a function of whole rows gives.
Result<std::shared_ptr<arrow::Schema>> OutputOf(const PythonFunction& function) {
  if (function.type->id() != arrow::Type::STRUCT) return WrongPlace(function);
  return arrow::schema(function.type->fields());
}

ResolvedRelation RelationOf(PlanPtr plan) {
  ResolvedRelation result;
  result.scope = Scope::Of(*plan->schema);
  result.plan = std::move(plan);
  return result;
}

// The rows of one side of a group: its keys, then its columns that are no keys, sorted by the keys.
struct GroupedSide {
  PlanPtr sorted;
  std::vector<ExprPtr> columns;
  std::vector<int> offsets;  // how many follow, how many are keys, the keys, the values: as workers are told
};

GroupedSide GroupedBy(const ResolvedRelation& input, const std::vector<ExprPtr>& keys) {
  GroupedSide side;
  plan::Sort sort;
  for (const ExprPtr& key : keys) sort.keys.push_back({key, true, true});
  side.sorted = keys.empty() ? input.plan : MakeNode(std::move(sort), {input.plan}, input.plan->schema);
  side.columns = keys;
  std::vector<int> values;
  for (const ExprPtr& column : ColumnsOf(input.scope)) {
    const auto same = std::find_if(side.columns.begin(), side.columns.end(), [&](const ExprPtr& known) {
      const auto* a = dynamic_cast<const ColumnExpr*>(known.get());
      const auto* b = dynamic_cast<const ColumnExpr*>(column.get());
      return a != nullptr && b != nullptr && a->index() == b->index();
    });
    values.push_back(static_cast<int>(same - side.columns.begin()));
    if (same == side.columns.end()) side.columns.push_back(column);
  }
  const int key_count = static_cast<int>(keys.size());
  side.offsets = {1 + key_count + static_cast<int>(values.size()), key_count};
  for (int i = 0; i < key_count; ++i) side.offsets.push_back(i);
  side.offsets.insert(side.offsets.end(), values.begin(), values.end());
  return side;
}

PythonCall CallOf(std::shared_ptr<const PythonFunction> function, const std::vector<int>& offsets) {
  PythonCall call;
  call.functions = {std::move(function)};
  for (const int offset : offsets) call.arguments.push_back({offset, ""});
  return call;
}

Result<std::vector<ExprPtr>> ResolveGroupKeys(RelationContext& context,
                                              const google::protobuf::RepeatedPtrField<Expression>& keys,
                                              const Scope& scope) {
  ExpressionResolver resolver(context.options(), &scope, context.catalog());
  std::vector<ExprPtr> values;
  for (const Expression& key : keys) {
    SLUICE_ASSIGN(std::vector<NamedExpr> named, resolver.ResolveNamed(key));
    for (NamedExpr& column : named) values.push_back(std::move(column.expr));
  }
  return values;
}

}  // namespace

// A call of a function in an expression: one that gives a value a row, or a group's in an aggregation.
Result<ExprPtr> ExpressionResolver::ResolvePython(const std::shared_ptr<const PythonFunction>& function,
                                                  const google::protobuf::RepeatedPtrField<Expression>& arguments) {
  const bool aggregates = IsAggregatePython(*function);
  if (IsTablePython(*function)) {
    return UserError("NOT_A_SCALAR_FUNCTION",
                     fmt::format("{} appears as a scalar expression here, but the function was defined as a table "
                                 "function.",
                                 function->name),
                     {{"functionName", "`" + function->name + "`"}});
  }
  if (!aggregates && !IsScalarPython(*function)) return WrongPlace(*function);
  if (aggregates && builder_ == nullptr) {
    return UserError("INVALID_WHERE_CONDITION",
                     fmt::format("The aggregate {} has no meaning here; conditions on aggregates belong into HAVING.",
                                 function->name),
                     {{"expressionList", function->name}});
  }
  if (aggregates && in_aggregate_) {
    return UserError("NESTED_AGGREGATE_FUNCTION",
                     fmt::format("The aggregate {} stands inside another aggregate.", function->name));
  }
  in_aggregate_ = in_aggregate_ || aggregates;
  std::vector<ExprPtr> values;
  std::vector<std::string> keywords;
  Status failed;
  for (const Expression& argument : arguments) {
    const bool named = argument.has_named_argument_expression();
    const Expression& given = named ? argument.named_argument_expression().value() : argument;
    Result<std::vector<NamedExpr>> resolved = ResolveNamed(given);
    if (!resolved.ok()) {
      failed = resolved.status();
      break;
    }
    for (NamedExpr& value : *resolved) {
      values.push_back(std::move(value.expr));
      keywords.push_back(named ? argument.named_argument_expression().key() : "");
    }
  }
  if (aggregates) in_aggregate_ = false;
  SLUICE_RETURN_IF_ERROR(failed);
  const auto call = std::make_shared<PythonCallExpr>(function, std::move(values), std::move(keywords));
  if (!aggregates) return call;
  AggregateCall of_group;
  of_group.name = call->NodeKey();
  of_group.args = call->children();
  of_group.type = function->type;
  of_group.display = call->ToString();
  return builder_->AddPythonCall(std::move(of_group), function, call->keywords());
}

Result<ResolvedRelation> ResolveMapPartitions(RelationContext& context, const spark::connect::Relation& relation) {
  const spark::connect::MapPartitions& map = relation.map_partitions();
  SLUICE_ASSIGN(const ResolvedRelation input, context.Resolve(map.input()));
  if (map.is_barrier()) return NotSupported("Barrier mode (barrier=True) is not supported by Sluice.");
  SLUICE_ASSIGN(const auto function, PythonFunctionOf(map.func(), *context.catalog()));
  if (function->eval != PythonEval::kMapPandas && function->eval != PythonEval::kMapArrow) {
    return WrongPlace(*function);
  }
  SLUICE_ASSIGN(auto output, OutputOf(*function));
  plan::PythonStep step;
  step.kind = plan::PythonStep::Kind::kBatches;
  step.calls = {CallOf(function, {0})};
  step.columns = ColumnsOf(input.scope);
  return RelationOf(MakeNode(std::move(step), {input.plan}, std::move(output)));
}

Result<ResolvedRelation> ResolveGroupMap(RelationContext& context, const spark::connect::Relation& relation) {
  const spark::connect::GroupMap& map = relation.group_map();
  if (map.has_transform_with_state_info() || map.is_map_groups_with_state() || map.has_initial_input()) {
    return NotSupported("Functions over groups with a state are not supported by Sluice.");
  }
  SLUICE_ASSIGN(const ResolvedRelation input, context.Resolve(map.input()));
  SLUICE_ASSIGN(const auto function, PythonFunctionOf(map.func(), *context.catalog()));
  switch (function->eval) {
    case PythonEval::kGroupedMapPandas:
    case PythonEval::kGroupedMapPandasIter:
    case PythonEval::kGroupedMapArrow:
    case PythonEval::kGroupedMapArrowIter:
      break;
    default:
      return WrongPlace(*function);
  }
  SLUICE_ASSIGN(const auto keys, ResolveGroupKeys(context, map.grouping_expressions(), input.scope));
  GroupedSide side = GroupedBy(input, keys);
  SLUICE_ASSIGN(auto output, OutputOf(*function));
  plan::PythonStep step;
  step.kind = plan::PythonStep::Kind::kGroups;
  step.keys = static_cast<int>(keys.size());
  step.calls = {CallOf(function, side.offsets)};
  step.columns = std::move(side.columns);
  return RelationOf(MakeNode(std::move(step), {std::move(side.sorted)}, std::move(output)));
}

Result<ResolvedRelation> ResolveCoGroupMap(RelationContext& context, const spark::connect::Relation& relation) {
  const spark::connect::CoGroupMap& map = relation.co_group_map();
  SLUICE_ASSIGN(const ResolvedRelation left, context.Resolve(map.input()));
  SLUICE_ASSIGN(const ResolvedRelation right, context.Resolve(map.other()));
  SLUICE_ASSIGN(const auto function, PythonFunctionOf(map.func(), *context.catalog()));
  if (function->eval != PythonEval::kCogroupedMapPandas && function->eval != PythonEval::kCogroupedMapArrow) {
    return WrongPlace(*function);
  }
  SLUICE_ASSIGN(const auto left_keys, ResolveGroupKeys(context, map.input_grouping_expressions(), left.scope));
  SLUICE_ASSIGN(const auto right_keys, ResolveGroupKeys(context, map.other_grouping_expressions(), right.scope));
  if (left_keys.size() != right_keys.size()) {
    return UserError("SLUICE_PYTHON_FUNCTION_PLACE",
                     fmt::format("Cogroup keys must have same size: {} != {}", left_keys.size(), right_keys.size()));
  }
  for (size_t i = 0; i < left_keys.size(); ++i) {
    if (!left_keys[i]->type()->Equals(*right_keys[i]->type())) {
      return NotSupported("A cogroup by keys of different types is not supported by Sluice: cast one of them.");
    }
  }
  GroupedSide of_left = GroupedBy(left, left_keys);
  GroupedSide of_right = GroupedBy(right, right_keys);
  SLUICE_ASSIGN(auto output, OutputOf(*function));
  plan::PythonStep step;
  step.kind = plan::PythonStep::Kind::kCogroups;
  step.keys = static_cast<int>(left_keys.size());
  step.left_columns = static_cast<int>(of_left.columns.size());
  step.columns = std::move(of_left.columns);
  step.columns.insert(step.columns.end(), of_right.columns.begin(), of_right.columns.end());
  std::vector<int> offsets = of_left.offsets;
  offsets.insert(offsets.end(), of_right.offsets.begin(), of_right.offsets.end());
  step.calls = {CallOf(function, offsets)};
  return RelationOf(
      MakeNode(std::move(step), {std::move(of_left.sorted), std::move(of_right.sorted)}, std::move(output)));
}

// Python's aggregates are computed apart from all others, and by one kind of worker.
Status CheckPythonAggregates(const AggregateBuilder& builder) {
  std::string names;
  const PythonFunction* first = nullptr;
  bool others = false;
  for (const auto& function : builder.python()) {
    others = others || function == nullptr;
    if (function == nullptr) continue;
    names += (names.empty() ? "`" : ", `") + function->name + "`";
    if (first == nullptr) first = function.get();
    if (function->eval != first->eval) {
      return NotSupported("Aggregating Python functions of different kinds beside each other are not supported.");
    }
  }
  if (first == nullptr || !others) return Status::OK();
  return UserError("INVALID_PANDAS_UDF_PLACEMENT",
                   fmt::format("The group aggregate pandas UDF {} cannot be invoked together with as other, "
                               "non-pandas aggregate functions.",
                               names),
                   {{"functionList", names}});
}

}  // namespace sluice
