// SPDX-License-Identifier: Apache-2.0
// sequence: an array of numbers, dates or timestamps.
#include <arrow/api.h>
#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "base/spark_error.h"
#include "expr/functions/datetime_units.h"
#include "expr/functions/lists.h"
#include "expr/signature.h"
#include "types/calendar.h"
#include "types/interval_type.h"
#include "types/spark_type.h"
#include "types/time_zone.h"

namespace sluice {
namespace {

using ArrayPtr = std::shared_ptr<arrow::Array>;

Status IllegalBounds(const std::string& from, const std::string& to, const std::string& step) {
  return UserError("INVALID_PARAMETER_VALUE.SEQUENCE",
                   fmt::format("A sequence does not get from {} to {} by steps of {}.", from, to, step),
                   {{"parameter", "`step`"}, {"functionName", "`sequence`"}});
}

bool IsReachable(int64_t from, int64_t to, int64_t step) {
  return step > 0 ? from <= to : step < 0 ? from >= to : from == to;
}

// Where the lists of values are put together: numbers of 64 bits, which are narrowed in the end.
class Lists {
 public:
  explicit Lists(const KernelCall& call) : call_(call), offsets_(1, 0) {}
  Status Add(int64_t value) {
    values_.push_back(value);
    return Status::OK();
  }
  // Whether a row may have so many values.
  Status Expect(uint64_t count) const {
    const auto wanted = static_cast<int64_t>(std::min<uint64_t>(count, INT64_MAX / 64));
    SLUICE_RETURN_IF_ERROR(CheckListSize(call_.context, wanted));
    return CheckElements(PoolOf(call_.context), static_cast<int64_t>(values_.size()) + wanted);
  }
  void EndRow() { offsets_.push_back(static_cast<int32_t>(values_.size())); }

  Result<ArrayPtr> Finish(std::shared_ptr<arrow::Buffer> validity) {
    const TypePtr& type = call_.node.type()->field(0)->type();
    const auto count = static_cast<int64_t>(values_.size());
    const int width = type->byte_width();
    SLUICE_ASSIGN(const ArrayPtr entries, width == 1   ? Narrowed<int8_t>(type, count)
                                          : width == 2 ? Narrowed<int16_t>(type, count)
                                          : width == 4 ? Narrowed<int32_t>(type, count)
                                                       : Narrowed<int64_t>(type, count));
    return ListOf(call_, std::move(validity), arrow::Buffer::FromVector(std::move(offsets_)), *entries);
  }

 private:
  template <typename T>
  Result<ArrayPtr> Narrowed(const TypePtr& type, int64_t count) const {
    ColumnWriter<T> writer(count, call_.context);
    SLUICE_RETURN_IF_ERROR(writer.Allocate());
    for (int64_t i = 0; i < count; ++i) {
      SLUICE_RETURN_IF_ERROR(writer.Set(i, static_cast<T>(values_[static_cast<size_t>(i)])));
    }
    return writer.Finish(type);
  }

