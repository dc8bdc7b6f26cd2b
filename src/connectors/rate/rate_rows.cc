// SPDX-License-Identifier: Apache-2.0
#include "connectors/rate/rate_rows.h"

#include <arrow/api.h>
#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <cmath>

#include "base/spark_error.h"
#include "types/spark_type.h"

namespace sluice {
namespace {

constexpr int64_t kRateSliceRows = 1024;

class RateReader : public SliceReader {
 public:
  RateReader(RateTask task, std::vector<int> columns) : task_(task), next_(task.first), columns_(std::move(columns)) {}

  Result<std::shared_ptr<arrow::RecordBatch>> Next() override {
    if (cancelled_) return Status::Cancelled("reading of a rate source was cancelled");
    std::vector<int64_t> values;
    std::vector<int64_t> timestamps;
    for (; next_ < task_.end && static_cast<int64_t>(values.size()) < kRateSliceRows; next_ += task_.step) {
      // Java's Math.round: halves go up.
      const double relative = static_cast<double>(next_ - task_.base_value) * task_.ms_per_value;
      timestamps.push_back((task_.base_ms + static_cast<int64_t>(std::floor(relative + 0.5))) * 1000);
      values.push_back(next_);
    }
    if (values.empty()) return std::shared_ptr<arrow::RecordBatch>();
    const auto rows = static_cast<int64_t>(values.size());
    slice_first_ = values.front();
    arrow::FieldVector fields;
    arrow::ArrayVector arrays;
    for (const int column : columns_) {
      fields.push_back(RateSchema()->field(column));
      auto& data = column == 0 ? timestamps : values;
      arrays.push_back(arrow::MakeArray(arrow::ArrayData::Make(
          fields.back()->type(), rows, {nullptr, arrow::Buffer::FromVector(std::vector<int64_t>(data))}, 0)));
    }
    return arrow::RecordBatch::Make(arrow::schema(fields), rows, std::move(arrays));
  }

  std::string PlaceOf(int64_t row) const override { return fmt::format("value {}", slice_first_ + row * task_.step); }
  void Cancel() override { cancelled_ = true; }

 private:
  RateTask task_;
  int64_t next_;
  int64_t slice_first_ = 0;
  std::vector<int> columns_;
  std::atomic<bool> cancelled_{false};
};

}  // namespace

std::shared_ptr<arrow::Schema> RateSchema() {
  return arrow::schema({arrow::field("timestamp", TimestampType()), arrow::field("value", arrow::int64())});
}

std::vector<InputPartition> PlanRateTasks(const std::string& name, const RateTask& all, int64_t tasks) {
  std::vector<InputPartition> planned;
  if (all.first >= all.end) return planned;
  for (int64_t i = 0; i < tasks; ++i) {
    auto task = std::make_shared<RateTask>(all);
    task->first = all.first + i;
    task->step = tasks;
    planned.push_back({fmt::format("{}-{}:{}:{}", name, i, all.first, all.end), std::move(task)});
  }
  return planned;
}

std::unique_ptr<SliceReader> OpenRateReader(const InputPartition& input, const std::vector<int>& columns) {
  return std::make_unique<RateReader>(*static_cast<const RateTask*>(input.detail.get()), columns);
}

Result<int64_t> PositiveRateOption(const Options& options, const char* name, int64_t fallback) {
  SLUICE_ASSIGN(const int64_t value, options.GetInt(name, fallback));
  if (value <= 0) {
    return UserError("SLUICE_INVALID_OPTION", fmt::format("Option '{}' must be positive, not {}.", name, value));
  }
  return value;
}

}  // namespace sluice
