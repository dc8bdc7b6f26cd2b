// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <string>
#include <unordered_map>
#include <vector>

#include "expr/aggregate.h"
#include "expr/expr.h"
#include "plan/plan.h"

namespace sluice {

// Numbers expressions so that equal ones (same nodes, same children) have equal numbers; shared nodes are walked once.
class ExprNumbers {
 public:
  int Of(const ExprPtr& expr);

 private:
  std::unordered_map<const Expr*, int> seen_;
  std::vector<ExprPtr> alive_;  // keeps the addresses in seen_ taken
  std::map<std::string, int> by_key_;
  int next_ = 0;
};

// Stands in an expression over the input of an aggregation for a value over its output; a leaf, never evaluated.
class OutputExpr : public Expr {
 public:
  OutputExpr(ExprPtr output, std::string display);
  const ExprPtr& output() const { return output_; }
  std::string ToString() const override { return display_; }
  Result<std::shared_ptr<arrow::Array>> EvalImpl(Evaluation& evaluation) const override;
  ExprPtr WithChildren(std::vector<ExprPtr> children) const override;

 private:
  ExprPtr output_;
  std::string display_;
};

// Gathers the keys and calls of one aggregation, whose output is keys, then calls. Expressions over the input are
// turned into expressions over that output by Lower.
class AggregateBuilder {
 public:
  AggregateBuilder(std::vector<ExprPtr> keys, std::vector<std::string> key_names);

  // The OutputExpr of a call; an equal call is taken once.
  ExprPtr AddCall(AggregateCall call);
  bool has_calls() const { return !calls_.empty(); }
  size_t key_count() const { return keys_.size(); }
  ExprPtr Key(size_t index) const;  // over the output

  // MISSING_AGGREGATION (MISSING_GROUP_BY without keys) for a column that is neither a key nor inside a call.
  Result<ExprPtr> Lower(const ExprPtr& expr);
  PlanPtr Build(PlanPtr input) const;

 private:
  Result<ExprPtr> LowerNode(const ExprPtr& expr, std::unordered_map<const Expr*, ExprPtr>* done);

  std::vector<ExprPtr> keys_;
  std::vector<std::string> key_names_;
  std::vector<AggregateCall> calls_;
  std::vector<std::string> call_keys_;
  ExprNumbers numbers_;
};

}  // namespace sluice
