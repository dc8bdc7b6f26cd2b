// SPDX-License-Identifier: Apache-2.0
#include <arrow/api.h>
#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "analysis/lower_rows.h"
#include "analysis/relation_context.h"
#include "base/spark_error.h"
#include "expr/function_expr.h"
#include "plan/rewrite.h"

namespace sluice {
namespace {

ExprPtr True() {
  return std::make_shared<LiteralExpr>(std::make_shared<arrow::BooleanScalar>(true));
}

// An expression over a subquery's plan as one over the join with it: its columns behind the `shift` left ones, and the
// outer columns in place of what stands for them.
ExprPtr OverJoin(const ExprPtr& expr, int shift, const std::vector<ExprPtr>& outer) {
  return Transform(expr, [&](const ExprPtr& node) -> ExprPtr {
    if (const auto* column = dynamic_cast<const ColumnExpr*>(node.get())) {
      return std::make_shared<ColumnExpr>(column->index() + shift, column->name(), column->type(), column->nullable());
    }
    const auto* slot = dynamic_cast<const OuterExpr*>(node.get());
    return slot == nullptr ? nullptr : outer[slot->index()];
  });
}

std::vector<ExprPtr> OverJoin(const std::vector<ExprPtr>& exprs, int shift, const std::vector<ExprPtr>& outer) {
  std::vector<ExprPtr> moved;
  moved.reserve(exprs.size());
  for (const ExprPtr& expr : exprs) moved.push_back(OverJoin(expr, shift, outer));
  return moved;
}

// Puts joins with subqueries onto an input whose expressions are rewritten along.
class Joiner {
 public:
  Joiner(PlanPtr input, const ResolveOptions& options) : input_(std::move(input)), options_(options) {}
  const PlanPtr& input() const { return input_; }

  // A condition of which only the rows where it is true are kept: EXISTS and IN drop rows themselves. Null: nothing
  // else is left of it.
  Result<ExprPtr> Demand(const ExprPtr& condition) {
    const SubqueryExpr* subquery = dynamic_cast<const SubqueryExpr*>(condition.get());
    bool negated = false;
    if (subquery == nullptr) {
      subquery = Negated(condition);
      negated = subquery != nullptr;
    }
    if (subquery == nullptr || subquery->kind() == SubqueryKind::kScalar) return Value(condition);
    if (Nested(*subquery)) return Value(condition);
    SLUICE_ASSIGN(const Pulled pulled, Pull(*subquery));
    if (subquery->kind() == SubqueryKind::kExists && !pulled.if_empty.empty()) {
      return negated ? Literal(false) : ExprPtr();
    }
    if (subquery->kind() == SubqueryKind::kIn && !pulled.if_empty.empty()) {
      SLUICE_ASSIGN(ExprPtr equal, EqualsOneRow(*subquery, pulled));
      if (!negated) return equal;
      return ResolveFunction("not", {std::move(equal)}, options_);
    }
    if (negated && subquery->kind() == SubqueryKind::kIn && pulled.conditions.empty() &&
        subquery->values().size() == 1 && pulled.outputs.size() == 1) {
      auto join = std::make_shared<PlanNode>(*MakeJoin(input_, pulled.plan, JoinType::kLeftAntiNullAware, {}));
      join->Get<plan::Join>().keys = {{subquery->values()[0], OverJoin(pulled.outputs[0], width(), {}), false}};
      input_ = std::move(join);
      return ExprPtr();
    }
    SLUICE_ASSIGN(std::vector<ExprPtr> conditions, ConditionsOf(*subquery, pulled, negated));
    input_ = MakeJoin(input_, pulled.plan, negated ? JoinType::kLeftAnti : JoinType::kLeftSemi, std::move(conditions));
    return ExprPtr();
  }

  // An expression with columns of joins in place of its subqueries.
  Result<ExprPtr> Value(const ExprPtr& expr) {
    if (!HasNode<SubqueryExpr>(expr)) return expr;
    if (const SubqueryExpr* in = Negated(expr); in != nullptr && in->kind() == SubqueryKind::kIn) {
      SLUICE_ASSIGN(ExprPtr found, Existence(*in, /*null_aware=*/true));
      return ResolveFunction("not", {std::move(found)}, options_);
    }
    if (const auto* subquery = dynamic_cast<const SubqueryExpr*>(expr.get())) {
      return subquery->kind() == SubqueryKind::kScalar ? Scalar(*subquery) : Existence(*subquery, false);
    }
    std::vector<ExprPtr> children;
    for (const ExprPtr& child : expr->children()) {
      SLUICE_ASSIGN(ExprPtr changed, Value(child));
      children.push_back(std::move(changed));
    }
    return AtPlaceOf(expr->WithChildren(std::move(children)), *expr);
  }

