// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "exec/operator.h"

namespace sluice {

// The event times that the rows of one kWatermark node had, in milliseconds. A plain value.
struct EventTimes {
  int64_t count = 0;
  int64_t max_ms = std::numeric_limits<int64_t>::min();
  int64_t min_ms = std::numeric_limits<int64_t>::max();
  double average_ms = 0;

  void Add(int64_t ms);
  void Merge(const EventTimes& other);
};

// Passes rows on and notes their event times in `seen`, which outlives it. NULL counts as 1970, as in Spark.
class WatermarkOperator : public Operator {
 public:
  WatermarkOperator(std::unique_ptr<Operator> input, int column, EventTimes* seen)
      : input_(std::move(input)), column_(column), seen_(seen) {}
  const std::shared_ptr<arrow::Schema>& schema() const override { return input_->schema(); }
  Result<std::shared_ptr<arrow::RecordBatch>> Next() override;
  std::string PlaceOf(int64_t row) const override { return input_->PlaceOf(row); }
  Result<SourceRecord> RecordOf(int64_t row) const override { return input_->RecordOf(row); }
  std::optional<int64_t> OriginOf(int64_t row) const override { return input_->OriginOf(row); }
  void Cancel() override { input_->Cancel(); }

 private:
  std::unique_ptr<Operator> input_;
  const int column_;
  EventTimes* const seen_;
};

// Which column of a row of state is its event time: a timestamp, or a window whose end it is.
struct EventTimeField {
  int column = 0;
  bool window = false;
};

// The event time of each row of `columns`, microseconds; none: NULL.
std::vector<std::optional<int64_t>> EventTimesIn(const arrow::Array& column, bool window);
// The same of one row as UnsafeRowCodec writes it, with `fields` columns. The row has the form of its schema.
std::optional<int64_t> EventTimeIn(std::string_view row, int fields, const EventTimeField& field);

}  // namespace sluice
