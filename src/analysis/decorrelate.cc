// SPDX-License-Identifier: Apache-2.0
#include <arrow/api.h>
#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <utility>
#include <variant>

#include "analysis/aggregate_builder.h"
#include "analysis/lower_rows.h"
#include "analysis/relation_context.h"
#include "base/spark_error.h"
#include "expr/function_expr.h"
#include "plan/rewrite.h"

namespace sluice {
namespace {

Status Refused(const std::string& what) {
  return NotSupported(
      fmt::format("{} in a subquery that names columns of the outer query is not supported by Sluice.", what));
}

bool ReadsColumns(const ExprPtr& expr) {
  return HasNode<ColumnExpr>(expr);
}

std::vector<ExprPtr> AllColumns(const PlanNode& plan, int shift = 0) {
  std::vector<ExprPtr> columns;
  columns.reserve(static_cast<size_t>(plan.schema->num_fields()));
  for (int i = 0; i < plan.schema->num_fields(); ++i) columns.push_back(ColumnOf(*plan.schema, i, shift));
  return columns;
}

bool AnyOuter(const std::vector<ExprPtr>& exprs) {
  return std::any_of(exprs.begin(), exprs.end(), HasNode<OuterExpr>);
}

// outer = inner, or <=>: `outer` reads no column of the subquery, `inner` none of the outer query.
struct Pair {
  ExprPtr outer;
  ExprPtr inner;
  std::string op;
};
bool IsPair(const ExprPtr& condition, Pair* pair) {
  const auto* call = dynamic_cast<const FunctionExpr*>(condition.get());
  if (call == nullptr || (call->name() != "=" && call->name() != "==" && call->name() != "<=>")) return false;
  *pair = {call->children()[0], call->children()[1], call->name()};
  if (ReadsColumns(pair->outer)) std::swap(pair->outer, pair->inner);
  return !ReadsColumns(pair->outer) && !HasNode<OuterExpr>(pair->inner) && ReadsColumns(pair->inner);
}

// The value of an aggregate over no rows.
Result<ExprPtr> OfNoRows(const AggregateCall& call) {
  const auto accumulator = MakeAccumulator(call);
  SLUICE_RETURN_IF_ERROR(accumulator.status());
  (*accumulator)->Resize(1);
  SLUICE_ASSIGN(const auto values, (*accumulator)->Finish());
  SLUICE_ASSIGN(auto value, values->GetScalar(0));
  return std::make_shared<LiteralExpr>(std::move(value));
}

class Puller {
 public:
  Puller(const PlanPtr& left, const std::vector<ExprPtr>& outer, const ResolveOptions& options)
      : left_(left), outer_(outer), options_(options) {}

  Result<Pulled> Pull(const PlanPtr& plan) {
    if (!HasOuter(*plan)) {
      Pulled pulled{plan, AllColumns(*plan), {}, {}};
      return pulled;
    }
    return std::visit([&](const auto& op) { return PullNode(op, *plan); }, plan->op);
  }

 private:
  static std::vector<ExprPtr> Over(const std::vector<ExprPtr>& exprs, const std::vector<ExprPtr>& values) {
    std::vector<ExprPtr> moved;
    moved.reserve(exprs.size());
    for (const ExprPtr& expr : exprs) moved.push_back(SubstituteColumns(expr, values));
    return moved;
  }

  template <typename Op>
  static Result<Pulled> PullNode(const Op&, const PlanNode&) {
    return Refused("A set operation or a sample");
  }
  // Without a LIMIT above it the order of a subquery's rows has no meaning.
  Result<Pulled> PullNode(const plan::Sort&, const PlanNode& node) { return Pull(node.inputs[0]); }
  Result<Pulled> PullNode(const plan::Repartition&, const PlanNode& node) { return Pull(node.inputs[0]); }