 private:
  int width() const { return input_->schema->num_fields(); }
  static ExprPtr Literal(bool value) {
    return std::make_shared<LiteralExpr>(std::make_shared<arrow::BooleanScalar>(value));
  }
  static const SubqueryExpr* Negated(const ExprPtr& expr) {
    const auto* call = dynamic_cast<const FunctionExpr*>(expr.get());
    if (call == nullptr || call->name() != "not") return nullptr;
    return dynamic_cast<const SubqueryExpr*>(call->children()[0].get());
  }
  // Whether a value that is asked for is itself made of a subquery.
  static bool Nested(const SubqueryExpr& subquery) {
    return std::any_of(subquery.children().begin(), subquery.children().end(), HasNode<SubqueryExpr>);
  }

  Result<Pulled> Pull(const SubqueryExpr& subquery) {
    SLUICE_ASSIGN(const PlanPtr plan, LowerRowExprs(subquery.plan(), options_));
    return PullOuter(plan, input_, subquery.outer(), options_);
  }

  // What a left row and a row of the subquery's plan fulfil when they belong together. `null_aware`: or may do so, of
  // NOT IN, where they are NULL.
  Result<std::vector<ExprPtr>> ConditionsOf(const SubqueryExpr& subquery, const Pulled& pulled, bool null_aware) {
    std::vector<ExprPtr> conditions = OverJoin(pulled.conditions, width(), subquery.outer());
    const std::vector<ExprPtr> values = subquery.values();
    for (size_t i = 0; i < values.size(); ++i) {
      const ExprPtr output = OverJoin(pulled.outputs[i], width(), subquery.outer());
      SLUICE_ASSIGN(ExprPtr equal, ResolveFunction("=", {values[i], output}, options_));
      if (null_aware && equal->nullable()) {
        SLUICE_ASSIGN(ExprPtr unknown, ResolveFunction("isnull", {equal}, options_));
        SLUICE_ASSIGN(equal, ResolveFunction("or", {equal, std::move(unknown)}, options_));
      }
      conditions.push_back(std::move(equal));
    }
    return conditions;
  }

  Result<ExprPtr> Existence(const SubqueryExpr& subquery, bool null_aware) {
    if (Nested(subquery)) return NotSupported("A subquery on the left of IN (SELECT ..) is not supported by Sluice.");
    SLUICE_ASSIGN(const Pulled pulled, Pull(subquery));
    if (!pulled.if_empty.empty()) {
      return subquery.kind() == SubqueryKind::kExists ? Result<ExprPtr>(True()) : EqualsOneRow(subquery, pulled);
    }
    SLUICE_ASSIGN(std::vector<ExprPtr> conditions, ConditionsOf(subquery, pulled, null_aware));
    input_ = MakeJoin(input_, pulled.plan, JoinType::kExistence, std::move(conditions));
    return ColumnOf(*input_->schema, width() - 1);
  }

  Result<ExprPtr> Scalar(const SubqueryExpr& subquery) {
    SLUICE_ASSIGN(Pulled pulled, Pull(subquery));
    SLUICE_ASSIGN(const std::vector<ExprPtr> values, JoinOneRow(subquery, std::move(pulled)));
    return values[0];
  }

  // IN of an aggregation without GROUP BY, which always gives one row.
  Result<ExprPtr> EqualsOneRow(const SubqueryExpr& subquery, Pulled pulled) {
    SLUICE_ASSIGN(const std::vector<ExprPtr> outputs, JoinOneRow(subquery, std::move(pulled)));
    const std::vector<ExprPtr> values = subquery.values();
    ExprPtr all;
    for (size_t i = 0; i < values.size(); ++i) {
      SLUICE_ASSIGN(ExprPtr equal, ResolveFunction("=", {values[i], outputs[i]}, options_));
      if (all == nullptr) {
        all = std::move(equal);
      } else {
        SLUICE_ASSIGN(all, ResolveFunction("and", {all, std::move(equal)}, options_));
      }
    }
    return all;
  }

