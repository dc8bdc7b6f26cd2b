// SPDX-License-Identifier: Apache-2.0
#include <utility>

#include "base/spark_error.h"
#include "connectors/memory/collected_slices.h"
#include "connectors/memory/memory_table.h"
#include "connectors/registry.h"

namespace sluice {
namespace {

const std::vector<OptionRow>& Table() {
  static const auto* table = new std::vector<OptionRow>{
      {"queryName", "", OptionUse::kHonoured, "Name of the query and of the table that holds its rows."},
      {"checkpointLocation", "", OptionUse::kHonoured, "Folder of the query's checkpoint."},
  };
  return *table;
}

// Rows into a table of this process, for tests and first steps. It holds what this run has written, no more.
class MemorySink : public StreamSink {
 public:
  MemorySink(std::shared_ptr<MemoryTable> table, bool replace) : table_(std::move(table)), replace_(replace) {}

  std::string description() const override { return "MemorySink"; }
  Status Start(BatchId next, bool recovered) override { return Status::OK(); }
  Result<BatchStanding> Standing(BatchId batch, bool recovered) override {
    const auto latest = table_->latest();
    return latest && *latest >= batch ? BatchStanding::kCommitted : BatchStanding::kNew;
  }
  Result<std::unique_ptr<TaskWriter>> OpenTask(BatchId batch, TaskId task, const std::string& identity) override {
    return std::unique_ptr<TaskWriter>(std::make_unique<SliceCollector>());
  }
  Status Commit(BatchId batch, std::vector<std::unique_ptr<TaskCommit>> commits) override {
    return table_->Commit(batch, TakeSlices(std::move(commits)), replace_);
  }

 private:
  const std::shared_ptr<MemoryTable> table_;
  const bool replace_;
};

Result<std::unique_ptr<StreamSink>> OpenMemorySink(const SinkContext& context) {
  SLUICE_RETURN_IF_ERROR(CheckOptions(context.options, Table(), {}, "memory sink"));
  const std::string name = context.options.Get("queryName", "");
  if (name.empty()) {
    return UserError("SLUICE_INVALID_OPTION",
                     "The memory sink needs a queryName: it is the name of the table that holds the rows.");
  }
  auto table = CreateMemoryTable(context.env, context.session, name, context.schema, context.budget);
  return std::make_unique<MemorySink>(std::move(table), context.output_mode == "complete");
}

}  // namespace

extern const Connector kMemoryConnector;
const Connector kMemoryConnector = {
    "memory", "A table in this process, named as the query", nullptr, nullptr, nullptr, OpenMemorySink};

}  // namespace sluice
