// SPDX-License-Identifier: Apache-2.0
#include <arrow/api.h>
#include <fmt/format.h>

#include "analysis/file_columns.h"
#include "analysis/relations.h"
#include "analysis/shown_expr.h"
#include "analysis/sort_keys.h"
#include "base/spark_error.h"

namespace sluice {
namespace {

// The columns of a finished SELECT list as values over the base of its block.
Scope OutputScope(const SelectBlock& block) {
  Scope scope;
  for (const NamedExpr& column : block.select) {
    ExprPtr value = column.expr;
    if (block.aggregate) value = std::make_shared<OutputExpr>(std::move(value), column.name);
    scope.Add({column.name, column.qualifier, std::move(value), column.plan_ids});
  }
  return scope;
}

bool IsUnresolved(const Status& status) {
  return HasErrorClass(status, "UNRESOLVED_COLUMN.WITH_SUGGESTION") ||
         HasErrorClass(status, "UNRESOLVED_COLUMN.WITHOUT_SUGGESTION");
}

// Resolves expressions above a SELECT list over the base of its block: its columns first, then what it left out.
class BlockResolver {
 public:
  BlockResolver(const ResolveOptions& options, QueryContext* query, SelectBlock* block)
      : block_(block), output_(OutputScope(*block)), resolver_(options, &output_, query->catalog()) {
    resolver_.SetContext(query);
    if (block->aggregate) block->aggregate = std::make_shared<AggregateBuilder>(*block->aggregate);
    resolver_.AddFallback(&block->input_scope);
    if (block->aggregate) resolver_.AllowAggregates(block->aggregate.get(), {&block->input_scope, &output_});
  }

  Result<ExprPtr> Value(const spark::connect::Expression& expression) {
    SLUICE_ASSIGN(ExprPtr value, resolver_.Resolve(expression));
    return Lowered(std::move(value));
  }

  Result<ExprPtr> Condition(const spark::connect::Expression& expression, const std::string& error_class) {
    SLUICE_ASSIGN(ExprPtr value, resolver_.ResolveCondition(expression, error_class));
    return Lowered(std::move(value));
  }

 private:
  Result<ExprPtr> Lowered(ExprPtr value) {
    if (!block_->aggregate) return value;
    SLUICE_RETURN_IF_ERROR(CheckPythonAggregates(*block_->aggregate));
    return block_->aggregate->Lower(value);
  }