  // Joins each row with the one row that the subquery gives for it; the values of its columns.
  Result<std::vector<ExprPtr>> JoinOneRow(const SubqueryExpr& subquery, Pulled pulled) {
    const bool has_default = !pulled.conditions.empty() && !pulled.if_empty.empty();
    const int marker = pulled.plan->schema->num_fields();
    if (has_default) {
      std::vector<NamedExpr> columns;
      columns.reserve(static_cast<size_t>(marker) + 1);
      for (int i = 0; i < marker; ++i)
        columns.push_back({pulled.plan->schema->field(i)->name(), ColumnOf(*pulled.plan->schema, i), {}});
      columns.push_back({"found", True(), {}});
      pulled.plan = MakeProject(pulled.plan, columns);
    }
    const int shift = width();
    const std::vector<ExprPtr> outer = subquery.outer();
    input_ = MakeJoin(input_, pulled.plan, JoinType::kLeftSingle, OverJoin(pulled.conditions, shift, outer));
    std::vector<ExprPtr> values;
    for (size_t i = 0; i < pulled.outputs.size(); ++i) {
      ExprPtr value = OverJoin(pulled.outputs[i], shift, outer);
      if (has_default) {
        SLUICE_ASSIGN(ExprPtr found,
                      ResolveFunction("isnotnull", {ColumnOf(*input_->schema, shift + marker)}, options_));
        const ExprPtr other = OverJoin(pulled.if_empty[i], shift, outer);
        SLUICE_ASSIGN(value, ResolveFunction("if", {std::move(found), value, other}, options_));
      }
      values.push_back(std::move(value));
    }
    return values;
  }

