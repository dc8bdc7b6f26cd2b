// SPDX-License-Identifier: Apache-2.0
#include "exec/stateful/event_time.h"

#include <arrow/api.h>

#include <algorithm>
#include <cstring>

#include "expr/column_io.h"
#include "types/calendar.h"

namespace sluice {

void EventTimes::Add(int64_t ms) {
  max_ms = std::max(max_ms, ms);
  min_ms = std::min(min_ms, ms);
  ++count;
  average_ms += (static_cast<double>(ms) - average_ms) / static_cast<double>(count);
}

void EventTimes::Merge(const EventTimes& other) {
  if (other.count == 0) return;
  max_ms = std::max(max_ms, other.max_ms);
  min_ms = std::min(min_ms, other.min_ms);
  count += other.count;
  average_ms += (other.average_ms - average_ms) * (static_cast<double>(other.count) / static_cast<double>(count));
}

Result<std::shared_ptr<arrow::RecordBatch>> WatermarkOperator::Next() {
  SLUICE_ASSIGN(auto slice, input_->Next());
  if (slice == nullptr) return slice;
  const arrow::Array& column = *slice->column(column_);
  const ColumnReader<int64_t> times(column);
  const bool nulls = column.null_count() > 0;
  for (int64_t row = 0; row < slice->num_rows(); ++row) {
    seen_->Add(nulls && column.IsNull(row) ? 0 : FloorDiv(times[row], 1000));
  }
  return slice;
}

std::vector<std::optional<int64_t>> EventTimesIn(const arrow::Array& column, bool window) {
  std::vector<std::optional<int64_t>> times(static_cast<size_t>(column.length()));
  std::shared_ptr<arrow::Array> ends;
  if (window) ends = static_cast<const arrow::StructArray&>(column).field(1);
  const arrow::Array& values = window ? *ends : column;
  const ColumnReader<int64_t> reader(values);
  for (int64_t row = 0; row < column.length(); ++row) {
    if (column.IsValid(row) && values.IsValid(row)) times[static_cast<size_t>(row)] = reader[row];
  }
  return times;
}

namespace {

uint64_t WordAt(std::string_view row, size_t at) {
  uint64_t word = 0;
  std::memcpy(&word, row.data() + at, sizeof(word));
  return word;
}

}  // namespace

std::optional<int64_t> EventTimeIn(std::string_view row, int fields, const EventTimeField& field) {
  const auto column = static_cast<size_t>(field.column);
  const size_t bits = (static_cast<size_t>(fields) + 63) / 64 * 8;
  if ((static_cast<uint8_t>(row[column / 8]) >> column % 8 & 1) != 0) return std::nullopt;
  const uint64_t word = WordAt(row, bits + column * 8);
  if (!field.window) return static_cast<int64_t>(word);
  const std::string_view window = row.substr(word >> 32);
  if (window.size() < 24 || (window[0] & 2) != 0) return std::nullopt;
  return static_cast<int64_t>(WordAt(window, 16));
}

}  // namespace sluice
