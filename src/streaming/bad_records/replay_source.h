// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <vector>

#include "connectors/source.h"
#include "streaming/bad_records/folder.h"

namespace sluice {

// The Kafka records that were set aside, as the rows that they were: for the batch that puts them through again.
// A task a file, in the order of the batches. Offsets are not used: the range is given at the beginning.
class ReplaySource : public StreamSource {
 public:
  // The records of `batches`, all committed. `folder` must outlive this and its readers.
  ReplaySource(const BadRecordFolder* folder, std::vector<BatchId> batches)
      : folder_(folder), batches_(std::move(batches)) {}

  std::string description() const override { return "BadRecords[" + folder_->path() + "]"; }
  Result<std::string> InitialOffset() override { return std::string(); }
  Result<std::optional<std::string>> LatestOffset(const std::string&) override { return std::optional<std::string>(); }
  Result<std::vector<InputPartition>> PlanTasks(const std::string& start, const std::string& end) override;
  Result<std::unique_ptr<SliceReader>> OpenReader(const InputPartition& input,
                                                  const std::vector<int>& columns) override;
  Status Committed(const std::string&, std::map<std::string, std::string>*, std::optional<std::string>*) override {
    return Status::OK();
  }

 private:
  const BadRecordFolder* const folder_;
  const std::vector<BatchId> batches_;
};

}  // namespace sluice
