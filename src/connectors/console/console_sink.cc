// SPDX-License-Identifier: Apache-2.0
#include "connectors/console/console_sink.h"

#include <arrow/record_batch.h>
#include <fmt/format.h>

#include <algorithm>
#include <iostream>

#include "base/printable.h"
#include "base/spark_error.h"
#include "connectors/memory/collected_slices.h"
#include "connectors/registry.h"
#include "types/spark_type.h"
#include "types/text_table.h"

namespace sluice {
namespace {

constexpr int kTruncated = 20;

class ConsoleSink : public StreamSink {
 public:
  ConsoleSink(SinkContext context, std::ostream* out, int64_t rows, bool truncate)
      : context_(std::move(context)), out_(out), max_rows_(rows), truncate_(truncate) {}

  std::string description() const override { return "ConsoleTable"; }
  Status Start(BatchId next, bool recovered) override { return Status::OK(); }
  Result<BatchStanding> Standing(BatchId batch, bool recovered) override { return BatchStanding::kNew; }
  Result<std::unique_ptr<TaskWriter>> OpenTask(BatchId batch, TaskId task, const std::string& identity) override {
    return std::unique_ptr<TaskWriter>(std::make_unique<SliceCollector>());
  }

  Status Commit(BatchId batch, std::vector<std::unique_ptr<TaskCommit>> commits) override {
    TextTable table;
    for (const auto& field : context_.schema->fields()) table.names.push_back(field->name());
    int64_t left = max_rows_;
    bool more = false;
    for (const auto& slice : TakeSlices(std::move(commits))) {
      const int64_t count = std::min(left, slice->num_rows());
      more |= count < slice->num_rows();
      left -= count;
      SLUICE_ASSIGN(const auto rows, ToEngineBatch(slice->Slice(0, count)));
      SLUICE_RETURN_IF_ERROR(AppendRows(*rows, truncate_ ? kTruncated : 0, context_.conf.time_zone(), &table));
    }
    constexpr const char* kRule = "-------------------------------------------";
    std::string rows = FormatTextTable(table, truncate_);
    if (out_ == &std::cout) rows = ForStdout(std::move(rows));
    *out_ << fmt::format("{}\nBatch: {}\n{}\n{}", kRule, batch.value, kRule, rows);
    // As show() does: an empty line ends a whole table, this remark a cut one.
    *out_ << (more ? fmt::format("only showing top {} row{}\n", max_rows_, max_rows_ == 1 ? "" : "s") : "\n")
          << std::flush;
    if (!out_->good()) return EnvironmentError("SLUICE_IO", "The console cannot be written to.");
    return Status::OK();
  }

 private:
  const SinkContext context_;
  std::ostream* const out_;
  const int64_t max_rows_;
  const bool truncate_;
};

Result<std::unique_ptr<StreamSink>> OpenOnStdout(const SinkContext& context) {
  return OpenConsoleSink(context, &std::cout);
}

}  // namespace

const std::vector<OptionRow>& ConsoleSinkOptions() {
  static const auto* table = new std::vector<OptionRow>{
      {"numRows", "20", OptionUse::kHonoured, "Rows of a batch that are printed."},
      {"truncate", "true", OptionUse::kHonoured, "Cut cells at 20 characters."},
      {"queryName", "", OptionUse::kHonoured, "Name of the query."},
      {"checkpointLocation", "", OptionUse::kHonoured, "Folder of the query's checkpoint."},
  };
  return *table;
}

Result<std::unique_ptr<StreamSink>> OpenConsoleSink(const SinkContext& context, std::ostream* out) {
  SLUICE_RETURN_IF_ERROR(CheckOptions(context.options, ConsoleSinkOptions(), {}, "console sink"));
  SLUICE_ASSIGN(const int64_t rows, context.options.GetInt("numRows", 20));
  SLUICE_ASSIGN(const bool truncate, context.options.GetBool("truncate", true));
  return std::unique_ptr<StreamSink>(std::make_unique<ConsoleSink>(context, out, std::max<int64_t>(rows, 0), truncate));
}

extern const Connector kConsoleConnector;
const Connector kConsoleConnector = {"console",   "Prints the first rows of each batch", nullptr, nullptr, nullptr,
                                     OpenOnStdout};

}  // namespace sluice
