// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "expr/expr.h"

namespace sluice {

// split(x, d) for a plain d, of which only some parts are wanted: one pass over the text writes the views of all of
// them, and no list is built. Its value is a STRUCT with one STRING per wanted part, NULL where the text has too few.
class SplitPartsExpr : public Expr {
 public:
  // `wanted`: ascending, from 0. `shown`: the split as Spark names it.
  SplitPartsExpr(ExprPtr text, std::string separator, std::vector<int32_t> wanted, std::string shown);
  const std::string& separator() const { return separator_; }
  const std::vector<int32_t>& wanted() const { return wanted_; }
  std::string ToString() const override { return shown_; }
  Result<std::shared_ptr<arrow::Array>> EvalImpl(Evaluation& evaluation) const override;
  ExprPtr WithChildren(std::vector<ExprPtr> children) const override;
  std::string NodeKey() const override;

 private:
  std::string separator_;
  std::vector<int32_t> wanted_;
  std::string shown_;
};

// One part of a SplitPartsExpr. `strict` (ANSI's a[i]): a text without it is INVALID_ARRAY_INDEX; else NULL.
class SplitPartExpr : public Expr {
 public:
  SplitPartExpr(ExprPtr parts, int field, int32_t part, bool strict, std::string shown);
  int32_t part() const { return part_; }
  std::string ToString() const override { return shown_; }
  Result<std::shared_ptr<arrow::Array>> EvalImpl(Evaluation& evaluation) const override;
  ExprPtr WithChildren(std::vector<ExprPtr> children) const override;
  std::string NodeKey() const override;

 private:
  Status TooFewParts(Evaluation& evaluation, int64_t row) const;

  int field_;
  int32_t part_;
  bool strict_;
  std::string shown_;
};

// Shares equal sub-expressions (share.h) and turns all split(x, d)[i] and get(split(x, d), i) with constant i and a
// plain constant d into parts of one SplitPartsExpr for each x and d. Evaluate the results in one Evaluation.
std::vector<ExprPtr> UseSplitParts(const std::vector<ExprPtr>& exprs);

}  // namespace sluice