  const KernelCall& call_;
  std::vector<int32_t> offsets_;
  std::vector<int64_t> values_;
};

// Calls row(row, &lists) for each row without NULLs.
template <typename Row>
Result<ArrayPtr> FillLists(const KernelCall& call, Row fill) {
  ValidityWriter validity(call.rows, PoolOf(call.context));
  SLUICE_RETURN_IF_ERROR(validity.SetFrom(call.args));
  Lists lists(call);
  for (int64_t row = 0; row < call.rows; ++row) {
    if (!validity.IsNull(row)) {
      if (row % kRowsUncancelled == 0) SLUICE_RETURN_IF_ERROR(call.context.CheckCancelled());
      const Status status = fill(row, &lists);
      if (!status.ok()) return WithRow(status, row);
    }
    lists.EndRow();
  }
  return lists.Finish(validity.buffer());
}

// Columns of BIGINT; without a step it is 1 or -1.
Result<ArrayPtr> NumberSequence(const KernelCall& call) {
  const ColumnReader<int64_t> begins(*call.args[0]);
  const ColumnReader<int64_t> ends(*call.args[1]);
  return FillLists(call, [&](int64_t row, Lists* lists) -> Status {
    const int64_t from = begins[row];
    const int64_t to = ends[row];
    const int64_t step = call.args.size() > 2 ? ColumnReader<int64_t>(*call.args[2])[row] : from <= to ? 1 : -1;
    if (!IsReachable(from, to, step)) {
      return IllegalBounds(std::to_string(from), std::to_string(to), std::to_string(step));
    }
    const auto distance = step < 0 ? static_cast<uint64_t>(from) - static_cast<uint64_t>(to)
                                   : static_cast<uint64_t>(to) - static_cast<uint64_t>(from);
    const auto stride = step < 0 ? 0 - static_cast<uint64_t>(step) : static_cast<uint64_t>(step);
    const uint64_t more = stride == 0 ? 0 : distance / stride;
    SLUICE_RETURN_IF_ERROR(lists->Expect(more == UINT64_MAX ? more : more + 1));
    for (uint64_t i = 0; i <= more; ++i) {
      SLUICE_RETURN_IF_ERROR(
          lists->Add(static_cast<int64_t>(static_cast<uint64_t>(from) + i * static_cast<uint64_t>(step))));
    }
    return Status::OK();
  });
}

// A step of time: months and days on the clock, and microseconds that pass.
struct Step {
  int64_t months = 0;
  int64_t days = 0;
  int64_t micros = 0;
  int64_t sign() const {
    const int64_t most = months != 0 ? months : days != 0 ? days : micros;
    return most > 0 ? 1 : most < 0 ? -1 : 0;
  }
};

std::optional<int64_t> After(int64_t begin, const Step& step, int64_t times, TimeZone* zone) {
  int64_t moved[3];
  const int64_t units[] = {step.months, step.days, step.micros};
  for (int i = 0; i < 3; ++i) {
    if (__builtin_mul_overflow(units[i], times, &moved[i])) return std::nullopt;
  }
  if (__builtin_mul_overflow(moved[1], kMicrosPerDay, &moved[1])) return std::nullopt;
  auto local = AddMonthsToLocal(zone->ToLocal(begin), moved[0]);
  int64_t sum = 0;
  if (!local || __builtin_add_overflow(*local, moved[1], &sum)) return std::nullopt;
  return __builtin_add_overflow(zone->ToUtc(sum), moved[2], &sum) ? std::nullopt : std::optional(sum);
}

// Of timestamps; dates come as the midnights of UTC, and go back to days.
Result<ArrayPtr> TimeSequence(const KernelCall& call) {
  const bool dates = call.node.type()->field(0)->type()->id() == arrow::Type::DATE32;
  const bool zoned = call.args[0]->type()->Equals(TimestampType());
  SLUICE_ASSIGN(auto zone, TimeZone::Find(zoned ? call.context.time_zone : "UTC"));
  const auto read = [&](size_t arg, int64_t row, int64_t* micros) {
    *micros = dates ? ColumnReader<int32_t>(*call.args[arg])[row] : ColumnReader<int64_t>(*call.args[arg])[row];
    return !dates || !__builtin_mul_overflow(*micros, kMicrosPerDay, micros);
  };
  return FillLists(call, [&](int64_t row, Lists* lists) -> Status {
    int64_t from = 0;
    int64_t to = 0;
    if (!read(0, row, &from) || !read(1, row, &to)) {
      return UserError("DATETIME_OVERFLOW", "sequence reaches no such date.", {{"operation", "`sequence`"}});
    }
    Step step;
    if (call.args.size() < 3) {
      step.days = from <= to ? 1 : -1;
    } else if (IsYearMonthInterval(*call.args[2]->type())) {
      step.months = ColumnReader<int32_t>(*call.args[2])[row];
    } else {
      const int64_t interval = ColumnReader<int64_t>(*call.args[2])[row];
      step.days = interval / kMicrosPerDay;
      step.micros = interval % kMicrosPerDay;
      if (dates && step.micros != 0) {
        return IllegalBounds("a date", "a date", "less than a day");
      }
    }
    if (!IsReachable(from, to, step.sign())) return IllegalBounds("the start", "the stop", "the interval");
    int64_t value = from;
    for (int64_t i = 1;; ++i) {
      if (i % 1024 == 1) {
        SLUICE_RETURN_IF_ERROR(lists->Expect(static_cast<uint64_t>(i)));
        SLUICE_RETURN_IF_ERROR(call.context.CheckCancelled());
      }
      SLUICE_RETURN_IF_ERROR(lists->Add(dates ? FloorDiv(value, kMicrosPerDay) : value));
      const auto next = After(from, step, i, &zone);
      if (step.sign() == 0 || !next || !IsReachable(*next, to, step.sign())) return Status::OK();
      value = *next;
    }
  });
}

Status WrongTypes(const std::vector<ExprPtr>& args) {
  return UserError("DATATYPE_MISMATCH.SEQUENCE_WRONG_INPUT_TYPES",
                   fmt::format("sequence needs whole numbers, or dates or timestamps and an interval, not {} and {}.",
                               SparkTypeName(*args[0]->type()), SparkTypeName(*args[1]->type())),
                   {{"functionName", "`sequence`"}});
}

Result<ExprPtr> ResolveSequence(std::vector<ExprPtr> args, const ResolveOptions& options) {
  SLUICE_RETURN_IF_ERROR(CheckCount("sequence", args.size(), 2, 3));
  TypePtr type = CommonTypeWithoutStrings(args[0]->type(), args[1]->type(), options.ansi);
  if (type == nullptr) return WrongTypes(args);
  const bool time = type->id() == arrow::Type::DATE32 || type->id() == arrow::Type::TIMESTAMP;
  if (!time && args.size() > 2) {
    type = CommonTypeWithoutStrings(type, args[2]->type(), options.ansi);
    if (type == nullptr) return WrongTypes(args);
  }
  if (!time && !IsIntegralType(*type)) return WrongTypes(args);
  if (time && args.size() > 2 && !IsInterval(*args[2]->type())) return WrongTypes(args);
  for (size_t i = 0; i < args.size(); ++i) {
    if (time && i == 2) continue;
    SLUICE_ASSIGN(args[i], MakeImplicitCast(std::move(args[i]), time ? type : arrow::int64(), options.ansi));
  }
  const bool nullable = std::any_of(args.begin(), args.end(), [](const ExprPtr& arg) { return arg->nullable(); });
  return std::make_shared<FunctionExpr>(
      FunctionTraits{.name = "sequence", .kernel = time ? TimeSequence : NumberSequence, .ansi = options.ansi},
      ArrayType(type, false), nullable, std::move(args));
}

}  // namespace

void AddSequences(FunctionTable* table) {
  table->push_back({"sequence", "sequence(start, stop[, step])",
                    "Numbers, dates or timestamps from start to stop; the step is 1 or a day, or what is given.",
                    "sequence(1, 5)", "2.4.0", ResolveSequence});
}

}  // namespace sluice
