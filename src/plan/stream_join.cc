// SPDX-License-Identifier: Apache-2.0
#include "plan/stream_join.h"

#include <arrow/api.h>

#include <algorithm>
#include <cmath>
#include <functional>

#include "expr/cast.h"
#include "expr/coercion.h"
#include "expr/function_expr.h"
#include "types/interval_type.h"
#include "types/spark_type.h"

namespace sluice {
namespace {

constexpr int64_t kMicrosPerMilli = 1000;

// A column plus a constant; column -1: the constant alone.
struct ShiftedTime {
  int column = -1;
  int64_t offset_us = 0;
};

bool ReadsNoColumn(const Expr& expr) {
  if (dynamic_cast<const ColumnExpr*>(&expr) != nullptr) return false;
  return std::all_of(expr.children().begin(), expr.children().end(),
                     [](const ExprPtr& child) { return ReadsNoColumn(*child); });
}

// A constant of microseconds: an interval of days and time, or a timestamp.
std::optional<int64_t> ConstantUs(const ExprPtr& expr) {
  const bool time = expr->type()->Equals(TimestampType());
  if (!time && !IsDayTimeInterval(*expr->type())) return std::nullopt;
  // A time that is no literal may be that of the batch.
  if (time && dynamic_cast<const LiteralExpr*>(expr.get()) == nullptr) return std::nullopt;
  if (!ReadsNoColumn(*expr) || !expr->deterministic()) return std::nullopt;
  const auto value = EvalConstant(expr, EvalContext());
  if (!value.ok() || !(*value)->is_valid) return std::nullopt;
  return time ? static_cast<const arrow::TimestampScalar&>(**value).value
              : static_cast<const arrow::DurationScalar&>(**value).value;
}

std::optional<ShiftedTime> ShiftedTimeOf(const ExprPtr& expr) {
  if (const auto* column = dynamic_cast<const ColumnExpr*>(expr.get())) {
    if (!column->type()->Equals(TimestampType())) return std::nullopt;
    return ShiftedTime{column->index(), 0};
  }
  const auto* call = dynamic_cast<const FunctionExpr*>(expr.get());
  if (call != nullptr && (call->name() == "+" || call->name() == "-") && call->type()->Equals(TimestampType())) {
    auto time = ShiftedTimeOf(call->children()[0]);
    const auto shift = ConstantUs(call->children()[1]);
    if (!time || !shift) return std::nullopt;
    time->offset_us += call->name() == "+" ? *shift : -*shift;
    return time;
  }
  const auto constant = ConstantUs(expr);
  return constant ? std::optional(ShiftedTime{-1, *constant}) : std::nullopt;
}

// A number in microseconds, as if it were seconds.
std::optional<int64_t> NumberUs(const ExprPtr& expr) {
  if (!IsNumericType(*expr->type()) || !ReadsNoColumn(*expr) || !expr->deterministic()) return std::nullopt;
  const auto seconds = MakeCast(expr, arrow::float64(), CastMode::kTry);
  if (!seconds.ok()) return std::nullopt;
  const auto value = EvalConstant(*seconds, EvalContext());
  if (!value.ok() || !(*value)->is_valid) return std::nullopt;
  constexpr double kMost = 9e12;
  const double given = static_cast<const arrow::DoubleScalar&>(**value).value;
  return static_cast<int64_t>(std::clamp(std::isnan(given) ? 0 : given, -kMost, kMost) * 1e6);
}

// Spark takes a number of the side, compared with a constant, for a time in seconds.
std::optional<JoinEviction::Bound> BoundOfNumber(const ExprPtr& less, const ExprPtr& greater, bool inclusive,
                                                 const std::function<bool(int)>& is_ours) {
  const auto constant = NumberUs(less);
  const Expr* column = greater.get();
  while (dynamic_cast<const CastExpr*>(column) != nullptr) column = column->children()[0].get();
  const auto* found = dynamic_cast<const ColumnExpr*>(column);
  if (!constant || found == nullptr || !IsNumericType(*found->type()) || !is_ours(found->index())) return std::nullopt;
  return JoinEviction::Bound{false, *constant, inclusive};
}

// What `less < greater` says of the side's time, which must stand alone on the greater side.
std::optional<JoinEviction::Bound> BoundOf(const ExprPtr& less, const ExprPtr& greater, bool inclusive,
                                           const PlanNode& join, JoinSide side) {
  const int left = join.inputs[0]->schema->num_fields();
  const auto is_ours = [&](int column) { return (column < left) == (side == JoinSide::kLeft); };
  if (const auto number = BoundOfNumber(less, greater, inclusive, is_ours)) return number;
  const auto low = ShiftedTimeOf(less);
  const auto high = ShiftedTimeOf(greater);
  if (!low || !high || high->column < 0 || !is_ours(high->column)) return std::nullopt;
  if (low->column >= 0 && is_ours(low->column)) return std::nullopt;
  const int64_t offset = low->offset_us - high->offset_us;
  if (low->column < 0) return JoinEviction::Bound{false, offset, inclusive};
  const PlanNode& other = *join.inputs[side == JoinSide::kLeft ? 1 : 0];
  const int column = side == JoinSide::kLeft ? low->column - left : low->column;
  const EventTimeMark mark = EventTimesOf(other)[static_cast<size_t>(column)];
  if (!mark.delay_ms || mark.window) return std::nullopt;
  return JoinEviction::Bound{true, offset, inclusive};
}

std::optional<JoinEviction::Bound> BoundOf(const ExprPtr& condition, const PlanNode& join, JoinSide side) {
  const auto* call = dynamic_cast<const FunctionExpr*>(condition.get());
  if (call == nullptr || call->children().size() != 2) return std::nullopt;
  const ExprPtr& first = call->children()[0];
  const ExprPtr& second = call->children()[1];
  if (call->name() == "<" || call->name() == "<=") return BoundOf(first, second, call->name() == "<=", join, side);
  if (call->name() == ">" || call->name() == ">=") return BoundOf(second, first, call->name() == ">=", join, side);
  return std::nullopt;
}

// The first pair of keys whose left one is an event time, or else whose right one is.
std::optional<size_t> TimeKeyOf(const PlanNode& join, bool* window) {
  std::vector<EventTimeMark> marks = EventTimesOf(*join.inputs[0]);
  for (const EventTimeMark& mark : EventTimesOf(*join.inputs[1])) marks.push_back(mark);
  const std::vector<JoinKey>& keys = join.Get<plan::Join>().keys;
  for (const auto side : {&JoinKey::left, &JoinKey::right}) {
    for (size_t pair = 0; pair < keys.size(); ++pair) {
      const auto* column = dynamic_cast<const ColumnExpr*>((keys[pair].*side).get());
      if (column == nullptr || keys[pair].null_safe) continue;
      const EventTimeMark& mark = marks[static_cast<size_t>(column->index())];
      if (!mark.delay_ms) continue;
      *window = column->type()->id() == arrow::Type::STRUCT;
      return pair;
    }
  }
  return std::nullopt;
}

}  // namespace

bool JoinsStreams(const PlanNode& node) {
  return node.Is<plan::Join>() && IsStreaming(*node.inputs[0]) && IsStreaming(*node.inputs[1]);
}

bool KeepsUnmatched(JoinType type, JoinSide side) {
  return type == JoinType::kFull || type == (side == JoinSide::kLeft ? JoinType::kLeft : JoinType::kRight);
}

std::optional<int64_t> JoinEviction::Limit(int64_t watermark_us) const {
  if (key) return watermark_us;
  if (!any()) return std::nullopt;
  std::optional<int64_t> least;
  for (const Bound& bound : bounds) {
    const int64_t us = (bound.moves ? watermark_us : 0) + bound.offset_us;
    const int64_t ms = us / kMicrosPerMilli - (bound.inclusive ? 1 : 0);
    least = std::min(least.value_or(ms), ms);
  }
  return *least * kMicrosPerMilli;
}

JoinEviction EvictionOf(const PlanNode& join, JoinSide side) {
  JoinEviction eviction;
  const std::vector<EventTimeMark> marks = EventTimesOf(*join.inputs[side == JoinSide::kLeft ? 0 : 1]);
  eviction.time = EventTimeColumn(marks);
  eviction.key = TimeKeyOf(join, &eviction.window);
  if (eviction.key) return eviction;
  if (eviction.time >= 0) eviction.window = marks[static_cast<size_t>(eviction.time)].window;
  for (const ExprPtr& condition : join.Get<plan::Join>().conditions) {
    const auto bound = BoundOf(condition, join, side);
    if (bound) eviction.bounds.push_back(*bound);
  }
  // A constant alone says nothing where the other side has no event time.
  if (EventTimeColumn(EventTimesOf(*join.inputs[side == JoinSide::kLeft ? 1 : 0])) < 0) eviction.bounds.clear();
  return eviction;
}

int64_t WatermarkAbove(const PlanNode& join, int64_t watermark_ms) {
  int64_t least = watermark_ms;
  for (const JoinSide side : {JoinSide::kLeft, JoinSide::kRight}) {
    const auto limit = EvictionOf(join, side).Limit(watermark_ms * kMicrosPerMilli);
    if (limit) least = std::min(least, *limit / kMicrosPerMilli);
  }
  return least;
}

}  // namespace sluice
