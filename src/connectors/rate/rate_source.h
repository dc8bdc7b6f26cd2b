// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "connectors/source.h"

namespace sluice {

struct RateOptions {
  int64_t rows_per_second = 1;
  int64_t ramp_up_seconds = 0;
  std::optional<int64_t> num_partitions;
};
Result<RateOptions> ParseRateOptions(const Options& options);

// How many rows there are in the first `seconds`: the speed grows second by second until the ramp-up is over.
// UserError when that is beyond 64 bits.
Result<int64_t> RateValueAtSecond(int64_t seconds, const RateOptions& options);

// The source `rate`: rows by the clock. An offset is the number of seconds since the query's first start, which stands
// in sources/<i>/0 ("v1\n" and milliseconds since 1970). Thread-compatible, except OpenReader.
class RateSource : public StreamSource {
 public:
  RateSource(const SourceContext& context, RateOptions options);
  std::string description() const override;
  Result<std::string> InitialOffset() override { return std::string("0"); }
  Result<std::optional<std::string>> LatestOffset(const std::string& start) override;
  Result<std::vector<InputPartition>> PlanTasks(const std::string& start, const std::string& end) override;
  Result<std::unique_ptr<SliceReader>> OpenReader(const InputPartition& input,
                                                  const std::vector<int>& columns) override;
  Status Committed(const std::string& end, std::map<std::string, std::string>* metrics,
                   std::optional<std::string>* latest) override;

 private:
  Status FindCreationTime();

  std::shared_ptr<Env> env_;
  std::optional<Location> checkpoint_;
  RateOptions options_;
  bool available_now_;
  std::optional<int64_t> created_ms_;
  int64_t last_ms_ = 0;  // the clock never seems to go back
  std::optional<int64_t> frozen_;
};

}  // namespace sluice
