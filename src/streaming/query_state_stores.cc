// SPDX-License-Identifier: Apache-2.0
#include "streaming/query_state_stores.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "base/logging.h"
#include "base/spark_error.h"
#include "checkpoint/log_folder.h"
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
  SLUICE_RETURN_IF_ERROR(must("spark.sql.streaming.aggregation.stateFormatVersion", "2"));
  SLUICE_RETURN_IF_ERROR(must("spark.sql.streaming.join.stateFormatVersion", "2"));
  SLUICE_RETURN_IF_ERROR(must("spark.sql.streaming.stateStore.rowChecksum.enabled", "false"));
  return must("spark.sql.streaming.stateStore.encodingFormat", "unsaferow");
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
  for (const StateStep& step : shape.steps) {
    SLUICE_ASSIGN(auto node, MakeStatefulOperator(*step.node));
    auto stores = std::make_unique<OperatorStores>(node->StateSpec(step.id, partitions), checkpoint, codec, budget);
    made->steps_.push_back({std::move(node), std::move(stores)});
    made->by_id_.push_back(made->by_id_.size());
  }
  std::sort(made->by_id_.begin(), made->by_id_.end(),
            [&](size_t a, size_t b) { return made->stores(a).spec().id < made->stores(b).spec().id; });
  return made;
}

// What the checkpoint says of its operators must be what the query has.
Status QueryStateStores::CheckOperators(int64_t version) const {
  const auto text = [](const std::map<int64_t, std::string>& names) {
    std::string list;
    for (const auto& [id, name] : names) {
      list += fmt::format("{}(OperatorId: {} -> OperatorName: {})", list.empty() ? "" : ", ", id, name);
    }
    return list;
  };
  std::map<int64_t, std::string> mine;
  for (const Step& step : steps_) mine[step.stores->spec().id] = step.stores->spec().name;
  const Location root{checkpoint_->fs, checkpoint_->path + "/state"};
  SLUICE_ASSIGN(const std::vector<FileInfo> folders, root.fs->List(root.path, /*recursive=*/false));
  if (folders.empty()) {
    return UserError("STREAMING_STATEFUL_OPERATOR_MISSING_STATE_DIRECTORY",
                     fmt::format("Cannot restart streaming query with stateful operators because the state directory "
                                 "{} is empty or missing. Stateful operators in current batch: [{}]. Restore the "
                                 "state files, or use a new checkpoint.",
                                 root.path, text(mine)),
                     {{"OpsInCurBatchSeq", text(mine)}});
  }
  std::map<int64_t, std::string> stored;
  for (const FileInfo& folder : folders) {
    if (!folder.is_folder) continue;
    const auto id = ParseBatchName(BaseName(folder.path));
    const LogFolder log({root.fs, folder.path + "/_metadata"});
    if (!id) continue;
    const Result<std::string> metadata = log.Read("metadata");
    // Spark 3.5 writes none; a damaged one Spark writes anew, and so does Prepare.
    if (!metadata.ok()) {
      if (!IsNotFound(metadata.status())) return metadata.status();
      continue;
    }
    const Result<OperatorMetadata> parsed = ParseOperatorMetadata(*metadata, log.PathOf("metadata"));
    if (parsed.ok()) {
      stored[id->value] = parsed->name;
    } else if (!HasErrorClass(parsed.status(), "SLUICE_CHECKPOINT_DAMAGED")) {
      return parsed.status();
    }
  }
  if (stored.empty() || stored == mine) return Status::OK();
  // A part of the names may be missing; none may differ.
  const bool fits = std::all_of(stored.begin(), stored.end(), [&](const auto& one) {
    const auto found = mine.find(one.first);
    return found != mine.end() && found->second == one.second;
  });
  if (fits && version > 0) return Status::OK();
  return UserError("STREAMING_STATEFUL_OPERATOR_NOT_MATCH_IN_STATE_METADATA",
                   fmt::format("Streaming stateful operator name does not match with the operator in state metadata. "
                               "This likely to happen when user adds/removes/changes stateful operator of existing "
                               "streaming query. Stateful operators in the metadata: [{}]; Stateful operators in "
                               "current batch: [{}].",
                               text(stored), text(mine)),
                   {{"OpsInMetadataSeq", text(stored)}, {"OpsInCurBatchSeq", text(mine)}});
}

Status QueryStateStores::Prepare(int64_t version) {
  // A query without state asks for nothing: a listing is a request.
  if (checkpoint_ && version > 0 && !steps_.empty()) SLUICE_RETURN_IF_ERROR(CheckOperators(version));
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
