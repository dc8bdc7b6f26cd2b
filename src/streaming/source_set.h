// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/status.h"
#include "connectors/source.h"
#include "exec/task_pipeline.h"
#include "streaming/batch_plan.h"

namespace sluice {

// What one source tells after a batch.
struct SourceNews {
  std::map<std::string, std::string> metrics;
  std::optional<std::string> latest;  // its newest offset known
};

// One input of a batch and the source that reads it.
struct SourceInput {
  size_t source = 0;
  InputPartition input;
};

// The sources of a query by ordinal: plan order, as Spark counts them in offsets/N and sources/<ordinal>. Called from
// the query's thread; the sources' OpenReader by tasks.
class SourceSet {
 public:
  // `context` has what all share; options, paths and the checkpoint's folder are filled in for each. `checkpoint` is
  // the folder of a source by its ordinal. `recovered` is the batch that runs first, or null.
  static Result<std::unique_ptr<SourceSet>> Open(const StreamingShape& shape, const SourceContext& context,
                                                 const std::function<Location(int ordinal)>& checkpoint,
                                                 const BatchPlan* recovered);

  size_t size() const { return sources_.size(); }
  StreamSource& at(size_t ordinal) const { return *sources_[ordinal]; }
  // "KafkaV2[Subscribe[a]], KafkaV2[Subscribe[b]]"
  std::string description() const;

  // Asks each source without a start for its initial offset.
  Result<SourceOffsets> FillIn(SourceOffsets starts) const;
  // The ends of the next batch, or nothing when no source has anything new. A source without news ends where it starts.
  Result<std::optional<SourceOffsets>> Latest(const SourceOffsets& starts) const;
  // The inputs of [starts, ends), in the order of the sources. Sources without an end have none.
  Result<std::vector<SourceInput>> PlanTasks(const SourceOffsets& starts, const SourceOffsets& ends) const;
  // After the batch that ends there is committed.
  Result<std::vector<SourceNews>> Committed(const SourceOffsets& ends) const;

 private:
  explicit SourceSet(std::vector<std::shared_ptr<StreamSource>> sources) : sources_(std::move(sources)) {}

  const std::vector<std::shared_ptr<StreamSource>> sources_;
};

}  // namespace sluice
