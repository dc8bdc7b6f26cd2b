// SPDX-License-Identifier: Apache-2.0
#include "state/state_check.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <string_view>

#include "base/printable.h"
#include "base/spark_error.h"
#include "checkpoint/offset_log.h"
#include "state/stored_state.h"

namespace sluice {
namespace {

constexpr char kProvider[] = "spark.sql.streaming.stateStore.providerClass";
constexpr char kNotSupported[] = "UNSUPPORTED_FEATURE.SLUICE";
constexpr char kCodec[] = "spark.sql.streaming.stateStore.compression.codec";

// What Spark calls its operators with state; a query whose operator has another name refuses to go on.
bool IsOperatorOfSparks(std::string_view name) {
  constexpr std::string_view kNames[] = {"stateStoreSave",
                                         "dedupe",
                                         "dedupeWithinWatermark",
                                         "sessionWindowStateStoreSaveExec",
                                         "globalLimit",
                                         "symmetricHashJoin",
                                         "flatMapGroupsWithState",
                                         "applyInPandasWithState",
                                         "transformWithStateExec",
                                         "transformWithStateInPandasExec",
                                         "transformWithStateInPySparkExec"};
  return std::find(std::begin(kNames), std::end(kNames), name) != std::end(kNames);
}

std::string Text(const Status& status) {
  const SparkErrorDetail* detail = FindSparkError(status);
  return detail == nullptr ? status.message() : detail->message;
}

bool IsDamage(const Status& status) {
  if (IsNotFound(status)) return true;
  for (const char* name :
       {"SLUICE_CHECKPOINT_DAMAGED", "SLUICE_STATE_DAMAGED", "SLUICE_STATE_ROW", "SLUICE_FILE_KIND",
        "CANNOT_LOAD_STATE_STORE.UNCATEGORIZED", "CANNOT_LOAD_STATE_STORE.CANNOT_READ_DELTA_FILE_NOT_EXISTS"}) {
    if (HasErrorClass(status, name)) return true;
  }
  return false;
}

// Adds a line for what the files or their kind say; a server that does not answer stays an error.
Status Note(const Status& status, StateReport* report) {
  if (status.ok()) return status;
  if (IsDamage(status)) {
    report->damage.push_back(Text(status));
    return Status::OK();
  }
  if (!HasErrorClass(status, kNotSupported)) return status;
  report->notes.push_back(Text(status));
  return Status::OK();
}

Status CheckStore(const StoredStore& store, int64_t version, StateReport* report) {
  const Result<StateSchema> schema = store.ReadSchema();
  if (!schema.ok()) {
    // A restart writes it anew, but without it nobody can say what the rows must look like.
    if (IsDamage(schema.status())) report->notes.push_back(Text(schema.status()) + " The store's rows were not read.");
    return IsDamage(schema.status()) ? Status::OK() : Note(schema.status(), report);
  }
  for (int partition = 0; partition < store.store().partitions; ++partition) {
    SLUICE_RETURN_IF_ERROR(Note(store.CountPartition(partition, version, *schema).status(), report));
  }
  return Status::OK();
}

}  // namespace

Result<StateCodec> StateCodecOfCheckpoint(const Location& checkpoint) {
  const OffsetLog log({checkpoint.fs, checkpoint.path + "/offsets"});
  SLUICE_ASSIGN(const std::optional<BatchId> latest, log.Latest());
  if (!latest) return StateCodec::kLz4;
  const Result<OffsetEntry> entry = log.Read(*latest);
  // A damaged entry is told where the offsets are looked at.
  if (!entry.ok()) return StateCodec::kLz4;
  const std::string provider = entry->conf.Find(kProvider).value_or("");
  if (!provider.empty() && !provider.ends_with("HDFSBackedStateStoreProvider")) {
    return NotSupported(fmt::format("The state is kept by {}, whose files Sluice does not read.", provider));
  }
  return StateCodecOf(entry->conf.Find(kCodec).value_or("lz4"));
}

Result<StateReport> CheckState(const Location& checkpoint, int64_t version) {
  StateReport report;
  SLUICE_ASSIGN(const std::vector<StoredOperator> operators, StoredOperatorsOf(checkpoint));
  if (operators.empty() || version == 0) return report;
  const Result<StateCodec> codec = StateCodecOfCheckpoint(checkpoint);
  if (!codec.ok()) {
    SLUICE_RETURN_IF_ERROR(Note(codec.status(), &report));
    return report;
  }
  for (const StoredOperator& one : operators) {
    if (!one.described) report.notes.push_back(one.trouble + " A restart writes it anew.");
    if (one.described && !IsOperatorOfSparks(one.metadata.name)) {
      report.damage.push_back(
          fmt::format("{}/state/{}/_metadata/metadata names an operator that Spark does not have: {}.", checkpoint.path,
                      one.metadata.id, PrintableLine(one.metadata.name)));
    }
    for (const OperatorMetadata::Store& store : one.metadata.stores) {
      SLUICE_RETURN_IF_ERROR(CheckStore(StoredStore(checkpoint, one, store, *codec), version, &report));
    }
  }
  return report;
}

Result<std::string> ShowState(const Location& checkpoint) {
  const Result<std::vector<StoredOperator>> operators = StoredOperatorsOf(checkpoint);
  if (HasErrorClass(operators.status(), kNotSupported)) {
    return fmt::format("state          {}\n", Text(operators.status()));
  }
  SLUICE_RETURN_IF_ERROR(operators.status());
  std::string text;
  for (const StoredOperator& one : *operators) {
    for (const OperatorMetadata::Store& store : one.metadata.stores) {
      text += fmt::format("state {:<8} {}{}, {} partition{}\n", one.metadata.id,
                          one.described ? PrintableLine(one.metadata.name) : "an operator without metadata",
                          store.name == "default" ? "" : " " + PrintableLine(store.name), store.partitions,
                          store.partitions == 1 ? "" : "s");
    }
  }
  return text;
}

}  // namespace sluice