  SelectBlock* block_;
  Scope output_;
  ExpressionResolver resolver_;
};

Result<PlanPtr> MakeSort(PlanPtr input, std::vector<SortKey> keys) {
  SLUICE_RETURN_IF_ERROR(CheckOrderable(keys));
  return MakeNode(plan::Sort{std::move(keys)}, {input}, input->schema);
}

Result<ExprPtr> ByPosition(int32_t position, const Scope& scope) {
  const auto size = static_cast<int32_t>(scope.columns().size());
  if (position >= 1 && position <= size) return scope.columns()[static_cast<size_t>(position) - 1].value;
  return UserError("ORDER_BY_POS_OUT_OF_RANGE",
                   fmt::format("ORDER BY names column {}, but there are {}.", position, size),
                   {{"index", std::to_string(position)}, {"size", std::to_string(size)}});
}

// Sorts by values that the SELECT list does not have: they are added behind it, and taken away again.
Result<PlanPtr> SortByHidden(const ResolveOptions& options, QueryContext* query, SelectBlock block, const Scope& scope,
                             const spark::connect::Sort& sort) {
  ExprNumbers numbers;
  std::vector<ExprPtr> values;
  BlockResolver resolver(options, query, &block);
  for (const auto& order : sort.order()) {
    if (order.child().has_literal() && order.child().literal().has_integer()) {
      const int32_t position = order.child().literal().integer();
      SLUICE_RETURN_IF_ERROR(ByPosition(position, scope).status());
      values.push_back(block.select[static_cast<size_t>(position) - 1].expr);
      continue;
    }
    SLUICE_ASSIGN(ExprPtr value, resolver.Value(order.child()));
    values.push_back(std::move(value));
  }
  std::vector<ExprPtr> hidden;
  std::vector<SortKey> keys;
  for (size_t i = 0; i < values.size(); ++i) {
    size_t at = 0;
    while (at < block.select.size() && numbers.Of(block.select[at].expr) != numbers.Of(values[i])) ++at;
    if (at == block.select.size()) {
      at += hidden.size();
      hidden.push_back(values[i]);
    }
    auto column = std::make_shared<ColumnExpr>(static_cast<int>(at), DisplayName(values[i]), values[i]->type(),
                                               values[i]->nullable());
    keys.push_back(SortKeyOf(sort.order(static_cast<int>(i)), std::move(column)));
  }
  SLUICE_ASSIGN(PlanPtr sorted, MakeSort(block.Build(hidden), std::move(keys)));
  std::vector<NamedExpr> visible;
  for (const ScopeColumn& column : scope.columns()) visible.push_back({column.name, column.value, {}});
  return MakeProject(std::move(sorted), visible);
}

PlanPtr FirstColumns(PlanPtr plan, int count) {
  std::vector<NamedExpr> columns;
  for (int i = 0; i < count; ++i) {
    const auto& field = plan->schema->field(i);
    columns.push_back(
        {field->name(), std::make_shared<ColumnExpr>(i, field->name(), field->type(), field->nullable()), {}});
  }
  return MakeProject(std::move(plan), columns);
}

Result<ResolvedRelation> Limited(RelationContext& context, const spark::connect::Relation& child,
                                 std::optional<int64_t> limit, int64_t offset) {
  SLUICE_ASSIGN(ResolvedRelation input, context.Resolve(child));
  if (offset < 0 || (limit && *limit < 0)) {
    return UserError("INVALID_LIMIT_LIKE_EXPRESSION.IS_NEGATIVE", "LIMIT and OFFSET must not be negative.");
  }
  const PlanPtr below = input.plan;
  const auto* skip = below->As<plan::Limit>();
  if (limit && offset == 0 && skip != nullptr && !skip->rows) {
    // LIMIT n OFFSET m is one node: skip first, then count.
    input.plan = MakeNode(plan::Limit{limit, skip->offset}, below->inputs, below->schema);
  } else {
    input.plan = MakeNode(plan::Limit{limit, offset}, {below}, below->schema);
  }
  input.block = nullptr;
  return input;
}

}  // namespace

Result<ResolvedRelation> ResolveFilter(RelationContext& context, const spark::connect::Relation& relation) {
  const spark::connect::Filter& filter = relation.filter();
  SLUICE_ASSIGN(ResolvedRelation input, context.ResolveInput(filter.has_input(), filter.input()));
  static const std::string kNotBoolean = "DATATYPE_MISMATCH.FILTER_NOT_BOOLEAN";
  if (const FileNaming naming = NamesFile(filter); naming != FileNaming::kNone) {
    PlanPtr wider = input.plan;
    SLUICE_ASSIGN(const Scope files, AddFileColumns(&wider, naming, context.options()));
    if (!files.columns().empty()) {
      spark::connect::Expression condition = filter.condition();
      SLUICE_RETURN_IF_ERROR(NameFileCalls(&condition, context.options()));
      ExpressionResolver resolver = context.Over(&input.scope);
      resolver.AddFallback(&files);
      SLUICE_ASSIGN(ExprPtr value, resolver.ResolveCondition(condition, kNotBoolean));
      input.plan = FirstColumns(MakeFilter(std::move(wider), std::move(value)), input.plan->schema->num_fields());
      input.block = nullptr;
      return input;
    }
  }
  if (input.block == nullptr || input.block->aggregate == nullptr) {
    ExpressionResolver resolver = context.Over(&input.scope);
    Result<ExprPtr> condition = resolver.ResolveCondition(filter.condition(), kNotBoolean);
    if (condition.ok()) {
      input.plan = MakeFilter(std::move(input.plan), condition.MoveValueUnsafe());
      input.block = nullptr;
      return input;
    }
    if (input.block == nullptr || !IsUnresolved(condition.status())) return condition.status();
    SelectBlock block = *input.block;
    Result<ExprPtr> below =
        BlockResolver(context.options(), &context, &block).Condition(filter.condition(), kNotBoolean);
    if (!below.ok()) return IsUnresolved(below.status()) ? condition.status() : below.status();
    block.conditions.push_back(below.MoveValueUnsafe());
    return FromBlock(std::move(block));
  }
  // HAVING
  SelectBlock block = *input.block;
  SLUICE_ASSIGN(ExprPtr condition,
                BlockResolver(context.options(), &context, &block).Condition(filter.condition(), kNotBoolean));
  block.conditions.push_back(std::move(condition));
  return FromBlock(std::move(block));
}

Result<ResolvedRelation> ResolveSort(RelationContext& context, const spark::connect::Relation& relation) {
  const spark::connect::Sort& sort = relation.sort();
  SLUICE_ASSIGN(ResolvedRelation input, context.Resolve(sort.input()));
  // All rows are in one place, so that sortWithinPartitions sorts them all.
  ExpressionResolver resolver = context.Over(&input.scope);
  std::vector<SortKey> keys;
  Status failed;
  for (const auto& order : sort.order()) {
    if (order.child().has_literal() && order.child().literal().has_integer()) {
      SLUICE_ASSIGN(ExprPtr value, ByPosition(order.child().literal().integer(), input.scope));
      keys.push_back(SortKeyOf(order, std::move(value)));
      continue;
    }
    Result<ExprPtr> value = resolver.Resolve(order.child());
    if (!value.ok()) {
      failed = value.status();
      break;
    }
    keys.push_back(SortKeyOf(order, value.MoveValueUnsafe()));
  }
  if (failed.ok()) {
    SLUICE_ASSIGN(input.plan, MakeSort(std::move(input.plan), std::move(keys)));
  } else {
    if (input.block == nullptr) return failed;
    Result<PlanPtr> sorted = SortByHidden(context.options(), &context, *input.block, input.scope, sort);
    if (!sorted.ok()) return IsUnresolved(sorted.status()) && IsUnresolved(failed) ? failed : sorted.status();
    input.plan = sorted.MoveValueUnsafe();
  }
  input.block = nullptr;
  return input;
}

Result<ResolvedRelation> ResolveLimit(RelationContext& context, const spark::connect::Relation& relation) {
  return Limited(context, relation.limit().input(), relation.limit().limit(), 0);
}

Result<ResolvedRelation> ResolveOffset(RelationContext& context, const spark::connect::Relation& relation) {
  return Limited(context, relation.offset().input(), std::nullopt, relation.offset().offset());
}

}  // namespace sluice
