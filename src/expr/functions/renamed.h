// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "expr/expr.h"

namespace sluice {

// A value under another text, and perhaps another word on whether it can be NULL: a call that is written by others.
class RenamedExpr : public Expr {
 public:
  RenamedExpr(ExprPtr child, std::string shown, bool nullable)
      : Expr(child->type(), nullable, {child}), shown_(std::move(shown)) {}
  std::string ToString() const override { return shown_; }
  Result<std::shared_ptr<arrow::Array>> EvalImpl(Evaluation& evaluation) const override {
    return evaluation.Eval(children()[0]);
  }
  ExprPtr WithChildren(std::vector<ExprPtr> children) const override {
    return std::make_shared<RenamedExpr>(std::move(children[0]), shown_, nullable());
  }
  std::string NodeKey() const override { return "renamed"; }

 private:
  std::string shown_;
};

}  // namespace sluice
