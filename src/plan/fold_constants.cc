// SPDX-License-Identifier: Apache-2.0
#include <arrow/api.h>

#include <algorithm>

#include "plan/rewrite.h"
#include "plan/rules.h"

namespace sluice {
namespace {

bool IsLiteral(const ExprPtr& expr) {
  return dynamic_cast<const LiteralExpr*>(expr.get()) != nullptr;
}

ExprPtr Folded(const ExprPtr& expr, const EvalContext& context) {
  const auto& children = expr->children();
  if (children.empty() || !expr->deterministic() || arrow::is_nested(expr->type()->id())) return nullptr;
  if (!std::all_of(children.begin(), children.end(), IsLiteral)) return nullptr;
  Result<std::shared_ptr<arrow::Scalar>> value = EvalConstant(expr, context);
  if (!value.ok() || !(*value)->type->Equals(*expr->type())) return nullptr;
  return std::make_shared<LiteralExpr>(value.MoveValueUnsafe());
}

}  // namespace

PlanPtr FoldConstants(const PlanPtr& plan, const EvalContext& context) {
  return RewritePlan(plan, [&](const PlanPtr& node) -> PlanPtr {
    PlanPtr folded = RewriteExpressions(node, [&](const std::vector<ExprPtr>& exprs) {
      std::vector<ExprPtr> result;
      for (const ExprPtr& expr : exprs) {
        result.push_back(Transform(expr, [&](const ExprPtr& e) { return Folded(e, context); }));
      }
      return result;
    });
    const PlanNode& now = folded == nullptr ? *node : *folded;
    if (const auto* filter = now.As<plan::Filter>(); filter != nullptr && IsLiteral(filter->condition)) {
      const auto& value = *static_cast<const LiteralExpr&>(*filter->condition).value();
      if (value.is_valid && static_cast<const arrow::BooleanScalar&>(value).value) return now.inputs[0];
    }
    return folded;
  });
}

}  // namespace sluice
