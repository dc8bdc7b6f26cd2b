// SPDX-License-Identifier: Apache-2.0
#include "expr/session_end.h"

#include <arrow/api.h>
#include <fmt/format.h>

#include <utility>

#include "expr/column_io.h"
#include "expr/functions/datetime_units.h"
#include "types/calendar.h"
#include "types/spark_type.h"
#include "types/time_zone.h"

namespace sluice {
namespace {

// Times stay at the ends of the range.
int64_t EndOf(int64_t time, const CalendarInterval& gap, TimeZone* zone) {
  if (gap.months != 0 || gap.days != 0) {
    const int64_t local = zone->ToLocal(time);
    const int64_t moved = gap.months == 0 ? local : AddMonthsToLocal(local, gap.months).value_or(INT64_MAX);
    time = zone->ToUtc(SaturatingAdd(moved, int64_t{gap.days} * kMicrosPerDay));
  }
  return SaturatingAdd(time, gap.micros);
}

}  // namespace

SessionEndExpr::SessionEndExpr(ExprPtr time, CalendarInterval gap)
    : Expr(time->type(), time->nullable(), {time}), gap_(gap) {}

SessionEndExpr::SessionEndExpr(ExprPtr time, ExprPtr gap)
    : Expr(time->type(), /*nullable=*/true, {time, std::move(gap)}) {}

std::string SessionEndExpr::ToString() const {
  const std::string time = children()[0]->ToString();
  if (children().size() > 1) return fmt::format("{} + {}", time, children()[1]->ToString());
  return fmt::format("{} + {} months {} days {} us", time, gap_.months, gap_.days, gap_.micros);
}

Result<std::shared_ptr<arrow::Array>> SessionEndExpr::EvalImpl(Evaluation& evaluation) const {
  SLUICE_ASSIGN(const auto times, evaluation.Eval(children()[0]));
  std::shared_ptr<arrow::Array> texts;
  if (children().size() > 1) {
    SLUICE_ASSIGN(texts, evaluation.Eval(children()[1]));
  }
  const EvalContext& context = evaluation.context();
  SLUICE_ASSIGN(TimeZone zone, TimeZone::Find(type()->Equals(TimestampType()) ? context.time_zone : "UTC"));
  arrow::TimestampBuilder builder(type(), PoolOf(context));
  SLUICE_RETURN_IF_ERROR(builder.Reserve(times->length()));
  const ColumnReader<int64_t> time(*times);
  for (int64_t row = 0; row < times->length(); ++row) {
    if (times->IsNull(row) || (texts != nullptr && texts->IsNull(row))) {
      builder.UnsafeAppendNull();
      continue;
    }
    CalendarInterval gap = gap_;
    if (texts != nullptr) {
      const auto parsed = ParseCalendarInterval(ColumnReader<std::string_view>(*texts)[row]);
      if (!parsed) {
        builder.UnsafeAppendNull();
        continue;
      }
      gap = *parsed;
    }
    builder.UnsafeAppend(EndOf(time[row], gap, &zone));
  }
  SLUICE_ASSIGN(auto ends, builder.Finish());
  return ends;
}

ExprPtr SessionEndExpr::WithChildren(std::vector<ExprPtr> children) const {
  if (children.size() == 1) return std::make_shared<SessionEndExpr>(std::move(children[0]), gap_);
  return std::make_shared<SessionEndExpr>(std::move(children[0]), std::move(children[1]));
}

std::string SessionEndExpr::NodeKey() const {
  return fmt::format("session end {} {} {}", gap_.months, gap_.days, gap_.micros);
}

}  // namespace sluice
