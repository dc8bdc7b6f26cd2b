// SPDX-License-Identifier: Apache-2.0
#include "analysis/shown_expr.h"

#include "plan/rewrite.h"

namespace sluice {
namespace {

constexpr int64_t kMaxNamedNodes = 20000;

}  // namespace

ShownExpr::ShownExpr(ExprPtr inner, std::string shown)
    : Expr(inner->type(), inner->nullable(), {}), inner_(std::move(inner)), shown_(std::move(shown)) {}

Result<std::shared_ptr<arrow::Array>> ShownExpr::EvalImpl(Evaluation& evaluation) const {
  return evaluation.Eval(inner_);
}

ExprPtr ShownExpr::WithChildren(std::vector<ExprPtr>) const {
  return std::make_shared<ShownExpr>(inner_, shown_);
}

ExprPtr WithoutShown(const ExprPtr& expr) {
  return Transform(expr, [](const ExprPtr& node) -> ExprPtr {
    const auto* shown = dynamic_cast<const ShownExpr*>(node.get());
    return shown == nullptr ? nullptr : WithoutShown(shown->inner());
  });
}

std::string DisplayName(const ExprPtr& expr) {
  return WrittenSize(expr, kMaxNamedNodes) < kMaxNamedNodes ? expr->ToString() : "(a long expression)";
}

}  // namespace sluice
