// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <arrow/type_fwd.h>

#include <memory>
#include <string>
#include <vector>

#include "expr/expr.h"

namespace sluice {

class FunctionExpr;

// One call of a kernel: the argument columns, all of `rows` values, and the node being evaluated.
struct KernelCall {
  const std::vector<std::shared_ptr<arrow::Array>>& args;
  int64_t rows;
  const EvalContext& context;
  const FunctionExpr& node;
};

// Computes a column of node.type(). An error of a row carries it (WithRow). Stateless: called from several threads.
using Kernel = Result<std::shared_ptr<arrow::Array>> (*)(const KernelCall& call);
using Display = std::string (*)(const FunctionExpr& node);

// Which arguments are evaluated where another one is NULL: an error in one that is not stays hidden, as in Spark.
enum class Order {
  kUntilNull,  // from the first on, up to a NULL
  kLastFirst,  // the last one, and the others where it is not NULL (quotients)
  kAll,        // all of them: those whose value may be another than NULL then, and some others
};

// What a function expression is, besides its children and type.
struct FunctionTraits {
  std::string name;
  Kernel kernel = nullptr;
  Display display = nullptr;  // null: name(a, b)
  bool ansi = true;
  bool deterministic = true;
  bool java_text = false;  // Spark makes Java Strings of its STRINGs: the kernel gets them repaired (repaired_text.h)
  Order order = Order::kUntilNull;
};

// A function whose arguments are columns when its kernel is called.
class FunctionExpr : public Expr {
 public:
  FunctionExpr(FunctionTraits traits, std::shared_ptr<arrow::DataType> type, bool nullable,
               std::vector<ExprPtr> children)
      : Expr(std::move(type), nullable, std::move(children)), traits_(std::move(traits)) {}
  const std::string& name() const { return traits_.name; }
  bool ansi() const { return traits_.ansi; }
  std::string ToString() const override;
  bool deterministic() const override;
  Result<std::shared_ptr<arrow::Array>> EvalImpl(Evaluation& evaluation) const override;
  ExprPtr WithChildren(std::vector<ExprPtr> children) const override;
  std::string NodeKey() const override;

 protected:
  const FunctionTraits& traits() const { return traits_; }

 private:
  Result<std::vector<std::shared_ptr<arrow::Array>>> EvalArguments(Evaluation& evaluation) const;

  FunctionTraits traits_;
};

// "a, b": the children's texts.
std::string JoinArguments(const Expr& expr, size_t first = 0);
// "(a + b)".
std::string DisplayInfix(const FunctionExpr& node);
// The text of a literal STRING argument, or null when the argument is no constant or NULL.
const arrow::Scalar* LiteralArgument(const Expr& expr, size_t index);

}  // namespace sluice
