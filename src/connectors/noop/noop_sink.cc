// SPDX-License-Identifier: Apache-2.0
#include <arrow/record_batch.h>

#include "connectors/batch_sink.h"
#include "connectors/registry.h"

namespace sluice {
namespace {

class NoopWriter : public TaskWriter {
 public:
  Status Write(const std::shared_ptr<arrow::RecordBatch>& slice) override {
    rows_ += slice->num_rows();
    return Status::OK();
  }
  Result<std::unique_ptr<TaskCommit>> Finish() override {
    auto commit = std::make_unique<TaskCommit>();
    commit->rows = rows_;
    return commit;
  }

 private:
  int64_t rows_ = 0;
};

// Evaluates every row and drops it: for measuring.
class NoopSink : public StreamSink {
 public:
  std::string description() const override { return "noop-table"; }
  Status Start(BatchId next, bool recovered) override { return Status::OK(); }
  Result<BatchStanding> Standing(BatchId batch, bool recovered) override { return BatchStanding::kNew; }
  Result<std::unique_ptr<TaskWriter>> OpenTask(BatchId batch, TaskId task, const std::string& identity) override {
    return std::unique_ptr<TaskWriter>(std::make_unique<NoopWriter>());
  }
  Status Commit(BatchId batch, std::vector<std::unique_ptr<TaskCommit>> commits) override { return Status::OK(); }
};

Result<std::unique_ptr<StreamSink>> OpenNoopSink(const SinkContext& context) {
  const std::vector<OptionRow> table = {
      {"queryName", "", OptionUse::kHonoured, "Name of the query."},
      {"checkpointLocation", "", OptionUse::kHonoured, "Folder of the query's checkpoint."},
  };
  SLUICE_RETURN_IF_ERROR(CheckOptions(context.options, table, {}, "noop sink"));
  return std::make_unique<NoopSink>();
}

class NoopBatchSink : public BatchSink {
 public:
  Result<std::unique_ptr<TaskWriter>> OpenTask(TaskId) override {
    return std::unique_ptr<TaskWriter>(std::make_unique<NoopWriter>());
  }
  Status Commit(std::vector<std::unique_ptr<TaskCommit>>) override { return Status::OK(); }
};

}  // namespace

Result<std::unique_ptr<BatchSink>> OpenNoopBatchSink(const SinkContext& context) {
  SLUICE_RETURN_IF_ERROR(CheckOptions(context.options, {}, {}, "noop sink"));
  return std::make_unique<NoopBatchSink>();
}

extern const Connector kNoopConnector;
const Connector kNoopConnector = {"noop", "Drops every row", nullptr, nullptr, nullptr, OpenNoopSink};

}  // namespace sluice
