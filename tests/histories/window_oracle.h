// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <tuple>
#include <vector>

#include "env/env.h"
#include "spark_writer.h"

namespace sluice {

// The query that keeps state: records counted by partition and window of event time, in append.
inline constexpr int64_t kWindowMs = 500;
inline constexpr int64_t kDelayMs = 300;
// A record's event time. Partitions go at different speeds, so the slower one's rows are late now and then.
int64_t EventTimeMs(const TopicPartition& partition, int64_t offset);

// Computes what a run without any fault gives and keeps for the batches that offsets/ records, by the rules alone: a
// window is late by the watermark of the batch before, and leaves by the batch's own.
class WindowOracle {
 public:
  WindowOracle(std::shared_ptr<FileSystem> fs, std::string checkpoint)
      : fs_(std::move(fs)), checkpoint_(std::move(checkpoint)) {}

  // A line for each thing that is wrong: a recorded watermark, rows of these files, rows of the state.
  std::vector<std::string> Judge(const Produced& produced, const std::vector<std::string>& files,
                                 const std::string& where);

 private:
  // start in ms, partition -> count
  using Groups = std::map<std::pair<int64_t, int32_t>, int64_t>;
  // With its doubles.
  using Rows = std::map<std::tuple<int64_t, int32_t, int64_t>, int>;
  struct Outcome {
    Rows given;
    Groups kept;
    int64_t batches = 0;
  };
  Result<Outcome> Compute(const Produced& produced);
  Result<Rows> Read(const std::vector<std::string>& files) const;
  Result<Groups> ReadState(int64_t version) const;
  Status Compare(const Produced& produced, const std::vector<std::string>& files, const std::string& where);

  const std::shared_ptr<FileSystem> fs_;
  const std::string checkpoint_;
  std::vector<std::string> wrong_;
};

}  // namespace sluice
