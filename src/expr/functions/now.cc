// SPDX-License-Identifier: Apache-2.0
// The batch's time: current_timestamp, now, current_date, current_timezone.
#include <arrow/api.h>

#include "expr/map_rows.h"
#include "expr/signature.h"
#include "types/calendar.h"
#include "types/spark_type.h"
#include "types/time_zone.h"

namespace sluice {
namespace {

using ArrayPtr = std::shared_ptr<arrow::Array>;

template <typename T>
Result<ArrayPtr> Repeat(const KernelCall& call, T value) {
  ColumnWriter<T> writer(call.rows, PoolOf(call.context));
  SLUICE_RETURN_IF_ERROR(writer.Allocate());
  std::fill(writer.values(), writer.values() + call.rows, value);
  return writer.Finish(call.node.type());
}

Result<ArrayPtr> CurrentTimestamp(const KernelCall& call) {
  return Repeat<int64_t>(call, call.context.now_us);
}

Result<int64_t> LocalNow(const KernelCall& call) {
  SLUICE_ASSIGN(auto zone, TimeZone::Find(call.context.time_zone));
  return zone.ToLocal(call.context.now_us);
}

Result<ArrayPtr> LocalTimestamp(const KernelCall& call) {
  SLUICE_ASSIGN(const int64_t now, LocalNow(call));
  return Repeat<int64_t>(call, now);
}

Result<ArrayPtr> CurrentDate(const KernelCall& call) {
  SLUICE_ASSIGN(const int64_t now, LocalNow(call));
  return Repeat<int32_t>(call, static_cast<int32_t>(FloorDiv(now, kMicrosPerDay)));
}

Result<ArrayPtr> CurrentTimezone(const KernelCall& call) {
  ViewWriter writer(call.rows, PoolOf(call.context));
  SLUICE_RETURN_IF_ERROR(writer.Allocate());
  for (int64_t row = 0; row < call.rows; ++row) SLUICE_RETURN_IF_ERROR(writer.Set(row, call.context.time_zone));
  return writer.Finish(call.node.type());
}

}  // namespace

void AddNow(FunctionTable* table) {
  const auto add = [table](const char* name, const char* signature, const char* doc, const char* since, TypePtr type,
                           Kernel kernel) {
    table->push_back(Function(name, signature, doc, signature, since,
                              {.type = std::move(type), .kernel = kernel, .nulls = Nulls::kNever}));
  };
  add("current_timestamp", "current_timestamp()", "The batch's (or query's) time.", "1.5.0", TimestampType(),
      CurrentTimestamp);
  add("now", "now()", "The batch's (or query's) time.", "1.6.0", TimestampType(), CurrentTimestamp);
  add("localtimestamp", "localtimestamp()", "The batch's time on the session's clock, without a zone.", "3.4.0",
      TimestampNtzType(), LocalTimestamp);
  add("current_date", "current_date()", "The date of the batch's time in the session's zone.", "1.5.0", arrow::date32(),
      CurrentDate);
  add("curdate", "curdate()", "The date of the batch's time in the session's zone.", "3.4.0", arrow::date32(),
      CurrentDate);
  add("current_timezone", "current_timezone()", "The session's time zone.", "3.1.0", StringType(), CurrentTimezone);
}

}  // namespace sluice