  Result<Pulled> PullNode(const plan::Project& project, const PlanNode& node) {
    SLUICE_ASSIGN(Pulled pulled, Pull(node.inputs[0]));
    if (!AllDeterministic(project.exprs)) return Refused("An expression that is not deterministic");
    if (!pulled.if_empty.empty()) pulled.if_empty = Over(project.exprs, pulled.if_empty);
    pulled.outputs = Over(project.exprs, pulled.outputs);
    return pulled;
  }

  Result<Pulled> PullNode(const plan::Filter& filter, const PlanNode& node) {
    SLUICE_ASSIGN(Pulled pulled, Pull(node.inputs[0]));
    // A row that is made of nothing may be left out again; then nothing is there.
    if (!pulled.if_empty.empty()) return Refused("HAVING without GROUP BY");
    std::vector<ExprPtr> parts;
    AddConjuncts(SubstituteColumns(filter.condition, pulled.outputs), &parts);
    for (const ExprPtr& part : parts) {
      if (HasNode<OuterExpr>(part)) {
        pulled.conditions.push_back(part);
      } else {
        pulled.plan = MakeFilter(std::move(pulled.plan), part);
      }
    }
    return pulled;
  }

  // Makes every condition a pair. Where there is another way of belonging together, or where `values_needed`, the
  // different values of the outer columns are joined with the plan: as its first columns, which OverValues puts in.
  Status OnlyPairs(Pulled* pulled, std::vector<Pair>* pairs, bool values_needed) {
    bool all = !values_needed;
    pairs->clear();
    for (const ExprPtr& condition : pulled->conditions) {
      Pair pair;
      all = all && IsPair(condition, &pair);
      pairs->push_back(std::move(pair));
    }
    if (all) return Status::OK();
    if (IsStreaming(*left_)) {
      return NotSupported("A subquery that names columns of a stream otherwise than by = is not supported by Sluice.");
    }
    std::vector<ExprPtr> keys;
    std::vector<std::string> names;
    for (const ExprPtr& column : outer_) {
      keys.push_back(column);
      names.push_back(column->ToString());
    }
    const PlanPtr values = AggregateBuilder(keys, names).Build(left_);
    const int shift = values->schema->num_fields();
    const auto moved = [&](const std::vector<ExprPtr>& exprs) {
      std::vector<ExprPtr> result;
      result.reserve(exprs.size());
      for (const ExprPtr& expr : exprs) {
        result.push_back(Transform(expr, [&](const ExprPtr& one) -> ExprPtr {
          if (const auto* column = dynamic_cast<const ColumnExpr*>(one.get())) {
            return std::make_shared<ColumnExpr>(column->index() + shift, column->name(), column->type(),
                                                column->nullable());
          }
          const auto* slot = dynamic_cast<const OuterExpr*>(one.get());
          return slot == nullptr ? nullptr : ColumnOf(*values->schema, static_cast<int>(slot->index()));
        }));
      }
      return result;
    };
    pulled->plan = MakeJoin(values, pulled->plan, JoinType::kInner, moved(pulled->conditions));
    pulled->outputs = moved(pulled->outputs);
    pulled->conditions.clear();
    pairs->clear();
    for (size_t i = 0; i < outer_.size(); ++i) {
      const ExprPtr slot = std::make_shared<OuterExpr>(i, outer_[i]);
      const ExprPtr column = ColumnOf(*values->schema, static_cast<int>(i));
      SLUICE_ASSIGN(ExprPtr equal, ResolveFunction("<=>", {slot, column}, options_));
      pulled->conditions.push_back(std::move(equal));
      pairs->push_back({slot, column, "<=>"});
    }
    return Status::OK();
  }