  PlanPtr input_;
  const ResolveOptions& options_;
};

// The first `count` columns of a plan.
PlanPtr FirstColumns(const PlanPtr& plan, const arrow::Schema& schema) {
  if (plan->schema->num_fields() == schema.num_fields()) return plan;
  std::vector<NamedExpr> columns;
  columns.reserve(static_cast<size_t>(schema.num_fields()));
  for (int i = 0; i < schema.num_fields(); ++i) columns.push_back({schema.field(i)->name(), ColumnOf(schema, i), {}});
  return MakeProject(plan, columns);
}

// Conditions of an inner join with subqueries in them are asked above it.
Result<PlanPtr> LowerJoin(const plan::Join& join, const PlanNode& node, const ResolveOptions& options) {
  if (join.type != JoinType::kInner) {
    return NotSupported("A subquery in the condition of an outer, semi or anti join is not supported by Sluice.");
  }
  std::vector<ExprPtr> in_join;
  std::vector<ExprPtr> above;
  for (const ExprPtr& condition : join.conditions) {
    (HasNode<SubqueryExpr>(condition) ? above : in_join).push_back(condition);
  }
  PlanPtr result = MakeNode(plan::Join{join.type, join.keys, std::move(in_join)}, node.inputs, node.schema);
  for (const ExprPtr& condition : above) result = MakeFilter(std::move(result), condition);
  return LowerRowExprs(result, options);
}

}  // namespace

PlanPtr MakeJoin(PlanPtr left, PlanPtr right, JoinType type, std::vector<ExprPtr> conditions) {
  arrow::FieldVector fields = left->schema->fields();
  if (type == JoinType::kExistence) fields.push_back(arrow::field("exists", arrow::boolean(), false));
  if (!GivesLeftOnly(type)) {
    const bool missing = type == JoinType::kLeft || type == JoinType::kLeftSingle;
    for (const auto& field : right->schema->fields()) fields.push_back(missing ? field->WithNullable(true) : field);
  }
  return MakeNode(plan::Join{type, {}, std::move(conditions)}, {std::move(left), std::move(right)},
                  arrow::schema(std::move(fields)));
}

Result<PlanPtr> LowerSubqueries(const PlanPtr& node, const ResolveOptions& options) {
  if (const auto* join = node->As<plan::Join>()) return LowerJoin(*join, *node, options);
  if (node->inputs.size() != 1) return NotSupported("A subquery here is not supported by Sluice.");
  Joiner joiner(node->inputs[0], options);
  auto copy = std::make_shared<PlanNode>(*node);
  if (const auto* filter = node->As<plan::Filter>()) {
    std::vector<ExprPtr> parts;
    AddConjuncts(filter->condition, &parts);
    // What needs no subquery is asked first.
    std::stable_partition(parts.begin(), parts.end(), [](const ExprPtr& part) { return !HasNode<SubqueryExpr>(part); });
    std::vector<ExprPtr> left;
    for (const ExprPtr& part : parts) {
      SLUICE_ASSIGN(ExprPtr rest, joiner.Demand(part));
      if (rest != nullptr) left.push_back(std::move(rest));
    }
    PlanPtr result = joiner.input();
    for (const ExprPtr& condition : left) result = MakeFilter(std::move(result), condition);
    return FirstColumns(result, *node->schema);
  }
  std::vector<ExprPtr> changed;
  for (const ExprPtr& expr : ExpressionsOf(*node)) {
    SLUICE_ASSIGN(ExprPtr value, joiner.Value(expr));
    changed.push_back(std::move(value));
  }
  copy->inputs = {joiner.input()};
  const bool passes = node->Is<plan::Sort>() || node->Is<plan::Observe>();
  if (passes) copy->schema = joiner.input()->schema;
  const PlanPtr result = RewriteExpressions(copy, [&](const std::vector<ExprPtr>&) { return changed; });
  return passes ? FirstColumns(result, *node->schema) : result;
}

Result<PlanPtr> JoinLateral(const PlanPtr& left, const PlanPtr& plan, const std::vector<ExprPtr>& outer, JoinType type,
                            const ExprPtr& condition, const ResolveOptions& options) {
  SLUICE_ASSIGN(const PlanPtr lowered, LowerRowExprs(plan, options));
  SLUICE_ASSIGN(Pulled pulled, PullOuter(lowered, left, outer, options));
  const int shift = left->schema->num_fields();
  const int marker = pulled.plan->schema->num_fields();
  const bool always = !pulled.if_empty.empty();
  // What the subquery computes of outer columns is computed above the join, and NULL where there was no row.
  std::vector<NamedExpr> kept;
  kept.reserve(static_cast<size_t>(marker) + 1);
  for (int i = 0; i < marker; ++i)
    kept.push_back({pulled.plan->schema->field(i)->name(), ColumnOf(*pulled.plan->schema, i), {}});
  kept.push_back({"found", True(), {}});
  const bool missing = always || type == JoinType::kLeft;
  std::vector<ExprPtr> conditions = OverJoin(pulled.conditions, shift, outer);
  std::vector<ExprPtr> outputs;
  std::vector<ExprPtr> of_join;
  of_join.reserve(static_cast<size_t>(shift));
  for (int i = 0; i < shift; ++i) of_join.push_back(ColumnOf(*left->schema, i));
  for (size_t i = 0; i < pulled.outputs.size(); ++i) {
    outputs.push_back(OverJoin(pulled.outputs[i], shift, outer));
    of_join.push_back(outputs.back());
  }
  if (condition != nullptr && !always) conditions.push_back(SubstituteColumns(condition, of_join));
  PlanPtr join = MakeJoin(left, MakeProject(pulled.plan, kept), missing ? JoinType::kLeft : JoinType::kInner,
                          std::move(conditions));
  std::vector<NamedExpr> columns;
  columns.reserve(static_cast<size_t>(shift));
  for (int i = 0; i < shift; ++i) columns.push_back({left->schema->field(i)->name(), ColumnOf(*left->schema, i), {}});
  SLUICE_ASSIGN(const ExprPtr found, ResolveFunction("isnotnull", {ColumnOf(*join->schema, shift + marker)}, options));
  for (size_t i = 0; i < outputs.size(); ++i) {
    ExprPtr value = outputs[i];
    if (missing) {
      const ExprPtr other = always ? OverJoin(pulled.if_empty[i], shift, outer)
                                   : std::make_shared<LiteralExpr>(arrow::MakeNullScalar(value->type()));
      SLUICE_ASSIGN(value, ResolveFunction("if", {found, value, other}, options));
    }
    columns.push_back({plan->schema->field(static_cast<int>(i))->name(), std::move(value), {}});
  }
  PlanPtr result = MakeProject(std::move(join), columns);
  if (condition == nullptr || !always) return result;
  if (type == JoinType::kLeft) {
    return NotSupported("LEFT JOIN LATERAL of an aggregation with a condition is not supported by Sluice.");
  }
  return MakeFilter(std::move(result), condition);
}

}  // namespace sluice
