// SPDX-License-Identifier: Apache-2.0
#include "streaming/query_state_stores.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "base/logging.h"
#include "base/spark_error.h"
#include "checkpoint/log_folder.h"
#include "exec/stateful/state_formats.h"
#include "exec/task_runner.h"

namespace sluice {
namespace {

constexpr char kProvider[] = "spark.sql.streaming.stateStore.providerClass";
constexpr char kHdfsProvider[] = "HDFSBackedStateStoreProvider";

// What a checkpoint may say that Sluice does not do, by the setting's name.
Status CheckSettings(const Conf& conf) {
  const std::string provider = conf.Get(kProvider);
  if (!provider.empty() && !provider.ends_with(kHdfsProvider)) {
    return NotSupported(fmt::format("{} = {} is not supported by Sluice; {} is.", kProvider, provider, kHdfsProvider));
  }
  const auto must = [&](const char* key, std::string_view value) -> Status {
    const std::string given = conf.Get(key);
    if (given.empty() || given == value) return Status::OK();
    return NotSupported(fmt::format("{} = {} is not supported by Sluice; {} is.", key, given, value));
  };
  SLUICE_RETURN_IF_ERROR(must("spark.sql.streaming.stateStore.rowChecksum.enabled", "false"));
  return must("spark.sql.streaming.stateStore.encodingFormat", "unsaferow");
}

Result<StateFormats> FormatsOf(const Conf& conf) {
  const auto version = [&](const char* key) -> Result<int64_t> {
    const int64_t given = conf.GetInt(key);
    if (given == 1 || given == 2) return given;
    return NotSupported(fmt::format("{} = {} is not supported by Sluice; 1 and 2 are.", key, given));
  };
  SLUICE_ASSIGN(const int64_t aggregation, version("spark.sql.streaming.aggregation.stateFormatVersion"));
  SLUICE_ASSIGN(const int64_t join, version("spark.sql.streaming.join.stateFormatVersion"));
  return StateFormats{aggregation == 1, join != 1};
}

Result<int> ShufflePartitions(const Conf& conf) {
  const int64_t partitions = conf.GetInt("spark.sql.shuffle.partitions");
  if (partitions >= 1 && partitions <= 100'000) return static_cast<int>(partitions);
  return UserError("INVALID_CONF_VALUE.REQUIREMENT",
                   fmt::format("spark.sql.shuffle.partitions = {} must be from 1 to 100000.", partitions),
                   {{"confName", "spark.sql.shuffle.partitions"}});
}

}  // namespace

Result<std::unique_ptr<QueryStateStores>> QueryStateStores::Make(const StreamingShape& shape, const Conf& conf,
                                                                 std::optional<Location> checkpoint,
                                                                 MemoryBudget* budget) {
  auto made = std::make_unique<QueryStateStores>();
  made->checkpoint_ = checkpoint;
  if (shape.steps.empty()) return made;
  SLUICE_RETURN_IF_ERROR(CheckSettings(conf));
  SLUICE_ASSIGN(const StateCodec codec, StateCodecOf(conf.Get("spark.sql.streaming.stateStore.compression.codec")));
  SLUICE_ASSIGN(const int partitions, ShufflePartitions(conf));
  SLUICE_ASSIGN(const StateFormats formats, FormatsOf(conf));
  for (const StateStep& step : shape.steps) {
    SLUICE_ASSIGN(auto node, MakeStatefulOperator(*step.node, formats));
    auto stores = std::make_unique<OperatorStores>(node->StateSpec(step.id, partitions), checkpoint, codec, budget);
    made->steps_.push_back({std::move(node), std::move(stores)});
    made->by_id_.push_back(made->by_id_.size());
  }
  std::sort(made->by_id_.begin(), made->by_id_.end(),
            [&](size_t a, size_t b) { return made->stores(a).spec().id < made->stores(b).spec().id; });
  return made;
}

namespace {

using OperatorNames = std::map<int64_t, std::string>;

// As Spark prints them in its errors.
std::string Printed(const OperatorNames& names) {
  std::string list;
  for (const auto& [id, name] : names) {
    list += fmt::format("{}(OperatorId: {} -> OperatorName: {})", list.empty() ? "" : ", ", id, name);
  }
  return list;
}

Status OperatorsDiffer(const OperatorNames& stored, const OperatorNames& mine) {
  return UserError("STREAMING_STATEFUL_OPERATOR_NOT_MATCH_IN_STATE_METADATA",
                   fmt::format("Streaming stateful operator name does not match with the operator in state metadata. "
                               "This likely to happen when user adds/removes/changes stateful operator of existing "
                               "streaming query.\nStateful operators in the metadata: [{}]; Stateful operators in "
                               "current batch: [{}].",
                               Printed(stored), Printed(mine)),
                   {{"OpsInMetadataSeq", Printed(stored)}, {"OpsInCurBatchSeq", Printed(mine)}});
}

}  // namespace

// What the checkpoint says of its operators must be what the query has. A query without state is compared too: it would
// leave behind state that no longer fits the batches which follow.
Status QueryStateStores::CheckOperators(int64_t /*version*/) const {
  OperatorNames mine;
  for (const Step& step : steps_) mine[step.stores->spec().id] = step.stores->spec().name;
  const Location root{checkpoint_->fs, checkpoint_->path + "/state"};
  SLUICE_ASSIGN(const std::vector<FileInfo> folders, root.fs->List(root.path, /*recursive=*/false));
  if (folders.empty() && !mine.empty()) {
    return UserError("STREAMING_STATEFUL_OPERATOR_MISSING_STATE_DIRECTORY",
                     fmt::format("Cannot restart streaming query with stateful operators because the state directory "
                                 "{} is empty or missing. Stateful operators in current batch: [{}]. Restore the "
                                 "state files, or use a new checkpoint.",
                                 root.path, Printed(mine)),
                     {{"OpsInCurBatchSeq", Printed(mine)}});
  }
  OperatorNames stored;
  OperatorNames unnamed;  // of the query, with a folder that does not say what it is
  for (const FileInfo& folder : folders) {
    const auto id = ParseBatchName(BaseName(folder.path));
    if (!folder.is_folder || !id) continue;
    const LogFolder log({root.fs, folder.path + "/_metadata"});
    const Result<std::string> metadata = log.Read("metadata");
    if (!metadata.ok() && !IsNotFound(metadata.status())) return metadata.status();
    // Spark 3.5 writes none; a damaged one Spark writes anew, and so does Prepare.
    const Result<OperatorMetadata> parsed =
        metadata.ok() ? ParseOperatorMetadata(*metadata, log.PathOf("metadata")) : metadata.status();
    if (parsed.ok()) {
      stored[id->value] = parsed->name;
    } else if (!metadata.ok() || HasErrorClass(parsed.status(), "SLUICE_CHECKPOINT_DAMAGED")) {
      if (const auto found = mine.find(id->value); found != mine.end()) unnamed.insert(*found);
    } else {
      return parsed.status();
    }
  }
  if (stored.empty()) return Status::OK();
  OperatorNames all = stored;
  all.insert(unnamed.begin(), unnamed.end());
  return all == mine ? Status::OK() : OperatorsDiffer(stored, mine);
}

Status QueryStateStores::Prepare(int64_t version) {
  if (checkpoint_ && version > 0) SLUICE_RETURN_IF_ERROR(CheckOperators(version));
  for (const Step& step : steps_) SLUICE_RETURN_IF_ERROR(step.stores->Prepare(version));
  return Status::OK();
}

bool QueryStateStores::EvictsUnder(OutputMode mode) const {
  return std::any_of(steps_.begin(), steps_.end(), [mode](const Step& step) { return step.node->EvictsUnder(mode); });
}

void QueryStateStores::Upkeep(const Conf& conf, int64_t now_ms, ThreadPool* tasks) {
  if (!checkpoint_ || steps_.empty()) return;
  if (now_ms - last_upkeep_ms_ < conf.GetDurationMs("spark.sql.streaming.stateStore.maintenanceInterval")) return;
  last_upkeep_ms_ = now_ms;
  const StateUpkeep upkeep{conf.GetInt("spark.sql.streaming.stateStore.minDeltasForSnapshot"),
                           conf.GetInt("spark.sql.streaming.minBatchesToRetain")};
  for (const Step& step : steps_) {
    OperatorStores& stores = *step.stores;
    const Status status = RunTasks(
        *tasks, stores.spec().partitions, [&](int partition) { return stores.Upkeep(partition, upkeep); }, nullptr);
    if (!status.ok()) Log(LogLevel::kWarn, "Old files of state could not be tidied up: {}", status.message());
  }
}

}  // namespace sluice