  // An expression behind OnlyPairs, without OuterExprs.
  static ExprPtr OverValues(const ExprPtr& expr) {
    return Transform(expr, [](const ExprPtr& one) -> ExprPtr {
      const auto* slot = dynamic_cast<const OuterExpr*>(one.get());
      if (slot == nullptr) return nullptr;
      return std::make_shared<ColumnExpr>(static_cast<int>(slot->index()), slot->ToString(), slot->type(),
                                          slot->nullable());
    });
  }
  // The node over what is pulled from its input; its expressions are free of OuterExprs.
  static std::shared_ptr<PlanNode> Moved(const PlanNode& node, const Pulled& pulled) {
    auto copy = std::make_shared<PlanNode>(node);
    copy->inputs = {pulled.plan};
    const PlanPtr moved = RewriteExpressions(copy, [&](const std::vector<ExprPtr>& exprs) {
      std::vector<ExprPtr> result;
      result.reserve(exprs.size());
      for (const ExprPtr& expr : exprs) result.push_back(OverValues(SubstituteColumns(expr, pulled.outputs)));
      return result;
    });
    return moved == nullptr ? copy : std::make_shared<PlanNode>(*moved);
  }
  static bool NeedsValues(const PlanNode& node, const Pulled& pulled) {
    return AnyOuter(pulled.outputs) || AnyOuter(ExpressionsOf(node));
  }

  // Rows are grouped by what they are found by as well.
  Result<Pulled> PullNode(const plan::Aggregate& aggregate, const PlanNode& node) {
    SLUICE_ASSIGN(Pulled below, Pull(node.inputs[0]));
    if (!below.if_empty.empty()) return Refused("An aggregation of an aggregation");
    std::vector<Pair> pairs;
    SLUICE_RETURN_IF_ERROR(OnlyPairs(&below, &pairs, NeedsValues(node, below)));
    const std::shared_ptr<PlanNode> moved = Moved(node, below);
    const size_t keys = aggregate.keys.size();
    arrow::FieldVector fields(node.schema->fields().begin(),
                              node.schema->fields().begin() + static_cast<std::ptrdiff_t>(keys));
    for (const Pair& pair : pairs) {
      moved->Get<plan::Aggregate>().keys.push_back(pair.inner);
      fields.push_back(arrow::field(pair.inner->ToString(), pair.inner->type(), pair.inner->nullable()));
    }
    fields.insert(fields.end(), node.schema->fields().begin() + static_cast<std::ptrdiff_t>(keys),
                  node.schema->fields().end());
    moved->schema = arrow::schema(std::move(fields));
    Pulled pulled;
    for (size_t i = 0; i < static_cast<size_t>(node.schema->num_fields()); ++i) {
      const size_t at = i < keys ? i : i + pairs.size();
      pulled.outputs.push_back(ColumnOf(*moved->schema, static_cast<int>(at)));
    }
    for (size_t i = 0; i < pairs.size(); ++i) {
      const ExprPtr key = ColumnOf(*moved->schema, static_cast<int>(keys + i));
      SLUICE_ASSIGN(ExprPtr equal, ResolveFunction(pairs[i].op, {pairs[i].outer, key}, options_));
      pulled.conditions.push_back(std::move(equal));
    }
    if (keys == 0) {
      for (const AggregateCall& call : aggregate.calls) {
        SLUICE_ASSIGN(ExprPtr value, OfNoRows(call));
        pulled.if_empty.push_back(std::move(value));
      }
    }
    pulled.plan = moved;
    return pulled;
  }

