// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <string>
#include <unordered_map>
#include <vector>

#include "conf/session_options.h"
#include "expr/aggregate.h"
#include "expr/expr.h"
#include "plan/plan.h"
#include "python/python_function.h"

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

  // Rows are grouped once by each of these sets of the keys (for each key, whether it is in the set); a key outside of
  // the set is NULL. Before any call is added.
  void GroupBySets(std::vector<std::vector<bool>> sets);
  bool has_sets() const { return !sets_.empty(); }
  // Over the output: which keys are outside of a row's set, one bit a key, the first key highest. With sets only.
  ExprPtr GroupingId() const;
  // GROUPING(key): 1 where the key is outside, as TINYINT. Null for what is no key.
  Result<ExprPtr> Grouping(const ExprPtr& expr, const SessionOptions& options);
  // Whether these are the keys, in their order.
  bool AreKeys(const std::vector<ExprPtr>& exprs);

  // The OutputExpr of a call; an equal call is taken once.
  ExprPtr AddCall(AggregateCall call);
  // The same of a call of a Python function, which stands under a name of its own; `keywords`: one an argument.
  ExprPtr AddPythonCall(AggregateCall call, std::shared_ptr<const PythonFunction> function,
                        std::vector<std::string> keywords);
  // By call; null: one of the table of aggregates.
  const std::vector<std::shared_ptr<const PythonFunction>>& python() const { return python_; }
  bool has_calls() const { return !calls_.empty(); }
  size_t key_count() const { return keys_.size(); }
  ExprPtr Key(size_t index) const;  // over the output

  // MISSING_AGGREGATION (MISSING_GROUP_BY without keys) for a column that is neither a key nor inside a call.
  Result<ExprPtr> Lower(const ExprPtr& expr);
  PlanPtr Build(PlanPtr input) const;

 private:
  std::vector<int64_t> IdsOfSets() const;
  bool RepeatsSets() const;
  // Columns between keys and calls: the grouping id, and the number of the set where a set comes twice.
  size_t set_columns() const { return sets_.empty() ? 0 : RepeatsSets() ? 2 : 1; }
  PlanPtr Expanded(PlanPtr input) const;
  PlanPtr BuildPython(PlanPtr input, std::shared_ptr<arrow::Schema> output) const;
  Result<ExprPtr> LowerNode(const ExprPtr& expr, std::unordered_map<const Expr*, ExprPtr>* done);

  std::vector<ExprPtr> keys_;
  std::vector<std::string> key_names_;
  std::vector<std::vector<bool>> sets_;  // empty: one of all keys
  std::vector<AggregateCall> calls_;
  std::vector<std::string> call_keys_;
  ExprNumbers numbers_;
  std::vector<std::shared_ptr<const PythonFunction>> python_;  // by call
  std::vector<std::vector<std::string>> keywords_;             // by call
};

}  // namespace sluice
