// SPDX-License-Identifier: Apache-2.0
#include "expr/python_call.h"

#include <arrow/api.h>
#include <fmt/format.h>

#include <functional>
#include <unordered_map>

#include "base/spark_error.h"

namespace sluice {

PythonCallExpr::PythonCallExpr(std::shared_ptr<const PythonFunction> function, std::vector<ExprPtr> arguments,
                               std::vector<std::string> keywords)
    : Expr(function->type, /*nullable=*/true, std::move(arguments)),
      function_(std::move(function)),
      keywords_(std::move(keywords)) {}

std::string PythonCallExpr::ToString() const {
  std::string text;
  for (size_t i = 0; i < children().size(); ++i) {
    if (i > 0) text += ", ";
    if (!keywords_[i].empty()) text += keywords_[i] + " => ";
    text += children()[i]->ToString();
  }
  return fmt::format("{}({})", function_->name, text);
}

Result<std::shared_ptr<arrow::Array>> PythonCallExpr::EvalImpl(Evaluation&) const {
  return NotSupported(
      fmt::format("The Python function {} is not supported in this place by Sluice: give it a column "
                  "of its own first, by select or withColumn.",
                  function_->name));
}

ExprPtr PythonCallExpr::WithChildren(std::vector<ExprPtr> children) const {
  return std::make_shared<PythonCallExpr>(function_, std::move(children), keywords_);
}

std::string PythonCallExpr::NodeKey() const {
  std::string key = fmt::format("python:{}:{}:{}:{}", function_->name, static_cast<int>(function_->eval),
                                function_->command.size(), std::hash<std::string>()(function_->command));
  for (const std::string& keyword : keywords_) key += ":" + keyword;
  return key;
}

namespace {

bool Has(const ExprPtr& expr, std::unordered_map<const Expr*, bool>* seen) {
  const auto [place, fresh] = seen->emplace(expr.get(), false);
  if (!fresh) return place->second;
  bool has = dynamic_cast<const PythonCallExpr*>(expr.get()) != nullptr;
  for (const ExprPtr& child : expr->children()) has = has || Has(child, seen);
  (*seen)[expr.get()] = has;
  return has;
}

}  // namespace

bool HasPythonCall(const ExprPtr& expr) {
  std::unordered_map<const Expr*, bool> seen;
  return Has(expr, &seen);
}

}  // namespace sluice
