// SPDX-License-Identifier: Apache-2.0
#include "checkpoint/offset_conf.h"

#include "base/logging.h"

namespace sluice {
namespace {

bool IsOwnMark(const std::string& key) {
  return key == kChecksumKey || key == kWriterKey || key == kSetupKey;
}

bool IsRecorded(const std::string& key) {
  for (const RecordedSetting& setting : RecordedSettings()) {
    if (key == setting.key) return true;
  }
  return false;
}

std::string InSession(const Conf& session, const RecordedSetting& setting) {
  return session.Find(setting.key).value_or(setting.value);
}

}  // namespace

const std::vector<RecordedSetting>& RecordedSettings() {
  static const auto* settings = new std::vector<RecordedSetting>{
      {"spark.sql.streaming.stateStore.providerClass",
       "org.apache.spark.sql.execution.streaming.state.HDFSBackedStateStoreProvider", nullptr},
      {"spark.sql.streaming.stateStore.rocksdb.mergeOperatorVersion", "2", "1"},
      {"spark.sql.streaming.stateStore.rocksdb.formatVersion", "5", nullptr},
      {"spark.sql.streaming.queryEvolution.enableSourceEvolution", "false", "false"},
      {"spark.sql.streaming.stateStore.encodingFormat", "unsaferow", "unsaferow"},
      {"spark.sql.streaming.statefulOperator.useStrictDistribution", "true", "false"},
      {"spark.sql.streaming.flatMapGroupsWithState.stateFormatVersion", "2", "1"},
      {"spark.sql.streaming.multipleWatermarkPolicy", "min", "min"},
      {"spark.sql.streaming.stateStore.rowChecksum.enabled", "false", "false"},
      {"spark.sql.streaming.aggregation.stateFormatVersion", "2", "1"},
      {"spark.sql.function.protobufExtensions.enabled", "false", "false"},
      {"spark.sql.shuffle.partitions", "200", nullptr},
      {"spark.sql.streaming.join.stateFormatVersion", "2", "1"},
      {"spark.sql.streaming.stateStore.compression.codec", "lz4", "lz4"},
      {"spark.sql.optimizer.pruneFiltersCanPruneStreamingSubplan", "false", "true"},
      {"spark.sluice.parquet.rowGroupBytes", "16m", nullptr},
  };
  return *settings;
}

EntryConf NextEntryConf(const Conf& session, const EntryConf* previous, const std::string& writer) {
  EntryConf conf;
  for (const RecordedSetting& setting : RecordedSettings()) {
    std::optional<std::string> recorded = previous == nullptr ? std::nullopt : previous->Find(setting.key);
    if (!recorded && previous != nullptr && setting.missing != nullptr) recorded = setting.missing;
    conf.Set(setting.key, recorded ? *recorded : InSession(session, setting));
  }
  if (previous != nullptr) {
    for (const auto& [key, value] : previous->values()) {
      if (!IsRecorded(key) && !IsOwnMark(key)) conf.Set(key, value);
    }
  }
  conf.Set(kWriterKey, writer);
  return conf;
}

Conf WithRecordedSettings(const Conf& session, const EntryConf& recorded) {
  Conf conf = session;
  for (const RecordedSetting& setting : RecordedSettings()) {
    std::optional<std::string> value = recorded.Find(setting.key);
    if (!value && setting.missing != nullptr) value = setting.missing;
    if (!value) continue;
    const std::optional<std::string> chosen = session.Find(setting.key);
    if (chosen && *chosen != *value) {
      Log(LogLevel::kWarn, "{} = {} of the checkpoint is used; the session's {} is ignored for this query.",
          setting.key, *value, *chosen);
    }
    // A value that this program would refuse from a user changes nothing here: only what it reads matters.
    if (const Status status = conf.Set(setting.key, *value); !status.ok()) {
      Log(LogLevel::kDebug, "The recorded {} = {} has no effect here.", setting.key, *value);
    }
  }
  return conf;
}

}  // namespace sluice
