// SPDX-License-Identifier: Apache-2.0
// Settings that a query keeps for life, by entries of real Spark.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

#include "checkpoint/offset_conf.h"

namespace sluice {
namespace {

EntryConf ConfOfSpark(const std::string& version) {
  const std::string path = SLUICE_SOURCE_DIR "/tests/golden/checkpoint/" + version + "/rate/offsets/3";
  std::ostringstream text;
  text << std::ifstream(path, std::ios::binary).rdbuf();
  return ParseOffsetEntry(text.str(), path).ValueOrDie().conf;
}

std::vector<std::string> KeysOf(const EntryConf& conf) {
  std::vector<std::string> keys;
  for (const auto& [key, value] : conf.values()) keys.push_back(key);
  return keys;
}

// A session that would have it otherwise, key by key.
Conf Contrary() {
  Conf session;
  for (const RecordedSetting& setting : RecordedSettings()) {
    const Setting* known = FindSetting(setting.key);
    const bool is_number = known != nullptr && known->type == SettingType::kInt;
    const bool is_size = setting.key == std::string("spark.sluice.parquet.rowGroupBytes");
    EXPECT_TRUE(session.Set(setting.key, is_number ? "77" : is_size ? "77k" : "contrary").ok()) << setting.key;
  }
  return session;
}

TEST(RecordedSettings, StandInSparksOrderWithOursBehind) {
  const EntryConf ours = NextEntryConf({}, nullptr, "nonce");
  std::vector<std::string> expected = KeysOf(ConfOfSpark("4.2.0"));
  expected.push_back("spark.sluice.parquet.rowGroupBytes");
  expected.push_back(kWriterKey);
  EXPECT_EQ(KeysOf(ours), expected);
  EXPECT_EQ(ours.Find("spark.sluice.parquet.rowGroupBytes"), "16m");
}

// Spark 3.5 records fewer keys. What a key that is missing means is Spark 4.2's rule: some have had one value only,
// which is pinned, and the others are the session's.
TEST(RecordedSettings, AKeyThatAnOlderSparkDidNotRecordHasItsPinnedValueOrTheSessions) {
  const EntryConf old = ConfOfSpark("3.5.7");
  const EntryConf next = NextEntryConf(Contrary(), &old, "nonce");
  const std::map<std::string, std::string> pinned = {
      {"spark.sql.streaming.stateStore.rocksdb.mergeOperatorVersion", "1"},
      {"spark.sql.streaming.queryEvolution.enableSourceEvolution", "false"},
      {"spark.sql.streaming.stateStore.encodingFormat", "unsaferow"},
      {"spark.sql.streaming.stateStore.rowChecksum.enabled", "false"},
      {"spark.sql.function.protobufExtensions.enabled", "false"},
  };
  size_t pinned_found = 0;
  for (const RecordedSetting& setting : RecordedSettings()) {
    const auto value = next.Find(setting.key);
    const auto recorded = old.Find(setting.key);
    const auto pin = pinned.find(setting.key);
    if (recorded) {
      EXPECT_EQ(value, recorded) << setting.key;
    } else if (pin != pinned.end()) {
      EXPECT_EQ(value, pin->second) << setting.key;
      EXPECT_EQ(WithRecordedSettings(Contrary(), old).Get(setting.key), pin->second) << setting.key;
      ++pinned_found;
    } else {
      EXPECT_EQ(value, Contrary().Get(setting.key)) << setting.key;
      EXPECT_EQ(WithRecordedSettings(Contrary(), old).Get(setting.key), Contrary().Get(setting.key)) << setting.key;
    }
  }
  EXPECT_EQ(pinned_found, pinned.size());
}

// Entries from before a setting was recorded are of a program that knew one value of it.
TEST(RecordedSettings, WhatTheOldestEntriesDoNotNameIsAsItWasThen) {
  EntryConf oldest;
  oldest.Set("spark.sql.shuffle.partitions", "2");
  const EntryConf next = NextEntryConf(Contrary(), &oldest, "nonce");
  const std::map<std::string, std::string> then = {
      {"spark.sql.streaming.aggregation.stateFormatVersion", "1"},
      {"spark.sql.streaming.join.stateFormatVersion", "1"},
      {"spark.sql.streaming.flatMapGroupsWithState.stateFormatVersion", "1"},
      {"spark.sql.streaming.multipleWatermarkPolicy", "min"},
      {"spark.sql.streaming.stateStore.compression.codec", "lz4"},
      {"spark.sql.streaming.statefulOperator.useStrictDistribution", "false"},
      {"spark.sql.optimizer.pruneFiltersCanPruneStreamingSubplan", "true"},
  };
  for (const auto& [key, value] : then) EXPECT_EQ(next.Find(key), value) << key;
}

TEST(RecordedSettings, EachRecordedValueIsStrongerThanTheSessions) {
  const EntryConf recorded = NextEntryConf({}, nullptr, "nonce");
  const EntryConf next = NextEntryConf(Contrary(), &recorded, "other");
  const Conf used = WithRecordedSettings(Contrary(), recorded);
  for (const RecordedSetting& setting : RecordedSettings()) {
    EXPECT_EQ(next.Find(setting.key), setting.value) << setting.key;
    EXPECT_EQ(used.Get(setting.key), setting.value) << setting.key;
  }
  // Without a previous entry each is the session's.
  const EntryConf first = NextEntryConf(Contrary(), nullptr, "nonce");
  for (const RecordedSetting& setting : RecordedSettings()) {
    EXPECT_EQ(first.Find(setting.key), Contrary().Get(setting.key)) << setting.key;
  }
}

}  // namespace
}  // namespace sluice
