// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "base/spark_error.h"
#include "checkpoint/commit_log.h"
#include "checkpoint/crc32c.h"
#include "checkpoint/file_sink_log.h"
#include "checkpoint/hadoop_crc.h"
#include "checkpoint/offset_conf.h"
#include "checkpoint/offset_log.h"
#include "checkpoint/query_metadata.h"
#include "checkpoint/source_log.h"

namespace sluice {
namespace {

namespace fs = std::filesystem;

std::string Slurp(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  std::ostringstream out;
  out << in.rdbuf();
  return out.str();
}

// Every recorded file whose path has `part` in it.
std::vector<fs::path> Recorded(const std::string& part) {
  std::vector<fs::path> paths;
  for (const auto& entry : fs::recursive_directory_iterator(SLUICE_SOURCE_DIR "/tests/golden/checkpoint")) {
    if (entry.is_regular_file() && entry.path().string().find(part) != std::string::npos) paths.push_back(entry.path());
  }
  return paths;
}

TEST(RecordedBySpark, OffsetEntriesComeBackByteForByte) {
  const auto paths = Recorded("/offsets/");
  ASSERT_GE(paths.size(), 12u);
  int of_version[3] = {0, 0, 0};
  for (const fs::path& path : paths) {
    const std::string text = Slurp(path);
    auto entry = ParseOffsetEntry(text, path);
    ASSERT_TRUE(entry.ok()) << entry.status();
    ++of_version[entry->version];
    EXPECT_EQ(FormatOffsetEntry(*entry), text) << path;
  }
  EXPECT_GT(of_version[1], 0);
  EXPECT_GT(of_version[2], 0);
}

TEST(RecordedBySpark, CommitEntriesComeBackByteForByte) {
  const auto paths = Recorded("/commits/");
  ASSERT_GE(paths.size(), 12u);
  for (const fs::path& path : paths) {
    const std::string text = Slurp(path);
    auto entry = ParseCommitEntry(text, path);
    ASSERT_TRUE(entry.ok()) << entry.status();
    EXPECT_EQ(FormatCommitEntry(*entry), text) << path;
  }
}

TEST(RecordedBySpark, QueryMetadataComesBackByteForByte) {
  const auto paths = Recorded("/metadata");
  ASSERT_GE(paths.size(), 4u);
  for (const fs::path& path : paths) {
    const std::string text = Slurp(path);
    auto metadata = ParseQueryMetadata(text, path);
    ASSERT_TRUE(metadata.ok()) << metadata.status();
    EXPECT_EQ(FormatQueryMetadata(*metadata), text);
    EXPECT_EQ(text.size(), 45u);
  }
}

TEST(SinkLogEntries, ASchemeThatNobodyHasIsADamage) {
  const auto parse = [](const std::string& path) {
    return ParseSinkLogEntries(FormatSinkLogEntries({SinkLogEntry{.path = path, .size = 1}}), "/t/_spark_metadata/0");
  };
  for (const char* path : {"file:///t/a", "file:/t/a", "/t/a", "t/a:b", "s3a://b/a", "s3://b/a", "s3n://b/a"}) {
    EXPECT_EQ(parse(path).ValueOrDie()[0].path, path);
  }
  for (const char* path : {"gile:///t/a", "filf:///t/a", "s3b://b/a", ":/t/a"}) {
    EXPECT_TRUE(HasErrorClass(parse(path).status(), "SLUICE_CHECKPOINT_DAMAGED")) << path;
  }
}

TEST(RecordedBySpark, SinkLogEntriesComeBackByteForByte) {
  const auto paths = Recorded("/_spark_metadata/");
  ASSERT_GE(paths.size(), 8u);
  for (const fs::path& path : paths) {
    const std::string text = Slurp(path);
    auto entries = ParseSinkLogEntries(text, path);
    ASSERT_TRUE(entries.ok()) << entries.status();
    EXPECT_EQ(FormatSinkLogEntries(*entries), text) << path;
  }
}

TEST(RecordedBySpark, KafkaInitialOffsetsComeBackByteForByte) {
  const auto paths = Recorded("/kafka/sources/0/0");
  for (const fs::path& path : paths) {
    const std::string text = Slurp(path);
    auto offset = ParseInitialOffset(text, path);
    ASSERT_TRUE(offset.ok()) << offset.status();
    EXPECT_EQ(FormatInitialOffset(*offset), text);
  }
  EXPECT_GE(paths.size(), 2u);
}

TEST(RecordedBySpark, OurConfHasTheKeysOfTheReferenceVersion) {
  const fs::path path = SLUICE_SOURCE_DIR "/tests/golden/checkpoint/4.2.0/rate/offsets/3";
  auto entry = ParseOffsetEntry(Slurp(path), path);
  ASSERT_TRUE(entry.ok());
  Conf session;
  ASSERT_TRUE(session.Set("spark.sql.shuffle.partitions", "2").ok());
  const EntryConf ours = NextEntryConf(session, nullptr, "nonce");
  for (const auto& [key, value] : entry->conf.values()) EXPECT_EQ(ours.Find(key), value) << key;
}

TEST(Crc32c, KnownValues) {
  EXPECT_EQ(Crc32c("123456789"), 0xE3069283u);
  EXPECT_EQ(Crc32c(""), 0u);
}

OffsetEntry OwnEntry() {
  OffsetEntry entry;
  entry.batch_timestamp_ms = 1700000000000;
  entry.conf.Set(kChecksumKey, "");
  entry.conf.Set("a\"b", "tab\there");
  entry.conf.Set(kWriterKey, "nonce");
  entry.offsets.emplace_back(R"({"t":{"0":5}})");
  return entry;
}

TEST(OffsetEntry, EveryChangedByteIsSeen) {
  const std::string text = FormatOffsetEntry(OwnEntry());
  ASSERT_TRUE(ParseOffsetEntry(text, "f").ok());
  for (size_t i = 0; i < text.size(); ++i) {
    for (const char flip : {'\x01', '\x20'}) {
      std::string changed = text;
      changed[i] = static_cast<char>(changed[i] ^ flip);
      auto parsed = ParseOffsetEntry(changed, "f");
      EXPECT_FALSE(parsed.ok()) << "byte " << i << ": " << changed;
    }
  }
}

TEST(OffsetEntry, EveryTruncationIsSeen) {
  const std::string text = FormatOffsetEntry(OwnEntry());
  for (size_t length = 0; length < text.size(); ++length) {
    auto parsed = ParseOffsetEntry(text.substr(0, length), "/ck/offsets/3");
    ASSERT_FALSE(parsed.ok()) << length;
    EXPECT_NE(parsed.status().message().find("/ck/offsets/3"), std::string::npos);
  }
}

TEST(OffsetEntry, NewerVersionIsRefusedByName) {
  auto parsed = ParseOffsetEntry("v99\n{}\n{}", "/ck/offsets/3");
  EXPECT_TRUE(HasErrorClass(parsed.status(), "INVALID_LOG_VERSION.MAX_SUPPORTED_VERSION")) << parsed.status();
  EXPECT_EQ(FindSparkError(parsed.status())->sqlstate, "KD002");
}

TEST(OffsetEntry, EmptyMetadataLineAndMissingOffset) {
  auto parsed = ParseOffsetEntry("v1\n\n-\n5", "f");
  ASSERT_TRUE(parsed.ok()) << parsed.status();
  EXPECT_FALSE(parsed->has_metadata);
  EXPECT_FALSE(parsed->offsets[0].has_value());
  EXPECT_EQ(parsed->offsets[1], "5");
}

TEST(CommitEntry, VersionLineAloneIsACommit) {
  auto parsed = ParseCommitEntry("v1\n", "f");
  ASSERT_TRUE(parsed.ok());
  EXPECT_EQ(FormatCommitEntry(*parsed), "v1\n");
  EXPECT_FALSE(ParseCommitEntry("", "f").ok());
  EXPECT_FALSE(ParseCommitEntry("v1\n{\"nextBatch", "f").ok());
  EXPECT_TRUE(HasErrorClass(ParseCommitEntry("v99\n{}", "f").status(), "INVALID_LOG_VERSION.MAX_SUPPORTED_VERSION"));
}

TEST(CommitEntry, LaterVersionsKeepTheirFields) {
  const std::string text = "v2\n{\"nextBatchWatermarkMs\":7,\"stateUniqueIds\":{\"0\":[[\"x\"]]}}";
  auto parsed = ParseCommitEntry(text, "f");
  ASSERT_TRUE(parsed.ok());
  EXPECT_EQ(parsed->next_batch_watermark_ms, 7);
  EXPECT_EQ(FormatCommitEntry(*parsed), text);
}

TEST(InitialOffset, FirstByteIsDroppedWhateverItIs) {
  EXPECT_EQ(FormatInitialOffset(R"({"t":{"0":0}})"), std::string("\0v1\n{\"t\":{\"0\":0}}", 17));
  EXPECT_EQ(*ParseInitialOffset("xv1\n{\"t\":{\"0\":0}}", "f"), R"({"t":{"0":0}})");
  EXPECT_FALSE(ParseInitialOffset(std::string("\0v2\n{}", 6), "f").ok());
  EXPECT_FALSE(ParseInitialOffset(std::string("\0v1\n{\"t", 7), "f").ok());
  EXPECT_FALSE(ParseInitialOffset("", "f").ok());
}

TEST(EntryConf, PreviousValuesWinAndUnknownOnesAreCarried) {
  EntryConf previous;
  previous.Set("spark.sql.shuffle.partitions", "7");
  previous.Set("spark.future.key", "kept");
  previous.Set(kChecksumKey, "00000000");
  previous.Set(kWriterKey, "old");
  Conf session;
  ASSERT_TRUE(session.Set("spark.sql.shuffle.partitions", "2").ok());
  const EntryConf next = NextEntryConf(session, &previous, "new");
  EXPECT_EQ(next.Find("spark.sql.shuffle.partitions"), "7");
  EXPECT_EQ(next.Find("spark.future.key"), "kept");
  EXPECT_EQ(next.Find(kWriterKey), "new");
  EXPECT_FALSE(next.Find(kChecksumKey).has_value());
  EXPECT_EQ(WithRecordedSettings(session, previous).Get("spark.sql.shuffle.partitions"), "7");
}

TEST(HadoopCrc, StaleSideFileIsDamage) {
  const std::string side("crc\0\0\0\2\0\xCB\xF4\x39\x26", 12);  // CRC-32 of "123456789", blocks of 512
  EXPECT_TRUE(CheckHadoopCrc("123456789", side, "f").ok());
  EXPECT_FALSE(CheckHadoopCrc("123456780", side, "f").ok());
  EXPECT_FALSE(CheckHadoopCrc("123456789", side + "more", "f").ok());
  EXPECT_FALSE(CheckHadoopCrc("123456789", side.substr(0, 11), "f").ok());
  EXPECT_FALSE(CheckHadoopCrc("123456789", "short", "f").ok());
}

// The id becomes the name of a folder.
TEST(QueryMetadata, AnIdIsAUuid) {
  const auto parse = [](const std::string& id) {
    return ParseQueryMetadata(R"({"id":")" + id + "\"}", "/ck/metadata");
  };
  EXPECT_TRUE(parse("78047e42-570e-476a-a8da-4f6632edc9a2").ok());
  EXPECT_TRUE(parse("78047E42-570E-476A-A8DA-4F6632EDC9A2").ok());
  for (const std::string id : {"../../elsewhere", "/abs", "", "x", "78047e42-570e-476a-a8da-4f6632edc9a2/..",
                               "78047e42-570e-476a-a8da-4f6632edc9a", "78047e42-570e-476a-a8da+4f6632edc9a2",
                               "78047e42-570e-476a-a8da-4f6632edc9/2", "78047e42-570e-476a-a8da-4f6632edc9a2\\u0000"}) {
    const Status status = parse(id).status();
    EXPECT_TRUE(HasErrorClass(status, "SLUICE_CHECKPOINT_DAMAGED")) << id;
    EXPECT_NE(status.message().find("/ck/metadata"), std::string::npos);
  }
}

// Parsing it would take a time that grows with the square of its fields, or all of the stack.
TEST(Entries, BombsOfJsonAreDamage) {
  std::string deep = "{\"a\":";
  std::string wide = "{\"a\":1";
  for (int i = 0; i < 200'000; ++i) {
    deep += "[";
    wide += ",\"" + std::to_string(i) + "\":1";
  }
  for (const std::string& line : {deep, wide + "}"}) {
    EXPECT_TRUE(
        HasErrorClass(ParseOffsetEntry("v1\n" + line + "\n{}", "/ck/offsets/1").status(), "SLUICE_CHECKPOINT_DAMAGED"));
    EXPECT_TRUE(HasErrorClass(ParseCommitEntry("v1\n" + line, "/ck/commits/1").status(), "SLUICE_CHECKPOINT_DAMAGED"));
    EXPECT_TRUE(HasErrorClass(ParseQueryMetadata(line, "/ck/metadata").status(), "SLUICE_CHECKPOINT_DAMAGED"));
  }
}

}  // namespace
}  // namespace sluice
