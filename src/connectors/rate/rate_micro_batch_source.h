// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "connectors/source.h"

namespace sluice {

struct RateMicroBatchOptions {
  int64_t rows_per_batch = 0;
  int64_t num_partitions = 1;
  int64_t start_timestamp_ms = 0;
  int64_t advance_ms = 1000;
};
Result<RateMicroBatchOptions> ParseRateMicroBatchOptions(const Options& options);

// The source `rate-micro-batch`: the same number of rows in every batch, whatever the clock. An offset is
// {"offset":rows so far,"timestamp":ms}. Thread-compatible, except OpenReader.
class RateMicroBatchSource : public StreamSource {
 public:
  RateMicroBatchSource(const SourceContext& context, RateMicroBatchOptions options)
      : options_(options), available_now_(context.available_now) {}
  std::string description() const override;
  Result<std::string> InitialOffset() override;
  Result<std::optional<std::string>> LatestOffset(const std::string& start) override;
  Result<std::vector<InputPartition>> PlanTasks(const std::string& start, const std::string& end) override;
  Result<std::unique_ptr<SliceReader>> OpenReader(const InputPartition& input,
                                                  const std::vector<int>& columns) override;
  Status Committed(const std::string& end, std::map<std::string, std::string>* metrics,
                   std::optional<std::string>* latest) override {
    return Status::OK();
  }

 private:
  RateMicroBatchOptions options_;
  bool available_now_;
  std::optional<std::string> frozen_;  // AvailableNow is one batch, as in Spark
};

}  // namespace sluice