  // The first rows of each outer row are numbered for themselves.
  Result<Pulled> PullNode(const plan::Limit& limit, const PlanNode& node) {
    PlanPtr below = node.inputs[0];
    std::vector<SortKey> order;
    while (below->Is<plan::Project>()) below = below->inputs[0];
    if (const auto* sort = below->As<plan::Sort>()) order = sort->keys;
    const bool sorted = !order.empty();
    SLUICE_ASSIGN(Pulled pulled, Pull(sorted ? below : node.inputs[0]));
    if (!pulled.if_empty.empty() && (!limit.rows || *limit.rows > 0) && limit.offset == 0) {
      return sorted ? Pull(node.inputs[0]) : pulled;  // one row
    }
    std::vector<Pair> pairs;
    bool values_needed = false;
    for (const SortKey& key : order) values_needed |= HasNode<OuterExpr>(SubstituteColumns(key.expr, pulled.outputs));
    SLUICE_RETURN_IF_ERROR(OnlyPairs(&pulled, &pairs, values_needed));
    plan::Window window;
    for (const Pair& pair : pairs) window.partition.push_back(pair.inner);
    for (SortKey key : order) {
      key.expr = OverValues(SubstituteColumns(key.expr, pulled.outputs));
      window.order.push_back(std::move(key));
    }
    WindowCall number;
    number.function = WindowFunction::kRowNumber;
    number.call.type = arrow::int32();
    number.call.nullable = false;
    number.call.display = "row_number()";
    window.calls = {number};
    arrow::FieldVector fields = pulled.plan->schema->fields();
    const auto place = static_cast<int>(fields.size());
    fields.push_back(arrow::field("row_number()", arrow::int32(), false));
    pulled.plan = MakeNode(std::move(window), {pulled.plan}, arrow::schema(std::move(fields)));
    const ExprPtr row = ColumnOf(*pulled.plan->schema, place);
    const auto demand = [&](const char* op, int64_t bound) -> Status {
      const ExprPtr literal = std::make_shared<LiteralExpr>(std::make_shared<arrow::Int64Scalar>(bound));
      SLUICE_ASSIGN(ExprPtr condition, ResolveFunction(op, {row, literal}, options_));
      pulled.plan = MakeFilter(std::move(pulled.plan), std::move(condition));
      return Status::OK();
    };
    if (limit.rows) SLUICE_RETURN_IF_ERROR(demand("<=", limit.offset + *limit.rows));
    if (limit.offset > 0) SLUICE_RETURN_IF_ERROR(demand(">", limit.offset));
    if (!sorted) return pulled;
    // The projections that stood between the sort and the limit.
    std::vector<const plan::Project*> projections;
    for (const PlanNode* one = node.inputs[0].get(); one->Is<plan::Project>(); one = one->inputs[0].get())
      projections.push_back(one->As<plan::Project>());
    for (auto one = projections.rbegin(); one != projections.rend(); ++one)
      pulled.outputs = Over((*one)->exprs, pulled.outputs);
    return pulled;
  }

  Result<Pulled> PullNode(const plan::Join& join, const PlanNode& node) {
    SLUICE_ASSIGN(Pulled left, Pull(node.inputs[0]));
    SLUICE_ASSIGN(Pulled right, Pull(node.inputs[1]));
    if (!left.if_empty.empty() || !right.if_empty.empty()) return Refused("A join with an aggregation");
    const int shift = left.plan->schema->num_fields();
    const auto moved = [&](const ExprPtr& expr) {
      return Transform(expr, [&](const ExprPtr& one) -> ExprPtr {
        const auto* column = dynamic_cast<const ColumnExpr*>(one.get());
        if (column == nullptr) return nullptr;
        return std::make_shared<ColumnExpr>(column->index() + shift, column->name(), column->type(),
                                            column->nullable());
      });
    };
    std::vector<ExprPtr> both = left.outputs;
    for (const ExprPtr& output : right.outputs) both.push_back(moved(output));
    plan::Join over = join;
    over.VisitExpressions([&](ExprPtr& expr) { expr = SubstituteColumns(expr, both); });
    bool any_outer = AnyOuter(right.outputs);
    over.VisitExpressions([&](const ExprPtr& expr) { any_outer = any_outer || HasNode<OuterExpr>(expr); });
    if (join.type != JoinType::kInner && (!right.conditions.empty() || any_outer)) {
      return Refused("An outer, semi or anti join");
    }
    Pulled pulled;
    pulled.conditions = left.conditions;
    for (const ExprPtr& condition : right.conditions) pulled.conditions.push_back(moved(condition));
    std::vector<ExprPtr> conditions;
    for (const ExprPtr& condition : over.conditions) {
      (HasNode<OuterExpr>(condition) ? pulled.conditions : conditions).push_back(condition);
    }
    auto joined = std::make_shared<PlanNode>(*MakeJoin(left.plan, right.plan, join.type, std::move(conditions)));
    joined->Get<plan::Join>().keys = std::move(over.keys);
    pulled.outputs = GivesLeftOnly(join.type) ? left.outputs : both;
    if (join.type == JoinType::kExistence) pulled.outputs.push_back(ColumnOf(*joined->schema, shift));
    if (!GivesLeftOnly(join.type)) {
      // Columns may have become nullable.
      pulled.outputs = Over(pulled.outputs, AllColumns(*joined));
    }
    pulled.plan = std::move(joined);
    return pulled;
  }

