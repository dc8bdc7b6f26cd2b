// SPDX-License-Identifier: Apache-2.0
#include "expr/function_expr.h"

#include <arrow/api.h>
#include <fmt/format.h>

#include <algorithm>

#include "expr/column_io.h"
#include "expr/repaired_text.h"

namespace sluice {

std::string JoinArguments(const Expr& expr, size_t first) {
  std::string text;
  for (size_t i = first; i < expr.children().size(); ++i) {
    if (i > first) text += ", ";
    text += expr.children()[i]->ToString();
  }
  return text;
}

std::string DisplayInfix(const FunctionExpr& node) {
  return fmt::format("({} {} {})", node.children()[0]->ToString(), node.name(), node.children()[1]->ToString());
}

const arrow::Scalar* LiteralArgument(const Expr& expr, size_t index) {
  if (index >= expr.children().size()) return nullptr;
  const auto* literal = dynamic_cast<const LiteralExpr*>(expr.children()[index].get());
  return literal != nullptr && literal->value()->is_valid ? literal->value().get() : nullptr;
}

std::string FunctionExpr::ToString() const {
  if (traits_.display != nullptr) return traits_.display(*this);
  return fmt::format("{}({})", traits_.name, JoinArguments(*this));
}

bool FunctionExpr::deterministic() const {
  return traits_.deterministic && Expr::deterministic();
}

Result<std::shared_ptr<arrow::Array>> FunctionExpr::EvalImpl(Evaluation& evaluation) const {
  std::vector<std::shared_ptr<arrow::Array>> args;
  args.reserve(children().size());
  for (const auto& child : children()) {
    SLUICE_ASSIGN(auto arg, evaluation.Eval(child));
    if (traits_.java_text) {
      SLUICE_ASSIGN(arg, RepairedText(arg, PoolOf(evaluation.context())));
    }
    args.push_back(std::move(arg));
  }
  return traits_.kernel({args, evaluation.input().num_rows(), evaluation.context(), *this});
}

ExprPtr FunctionExpr::WithChildren(std::vector<ExprPtr> children) const {
  return std::make_shared<FunctionExpr>(traits_, type(), nullable(), std::move(children));
}

std::string FunctionExpr::NodeKey() const {
  if (!traits_.deterministic) return {};
  return fmt::format("function:{}:{}:{}", traits_.name, traits_.ansi, type()->ToString());
}

}  // namespace sluice
