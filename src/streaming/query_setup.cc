// SPDX-License-Identifier: Apache-2.0
#include "streaming/query_setup.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/spark_error.h"
#include "checkpoint/crc32c.h"
#include "connectors/file/partition_check.h"
#include "streaming/bad_records/entry_conf.h"
#include "streaming/query_spec.h"

namespace sluice {

std::string SetupOf(const QuerySpec& spec) {
  // The options of the sources stand in the plan's text.
  std::string text = Explain(*spec.plan) + spec.sink_format + spec.sink_path;
  const auto add = [&](const auto& values) {
    for (const auto& [key, value] : values) {
      if (!IsSecretKey(key)) text += fmt::format("\n{}={}", key, value);
    }
  };
  add(spec.sink_options);
  add(spec.conf.values());
  // Version 2 of partitioned files: one a folder and task. (1 closed files to open others, and went on in further
  // ones.)
  for (const std::string& column : spec.partition_columns) text += "\npartitioned, version 2: " + column;
  return fmt::format("{:08x}", Crc32c(text));
}

PlanPtr RowsToWrite(const QuerySpec& spec) {
  if (spec.partition_columns.empty() || spec.sink_path.empty()) return spec.plan;
  ExprPtr check = PartitionCheck(*spec.plan->schema, spec.partition_columns, spec.sink_path);
  if (check == nullptr) return spec.plan;
  return MakeFilter(spec.plan, std::move(check));
}

namespace {

// Rows that a function makes of whole batches come from no record that could be named.
bool HasBatchFunction(const PlanNode& plan) {
  return IsPython(plan, plan::PythonStep::Kind::kBatches) ||
         std::any_of(plan.inputs.begin(), plan.inputs.end(),
                     [](const PlanPtr& input) { return HasBatchFunction(*input); });
}

}  // namespace

Status CheckWork(const QuerySpec& spec, const StreamingShape& shape) {
  if (HasBatchFunction(*spec.plan) && !spec.conf.Get(kBadRecordsPath).empty()) {
    return NotSupported(fmt::format("{} with mapInPandas or mapInArrow: the record that a row comes from is not known.",
                                    kBadRecordsPath));
  }
  if (!shape.joins.empty() && !spec.conf.Get(kBadRecordsPath).empty()) {
    return NotSupported(
        fmt::format("{} with a join: the record that a joined row comes from is not kept.", kBadRecordsPath));
  }
  if (shape.keeps_state() && !spec.conf.Get(kBadRecordsPath).empty()) {
    return NotSupported(fmt::format(
        "{} with a query that keeps state: records that are put through later would come too late.", kBadRecordsPath));
  }
  if (spec.work != QueryWork::kReplayBadRecords) return Status::OK();
  if (shape.scans.size() != 1 || shape.scans[0]->Get<plan::Scan>().source.format != "kafka") {
    return NotSupported("Only records of a query over one Kafka source are kept whole and can be put through again.");
  }
  if (spec.conf.Get(kBadRecordsPath).empty()) {
    return UserError("SLUICE_INVALID_OPTION",
                     fmt::format("Where the bad records are must be given by {}.", kBadRecordsPath));
  }
  return Status::OK();
}

}  // namespace sluice