  Result<Pulled> PullNode(const plan::Generate& generate, const PlanNode& node) {
    SLUICE_ASSIGN(Pulled pulled, Pull(node.inputs[0]));
    if (!pulled.if_empty.empty()) return Refused("A generator over an aggregation");
    std::vector<Pair> pairs;
    if (NeedsValues(node, pulled)) SLUICE_RETURN_IF_ERROR(OnlyPairs(&pulled, &pairs, true));
    const std::shared_ptr<PlanNode> moved = Moved(node, pulled);
    std::vector<int>& places = moved->Get<plan::Generate>().generator.kept;
    places.clear();
    arrow::FieldVector fields = pulled.plan->schema->fields();
    const auto width = static_cast<int>(fields.size());
    for (int i = 0; i < width; ++i) places.push_back(i);
    const auto kept = generate.generator.kept.size();
    fields.insert(fields.end(), node.schema->fields().begin() + static_cast<std::ptrdiff_t>(kept),
                  node.schema->fields().end());
    moved->schema = arrow::schema(std::move(fields));
    moved->inputs = {pulled.plan};
    std::vector<ExprPtr> outputs;
    for (const int column : generate.generator.kept) outputs.push_back(pulled.outputs[static_cast<size_t>(column)]);
    for (int i = width; i < moved->schema->num_fields(); ++i) outputs.push_back(ColumnOf(*moved->schema, i));
    pulled.outputs = std::move(outputs);
    pulled.plan = moved;
    return pulled;
  }

  Result<Pulled> PullNode(const plan::Window& window, const PlanNode& node) {
    SLUICE_ASSIGN(Pulled pulled, Pull(node.inputs[0]));
    if (!pulled.if_empty.empty()) return Refused("A window function over an aggregation");
    std::vector<Pair> pairs;
    SLUICE_RETURN_IF_ERROR(OnlyPairs(&pulled, &pairs, NeedsValues(node, pulled)));
    const std::shared_ptr<PlanNode> moved = Moved(node, pulled);
    for (const Pair& pair : pairs) moved->Get<plan::Window>().partition.push_back(pair.inner);
    arrow::FieldVector fields = pulled.plan->schema->fields();
    const auto width = static_cast<int>(fields.size());
    fields.insert(fields.end(), node.schema->fields().end() - static_cast<std::ptrdiff_t>(window.calls.size()),
                  node.schema->fields().end());
    moved->schema = arrow::schema(std::move(fields));
    for (int i = width; i < moved->schema->num_fields(); ++i) pulled.outputs.push_back(ColumnOf(*moved->schema, i));
    pulled.plan = moved;
    return pulled;
  }

  const PlanPtr& left_;
  const std::vector<ExprPtr>& outer_;
  const ResolveOptions& options_;
};

}  // namespace

Result<Pulled> PullOuter(const PlanPtr& plan, const PlanPtr& left, const std::vector<ExprPtr>& outer,
                         const ResolveOptions& options) {
  SLUICE_ASSIGN(Pulled pulled, Puller(left, outer, options).Pull(plan));
  if (pulled.plan->schema->num_fields() > 0) return pulled;
  return InternalError("a subquery's plan without columns");
}

}  // namespace sluice
