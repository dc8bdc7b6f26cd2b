// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <string>
#include <vector>

#include "connectors/kafka/topic_partition.h"
#include "env/env.h"
#include "history.h"

namespace sluice {

// The records there are, by partition and offset: what every table must hold once.
using Produced = std::map<TopicPartition, std::map<int64_t, std::string>>;

// Another writer of the same checkpoint and table, which knows nothing of Sluice: part files with random uuids and
// other bytes, entries without our keys. Files and formats are Spark's.
class SparkWriter {
 public:
  SparkWriter(std::shared_ptr<Env> env, std::string checkpoint, std::string table)
      : env_(std::move(env)), checkpoint_(std::move(checkpoint)), table_(std::move(table)) {}

  struct Outcome {
    bool ran = false;              // there was something to do
    bool reran_planned = false;    // part files of the earlier attempt are nobody's now
    bool left_part_files = false;  // killed before its sink log named them
  };
  // Runs the planned batch, or else one up to `ends`, until `reach`.
  Result<Outcome> RunBatch(const Produced& produced, const PartitionOffsets& ends, SparkReach reach);

 private:
  Status WritePart(int task, const TopicPartition& partition, const std::vector<std::pair<int64_t, std::string>>& rows,
                   std::vector<std::string>* paths);

  const std::shared_ptr<Env> env_;
  const std::string checkpoint_, table_;
};

}  // namespace sluice
