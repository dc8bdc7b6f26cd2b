// SPDX-License-Identifier: Apache-2.0
#include "exec/stateful/time_window.h"

#include <arrow/api.h>

#include <algorithm>
#include <utility>

#include "base/spark_error.h"
#include "exec/select_rows.h"
#include "expr/column_io.h"
#include "types/calendar.h"

namespace sluice {

TimeWindowOperator::TimeWindowOperator(std::unique_ptr<Operator> input, const PlanNode& node, EvalContext context,
                                       BadRowSink* bad_rows)
    : input_(std::move(input)),
      schema_(node.schema),
      window_(node.Get<plan::TimeWindow>()),
      context_(std::move(context)),
      isolation_(bad_rows, context_.pool) {}

// One of no length or less is no session.
void TimeWindowOperator::AddSessions(const arrow::Array& times, const arrow::Array& ends) {
  const ColumnReader<int64_t> starts_of(times);
  const ColumnReader<int64_t> ends_of(ends);
  for (int64_t row = 0; row < times.length(); ++row) {
    if (times.IsNull(row) || ends.IsNull(row) || ends_of[row] <= starts_of[row]) continue;
    made_.rows.push_back(static_cast<int32_t>(row));
    made_.starts.push_back(starts_of[row]);
    made_.ends.push_back(ends_of[row]);
  }
}

void TimeWindowOperator::AddWindows(const arrow::Array& times) {
  const ColumnReader<int64_t> reader(times);
  const WindowLengths& lengths = window_.lengths;
  const int64_t windows = (lengths.length_us + lengths.slide_us - 1) / lengths.slide_us;
  for (int64_t row = 0; row < times.length(); ++row) {
    if (times.IsNull(row)) continue;
    const int64_t time = reader[row];
    const int64_t offset = time - lengths.start_us;
    const int64_t last = time - (offset - FloorDiv(offset, lengths.slide_us) * lengths.slide_us);
    for (int64_t i = 0; i < windows; ++i) {
      const int64_t start = last - i * lengths.slide_us;
      if (time >= start + lengths.length_us) continue;
      made_.rows.push_back(static_cast<int32_t>(row));
      made_.starts.push_back(start);
      made_.ends.push_back(start + lengths.length_us);
    }
  }
}

Result<std::shared_ptr<arrow::Array>> TimeWindowOperator::WindowColumn() const {
  const auto& type = schema_->fields().back()->type();
  const auto rows = static_cast<int64_t>(made_.rows.size());
  std::vector<std::shared_ptr<arrow::ArrayData>> children;
  for (const auto* values : {&made_.starts, &made_.ends}) {
    ColumnWriter<int64_t> writer(rows, context_);
    SLUICE_RETURN_IF_ERROR(writer.Allocate());
    std::copy(values->begin(), values->end(), writer.values());
    SLUICE_ASSIGN(const auto child, writer.Finish(type->field(static_cast<int>(children.size()))->type()));
    children.push_back(child->data());
  }
  return arrow::MakeArray(arrow::ArrayData::Make(type, rows, {nullptr}, std::move(children), 0));
}

Result<std::shared_ptr<arrow::RecordBatch>> TimeWindowOperator::Next() {
  for (;;) {
    SLUICE_ASSIGN(auto slice, input_->Next());
    if (slice == nullptr) return slice;
    SLUICE_RETURN_IF_ERROR(isolation_.Run(*input_, &slice, [&](const arrow::RecordBatch& rows) -> Status {
      made_ = {};
      Evaluation evaluation(rows, context_);
      SLUICE_ASSIGN(const auto times, evaluation.Eval(window_.time));
      if (window_.session_end == nullptr) {
        AddWindows(*times);
        return Status::OK();
      }
      SLUICE_ASSIGN(const auto ends, evaluation.Eval(window_.session_end));
      AddSessions(*times, *ends);
      return Status::OK();
    }));
    if (slice->num_rows() == 0 || made_.rows.empty()) continue;
    SLUICE_ASSIGN(const auto selected, SelectRows(slice, made_.rows, context_.pool));
    arrow::ArrayVector columns = selected->columns();
    SLUICE_ASSIGN(auto window, WindowColumn());
    columns.push_back(std::move(window));
    return arrow::RecordBatch::Make(schema_, selected->num_rows(), std::move(columns));
  }
}

std::string TimeWindowOperator::PlaceOf(int64_t row) const {
  if (row < 0 || row >= static_cast<int64_t>(made_.rows.size())) return {};
  return input_->PlaceOf(isolation_.InputRow(made_.rows[static_cast<size_t>(row)]));
}

Result<SourceRecord> TimeWindowOperator::RecordOf(int64_t row) const {
  if (row < 0 || row >= static_cast<int64_t>(made_.rows.size())) return SourceRecord{};
  return input_->RecordOf(isolation_.InputRow(made_.rows[static_cast<size_t>(row)]));
}

std::optional<int64_t> TimeWindowOperator::OriginOf(int64_t row) const {
  if (row < 0 || row >= static_cast<int64_t>(made_.rows.size())) return std::nullopt;
  return input_->OriginOf(isolation_.InputRow(made_.rows[static_cast<size_t>(row)]));
}

}  // namespace sluice
