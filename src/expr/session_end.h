// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "expr/expr.h"
#include "types/calendar_interval.h"

namespace sluice {

// When the session of one row ends: its time and a gap of the calendar, of which days and months are counted on the
// session's clock. The gap is the same for all rows, or a text of each row; NULL where there is none.
class SessionEndExpr : public Expr {
 public:
  SessionEndExpr(ExprPtr time, CalendarInterval gap);
  // `gap` is a STRING; a text that is no interval is no gap, as in Spark.
  SessionEndExpr(ExprPtr time, ExprPtr gap);
  std::string ToString() const override;
  Result<std::shared_ptr<arrow::Array>> EvalImpl(Evaluation& evaluation) const override;
  ExprPtr WithChildren(std::vector<ExprPtr> children) const override;
  std::string NodeKey() const override;

 private:
  CalendarInterval gap_;  // when there is one child
};

}  // namespace sluice
