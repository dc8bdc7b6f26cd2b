// SPDX-License-Identifier: Apache-2.0
#include "sluice/window.h"

#include <functional>

#include "client/handles.h"

namespace sluice {

struct WindowNode {
  spark::connect::Expression::Window window;
};

namespace {

using spark::connect::Expression;
using Frame = Expression::Window::WindowFrame;

WindowSpec Changed(const WindowSpec& spec, const std::function<void(Expression::Window*)>& change) {
  auto node = std::make_shared<WindowNode>(spec.node());
  change(&node->window);
  return WindowSpec(std::move(node));
}

void SetBoundary(int64_t offset, Frame::FrameBoundary* boundary) {
  if (offset == Window::unboundedPreceding || offset == Window::unboundedFollowing) {
    boundary->set_unbounded(true);
  } else if (offset == Window::currentRow) {
    boundary->set_current_row(true);
  } else if (offset >= INT32_MIN && offset <= INT32_MAX) {
    boundary->mutable_value()->mutable_literal()->set_integer(static_cast<int32_t>(offset));
  } else {
    boundary->mutable_value()->mutable_literal()->set_long_(offset);
  }
}

WindowSpec Framed(const WindowSpec& spec, Frame::FrameType type, int64_t start, int64_t end) {
  return Changed(spec, [&](Expression::Window* window) {
    window->mutable_frame_spec()->set_frame_type(type);
    SetBoundary(start, window->mutable_frame_spec()->mutable_lower());
    SetBoundary(end, window->mutable_frame_spec()->mutable_upper());
  });
}

}  // namespace

WindowSpec Window::Empty() {
  return WindowSpec(std::make_shared<WindowNode>());
}

WindowSpec WindowSpec::partitionBy(std::initializer_list<ColumnOrName> keys) const {
  return Changed(*this, [&](Expression::Window* window) {
    for (const ColumnOrName& key : keys) *window->add_partition_spec() = key.column().node().expression;
  });
}

WindowSpec WindowSpec::orderBy(std::initializer_list<ColumnOrName> keys) const {
  return Changed(*this, [&](Expression::Window* window) {
    for (const ColumnOrName& key : keys) {
      const Expression& expression = key.column().node().expression;
      *window->add_order_spec() =
          expression.has_sort_order() ? expression.sort_order() : key.column().asc().node().expression.sort_order();
    }
  });
}

WindowSpec WindowSpec::rowsBetween(int64_t start, int64_t end) const {
  return Framed(*this, Frame::FRAME_TYPE_ROW, start, end);
}

WindowSpec WindowSpec::rangeBetween(int64_t start, int64_t end) const {
  return Framed(*this, Frame::FRAME_TYPE_RANGE, start, end);
}

Column Column::over(const WindowSpec& window) const {
  auto node = std::make_shared<ColumnNode>();
  *node->expression.mutable_window() = window.node().window;
  *node->expression.mutable_window()->mutable_window_function() = node_->expression;
  return Column(std::move(node));
}

Column Column::as(const std::vector<std::string>& names) const {
  auto node = std::make_shared<ColumnNode>();
  auto* alias = node->expression.mutable_alias();
  *alias->mutable_expr() = node_->expression;
  for (const std::string& name : names) alias->add_name(name);
  return Column(std::move(node));
}

namespace functions {

Column row_number() {
  return call_function("row_number", {});
}
Column rank() {
  return call_function("rank", {});
}
Column dense_rank() {
  return call_function("dense_rank", {});
}
Column percent_rank() {
  return call_function("percent_rank", {});
}
Column cume_dist() {
  return call_function("cume_dist", {});
}
Column ntile(int buckets) {
  return call_function("ntile", {lit(buckets)});
}
Column lag(const ColumnOrName& value, int offset) {
  return call_function("lag", {value.column(), lit(offset)});
}
Column lead(const ColumnOrName& value, int offset) {
  return call_function("lead", {value.column(), lit(offset)});
}
Column lag(const ColumnOrName& value, int offset, const Column& otherwise) {
  return call_function("lag", {value.column(), lit(offset), otherwise});
}
Column lead(const ColumnOrName& value, int offset, const Column& otherwise) {
  return call_function("lead", {value.column(), lit(offset), otherwise});
}
Column nth_value(const ColumnOrName& value, int n, bool ignore_nulls) {
  return call_function("nth_value", {value.column(), lit(n), lit(ignore_nulls)});
}
Column explode(const ColumnOrName& value) {
  return call_function("explode", {value.column()});
}
Column explode_outer(const ColumnOrName& value) {
  return call_function("explode_outer", {value.column()});
}
Column posexplode(const ColumnOrName& value) {
  return call_function("posexplode", {value.column()});
}
Column posexplode_outer(const ColumnOrName& value) {
  return call_function("posexplode_outer", {value.column()});
}
Column inline_(const ColumnOrName& value) {
  return call_function("inline", {value.column()});
}
Column inline_outer(const ColumnOrName& value) {
  return call_function("inline_outer", {value.column()});
}
Column stack(const std::vector<Column>& rows_and_values) {
  return call_function("stack", rows_and_values);
}
Column grouping(const ColumnOrName& key) {
  return call_function("grouping", {key.column()});
}
Column grouping_id() {
  return call_function("grouping_id", {});
}

}  // namespace functions
}  // namespace sluice
