// SPDX-License-Identifier: Apache-2.0
#include "sluice/column.h"

#include "base/spark_error.h"
#include "client/errors.h"
#include "client/handles.h"
#include "sluice/functions.h"

namespace sluice {
namespace {

using spark::connect::Expression;

Column Make(Expression expression) {
  auto node = std::make_shared<ColumnNode>();
  node->expression = std::move(expression);
  return Column(std::move(node));
}

Column Call(const std::string& name, const std::vector<Column>& args, bool distinct = false) {
  Expression expression;
  auto* function = expression.mutable_unresolved_function();
  function->set_function_name(name);
  function->set_is_distinct(distinct);
  for (const Column& arg : args) *function->add_arguments() = arg.node().expression;
  return Make(std::move(expression));
}

Column Cast(const Column& value, const std::string& type, Expression::Cast::EvalMode mode) {
  Expression expression;
  auto* cast = expression.mutable_cast();
  *cast->mutable_expr() = value.node().expression;
  cast->set_type_str(type);
  cast->set_eval_mode(mode);
  return Make(std::move(expression));
}

Column Extract(const Column& value, const Column& key) {
  Expression expression;
  auto* extract = expression.mutable_unresolved_extract_value();
  *extract->mutable_child() = value.node().expression;
  *extract->mutable_extraction() = key.node().expression;
  return Make(std::move(expression));
}

Column Order(const Column& value, Expression::SortOrder::SortDirection direction,
             Expression::SortOrder::NullOrdering nulls) {
  Expression expression;
  auto* order = expression.mutable_sort_order();
  *order->mutable_child() = value.node().expression;
  order->set_direction(direction);
  order->set_null_ordering(nulls);
  return Make(std::move(expression));
}

Expression NameExpression(const std::string& name) {
  Expression expression;
  if (name == "*") {
    expression.mutable_unresolved_star();
  } else if (name.ends_with(".*")) {
    expression.mutable_unresolved_star()->set_unparsed_target(name);
  } else {
    expression.mutable_unresolved_attribute()->set_unparsed_identifier(name);
  }
  return expression;
}

// A call of `when` with more arguments: condition, value, condition, value, .. and perhaps the value otherwise.
Column WithCase(const Column& value, const std::vector<Column>& more) {
  Expression expression = value.node().expression;
  const auto& call = expression.unresolved_function();
  if (!expression.has_unresolved_function() || call.function_name() != "when" || call.arguments_size() % 2 != 0) {
    ThrowIfError(
        UserError("SLUICE_USAGE", "when() and otherwise() follow functions::when(), and otherwise() is the last."));
  }
  for (const Column& arg : more) {
    *expression.mutable_unresolved_function()->add_arguments() = arg.node().expression;
  }
  return Make(std::move(expression));
}

}  // namespace

Column::Column(const std::string& name) : Column(Make(NameExpression(name))) {}

Column Column::literal(const char* value) {
  return literal(std::string(value));
}

Column Column::literal(const std::string& value) {
  Expression expression;
  expression.mutable_literal()->set_string(value);
  return Make(std::move(expression));
}

Column Column::literal(bool value) {
  Expression expression;
  expression.mutable_literal()->set_boolean(value);
  return Make(std::move(expression));
}

Column Column::literal(int value) {
  Expression expression;
  expression.mutable_literal()->set_integer(value);
  return Make(std::move(expression));
}

Column Column::literal(long long value) {
  Expression expression;
  expression.mutable_literal()->set_long_(value);
  return Make(std::move(expression));
}

Column Column::literal(double value) {
  Expression expression;
  expression.mutable_literal()->set_double_(value);
  return Make(std::move(expression));
}

Column Column::literal(std::chrono::system_clock::time_point value) {
  Expression expression;
  expression.mutable_literal()->set_timestamp(
      std::chrono::duration_cast<std::chrono::microseconds>(value.time_since_epoch()).count());
  return Make(std::move(expression));
}

Column Column::null() {
  Expression expression;
  expression.mutable_literal()->mutable_null()->mutable_null();
  return Make(std::move(expression));
}

Column Column::as(const std::string& name) const {
  Expression expression;
  auto* alias = expression.mutable_alias();
  *alias->mutable_expr() = node_->expression;
  alias->add_name(name);
  return Make(std::move(expression));
}

Column Column::cast(const std::string& type) const {
  return Cast(*this, type, Expression::Cast::EVAL_MODE_UNSPECIFIED);
}
Column Column::try_cast(const std::string& type) const {
  return Cast(*this, type, Expression::Cast::EVAL_MODE_TRY);
}
Column Column::getItem(int index) const {
  return Extract(*this, literal(index));
}
Column Column::getItem(const std::string& key) const {
  return Extract(*this, literal(key));
}
Column Column::getField(const std::string& name) const {
  return Extract(*this, literal(name));
}
Column Column::isNull() const {
  return Call("isnull", {*this});
}
Column Column::isNotNull() const {
  return Call("isnotnull", {*this});
}
Column Column::like(const std::string& pattern) const {
  return Call("like", {*this, literal(pattern)});
}
Column Column::rlike(const std::string& pattern) const {
  return Call("rlike", {*this, literal(pattern)});
}
Column Column::contains(const Column& other) const {
  return Call("contains", {*this, other});
}
Column Column::startsWith(const Column& other) const {
  return Call("startswith", {*this, other});
}
Column Column::endsWith(const Column& other) const {
  return Call("endswith", {*this, other});
}
Column Column::substr(int start, int length) const {
  return Call("substr", {*this, literal(start), literal(length)});
}
Column Column::between(const Column& low, const Column& high) const {
  return (*this >= low) && (*this <= high);
}
Column Column::eqNullSafe(const Column& other) const {
  return Call("<=>", {*this, other});
}
Column Column::asc() const {
  return Order(*this, Expression::SortOrder::SORT_DIRECTION_ASCENDING, Expression::SortOrder::SORT_NULLS_FIRST);
}
Column Column::desc() const {
  return Order(*this, Expression::SortOrder::SORT_DIRECTION_DESCENDING, Expression::SortOrder::SORT_NULLS_LAST);
}

Column Column::isin(const std::vector<Column>& values) const {
  std::vector<Column> args = {*this};
  args.insert(args.end(), values.begin(), values.end());
  return Call("in", args);
}

Column Column::when(const Column& condition, const Column& value) const {
  return WithCase(*this, {condition, value});
}
Column Column::otherwise(const Column& value) const {
  return WithCase(*this, {value});
}

namespace functions {

Column window(const Column& time, const std::string& duration) {
  return call_function("window", {time, lit(duration)});
}
Column window(const Column& time, const std::string& duration, const std::string& slide) {
  return call_function("window", {time, lit(duration), lit(slide)});
}
Column window(const Column& time, const std::string& duration, const std::string& slide, const std::string& start) {
  return call_function("window", {time, lit(duration), lit(slide), lit(start)});
}
Column session_window(const Column& time, const std::string& gap) {
  return call_function("session_window", {time, lit(gap)});
}
Column session_window(const Column& time, const Column& gap) {
  return call_function("session_window", {time, gap});
}
Column asc(const std::string& name) {
  return col(name).asc();
}
Column desc(const std::string& name) {
  return col(name).desc();
}
Column when(const Column& condition, const Column& value) {
  return Call("when", {condition, value});
}

Column col(const std::string& name) {
  return Column(name);
}

Column expr(const std::string& sql) {
  Expression expression;
  expression.mutable_expression_string()->set_expression(sql);
  return Make(std::move(expression));
}

Column call_function(const std::string& name, const std::vector<Column>& args) {
  return Call(name, args);
}
Column split(const Column& value, const std::string& pattern, int limit) {
  return Call("split", {value, lit(pattern), lit(limit)});
}
Column current_timestamp() {
  return Call("current_timestamp", {});
}
Column coalesce(const std::vector<Column>& values) {
  return Call("coalesce", values);
}
Column concat(const std::vector<Column>& values) {
  return Call("concat", values);
}
Column upper(const Column& value) {
  return Call("upper", {value});
}
Column lower(const Column& value) {
  return Call("lower", {value});
}
Column trim(const Column& value) {
  return Call("trim", {value});
}
Column length(const Column& value) {
  return Call("length", {value});
}
Column to_date(const Column& value) {
  return Call("to_date", {value});
}
Column to_timestamp(const Column& value) {
  return Call("to_timestamp", {value});
}
Column from_json(const Column& value, const std::string& schema) {
  return Call("from_json", {value, lit(schema)});
}
Column get_json_object(const Column& value, const std::string& path) {
  return Call("get_json_object", {value, lit(path)});
}
Column when(const Column& condition, const Column& value, const Column& otherwise) {
  return Call("when", {condition, value, otherwise});
}
Column count(const Column& value) {
  return Call("count", {value});
}
Column countDistinct(const Column& value) {
  return Call("count", {value}, true);
}
Column sum(const Column& value) {
  return Call("sum", {value});
}
Column avg(const Column& value) {
  return Call("avg", {value});
}
Column min(const Column& value) {
  return Call("min", {value});
}
Column max(const Column& value) {
  return Call("max", {value});
}
Column count(const std::string& name) {
  return count(name == "*" ? lit(1) : col(name));
}
Column countDistinct(const std::string& name) {
  return countDistinct(col(name));
}
Column sum(const std::string& name) {
  return sum(col(name));
}
Column avg(const std::string& name) {
  return avg(col(name));
}
Column min(const std::string& name) {
  return min(col(name));
}
Column max(const std::string& name) {
  return max(col(name));
}

}  // namespace functions

Column operator+(const Column& a, const Column& b) {
  return Call("+", {a, b});
}
Column operator-(const Column& a, const Column& b) {
  return Call("-", {a, b});
}
Column operator*(const Column& a, const Column& b) {
  return Call("*", {a, b});
}
Column operator/(const Column& a, const Column& b) {
  return Call("/", {a, b});
}
Column operator%(const Column& a, const Column& b) {
  return Call("%", {a, b});
}
Column operator==(const Column& a, const Column& b) {
  return Call("==", {a, b});
}
Column operator!=(const Column& a, const Column& b) {
  return !(a == b);
}
Column operator<(const Column& a, const Column& b) {
  return Call("<", {a, b});
}
Column operator<=(const Column& a, const Column& b) {
  return Call("<=", {a, b});
}
Column operator>(const Column& a, const Column& b) {
  return Call(">", {a, b});
}
Column operator>=(const Column& a, const Column& b) {
  return Call(">=", {a, b});
}
Column operator&&(const Column& a, const Column& b) {
  return Call("and", {a, b});
}
Column operator||(const Column& a, const Column& b) {
  return Call("or", {a, b});
}
Column operator!(const Column& a) {
  return Call("not", {a});
}

}  // namespace sluice
