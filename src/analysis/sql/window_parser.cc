// SPDX-License-Identifier: Apache-2.0
// OVER, and the queries that stand in expressions.
#include <fmt/format.h>

#include <algorithm>

#include "analysis/sql/expression_parser.h"

namespace sluice::sql {
namespace {

using Window = Expression::Window;
using Boundary = Window::WindowFrame::FrameBoundary;

// PRECEDING is a negative offset.
void Negate(Expression* value) {
  if (value->has_literal() && value->literal().has_integer() && value->literal().integer() > INT32_MIN) {
    value->mutable_literal()->set_integer(-value->literal().integer());
    return;
  }
  if (value->has_literal() && value->literal().has_double_()) {
    value->mutable_literal()->set_double_(-value->literal().double_());
    return;
  }
  Expression call;
  call.mutable_unresolved_function()->set_function_name("negative");
  *call.mutable_common() = value->common();
  *call.mutable_unresolved_function()->add_arguments() = std::move(*value);
  *value = std::move(call);
}

}  // namespace

bool ExpressionParser::AtSubquery(size_t ahead) const {
  while (cursor_.IsSymbol("(", ahead)) ++ahead;
  return cursor_.IsWord("SELECT", ahead) ||
         (cursor_.IsAnyWord({"WITH", "VALUES"}, ahead) && cursor_.IsName(ahead + 1)) ||
         (cursor_.IsAnyWord({"FROM", "TABLE"}, ahead) && cursor_.IsName(ahead + 1));
}

// From behind the opening parenthesis to behind the closing one.
Result<Expression> ExpressionParser::ParseSubquery(spark::connect::SubqueryExpression::SubqueryType type,
                                                   size_t begin) {
  if (!read_subquery_) return cursor_.Refuse("A subquery in this expression", begin);
  Expression subquery;
  subquery.mutable_subquery_expression()->set_subquery_type(type);
  SLUICE_ASSIGN(const int64_t plan_id, read_subquery_());
  subquery.mutable_subquery_expression()->set_plan_id(plan_id);
  SLUICE_RETURN_IF_ERROR(cursor_.ExpectSymbol(")"));
  cursor_.SetOrigin(&subquery, begin);
  SLUICE_RETURN_IF_ERROR(SetHeight(1));
  return subquery;
}

// OVER name | OVER (..); OVER is the current word.
Result<Expression> ExpressionParser::ParseOver(Expression call, size_t begin) {
  const int height = height_;
  cursor_.Next();
  Expression over;
  if (cursor_.IsSymbol("(")) {
    SLUICE_ASSIGN(*over.mutable_window(), ParseWindowSpec());
  } else {
    const size_t at = cursor_.position();
    SLUICE_ASSIGN(const std::string name, cursor_.ExpectName("A window's name"));
    const auto found = windows_.find(LowerCase(name));
    if (found == windows_.end()) {
      return WithPlace(UserError("MISSING_WINDOW_SPECIFICATION", fmt::format("There is no window {} here.", name),
                                 {{"windowName", name}, {"docroot", "https://spark.apache.org/docs/latest"}}),
                       cursor_.PlaceOf(at));
    }
    *over.mutable_window() = found->second;
  }
  *over.mutable_window()->mutable_window_function() = std::move(call);
  cursor_.SetOrigin(&over, begin);
  SLUICE_RETURN_IF_ERROR(SetHeight(std::max(height, height_) + 1));
  return over;
}

Result<Window> ExpressionParser::ParseWindowSpec() {
  SLUICE_RETURN_IF_ERROR(cursor_.ExpectSymbol("("));
  Window window;
  if (cursor_.IsName() && cursor_.IsSymbol(")", 1)) {
    const auto found = windows_.find(LowerCase(cursor_.Peek().text));
    if (found != windows_.end()) {
      cursor_.Next();
      cursor_.Next();
      return found->second;
    }
  }
  const auto order_by = [&]() -> Status {
    do {
      SLUICE_ASSIGN(*window.add_order_spec(), ParseSortOrder());
    } while (cursor_.AcceptSymbol(","));
    return Status::OK();
  };
  const bool cluster = cursor_.AcceptWords({"CLUSTER", "BY"});
  if (cluster || cursor_.AcceptWords({"PARTITION", "BY"}) || cursor_.AcceptWords({"DISTRIBUTE", "BY"})) {
    SLUICE_ASSIGN(std::vector<Expression> keys, ParseList());
    for (Expression& key : keys) *window.add_partition_spec() = std::move(key);
  }
  if (cursor_.AcceptWords({"ORDER", "BY"}) || cursor_.AcceptWords({"SORT", "BY"})) {
    SLUICE_RETURN_IF_ERROR(order_by());
  }
  if (cursor_.IsAnyWord({"ROWS", "RANGE"})) SLUICE_RETURN_IF_ERROR(ParseFrame(window.mutable_frame_spec()));
  SLUICE_RETURN_IF_ERROR(cursor_.ExpectSymbol(")"));
  return window;
}

Status ExpressionParser::ParseFrame(Window::WindowFrame* frame) {
  frame->set_frame_type(cursor_.IsWord("ROWS") ? Window::WindowFrame::FRAME_TYPE_ROW
                                               : Window::WindowFrame::FRAME_TYPE_RANGE);
  cursor_.Next();
  const bool both = cursor_.AcceptWord("BETWEEN");
  SLUICE_ASSIGN(*frame->mutable_lower(), ParseFrameBoundary());
  if (!both) {
    frame->mutable_upper()->set_current_row(true);
    return Status::OK();
  }
  SLUICE_RETURN_IF_ERROR(cursor_.ExpectWord("AND"));
  SLUICE_ASSIGN(*frame->mutable_upper(), ParseFrameBoundary());
  return Status::OK();
}

// UNBOUNDED PRECEDING and FOLLOWING are told apart by the end where they stand; the other way about they are no frame.
Result<Boundary> ExpressionParser::ParseFrameBoundary() {
  Boundary boundary;
  if (cursor_.IsWord("UNBOUNDED") && cursor_.IsAnyWord({"PRECEDING", "FOLLOWING"}, 1)) {
    cursor_.Next();
    cursor_.Next();
    boundary.set_unbounded(true);
    return boundary;
  }
  if (cursor_.AcceptWords({"CURRENT", "ROW"})) {
    boundary.set_current_row(true);
    return boundary;
  }
  SLUICE_ASSIGN(*boundary.mutable_value(), ParseBinary(2));
  if (cursor_.AcceptWord("PRECEDING")) {
    Negate(boundary.mutable_value());
  } else if (!cursor_.AcceptWord("FOLLOWING")) {
    return cursor_.SyntaxError("PRECEDING or FOLLOWING was expected.");
  }
  return boundary;
}

}  // namespace sluice::sql
