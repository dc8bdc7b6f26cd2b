// SPDX-License-Identifier: Apache-2.0
#include "connectors/file/part_file_name.h"

#include <arrow/api.h>
#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>
#include <regex>

#include "connectors/file/partition_path.h"
#include "connectors/parquet/parquet_codec.h"
#include "types/spark_type.h"

namespace sluice {
namespace {

nlohmann::json Recorded(const std::string& version) {
  std::ifstream in(SLUICE_SOURCE_DIR "/tests/golden/checkpoint/" + version + "/names.json");
  return nlohmann::json::parse(in);
}

class RecordedNames : public ::testing::TestWithParam<const char*> {};

TEST(RecordedCodecs, HaveSparksExtensions) {
  const nlohmann::json names = Recorded("4.2.0");  // 3.5 knew lz4raw by that name only
  for (const auto& [codec, files] : names.at("codecs").items()) {
    const auto found = FindParquetCodec(codec);
    if (!files.is_array()) {
      EXPECT_FALSE(found.ok()) << codec;
      continue;
    }
    ASSERT_TRUE(found.ok()) << codec;
    PartFileName name;
    name.uuid = "<uuid>";
    name.extension = found->extension;
    EXPECT_EQ(FormatPartFileName(name), files[0]);
    name.counter = 1;
    EXPECT_EQ(FormatPartFileName(name), files[1]);
  }
}

TEST_P(RecordedNames, PartitionFoldersAreEscapedAsSparkDoes) {
  const nlohmann::json names = Recorded(GetParam());
  std::set<std::string> recorded;
  for (const std::string path : names.at("partitioned")) recorded.insert(path.substr(0, path.rfind('/')));
  arrow::StringViewBuilder builder;
  for (const auto& row : names.at("values")) {
    ASSERT_TRUE(row["p"].is_null() ? builder.AppendNull().ok() : builder.Append(row["p"].get<std::string>()).ok());
  }
  const std::shared_ptr<arrow::Array> values = *builder.Finish();
  std::set<std::string> ours;
  for (int64_t i = 0; i < values->length(); ++i) ours.insert(*PartitionFolder({"p"}, {values}, i, "UTC"));
  EXPECT_EQ(ours, recorded);
  for (const std::string& folder : ours) {
    const auto parsed = ParsePartitionFolder(folder);
    ASSERT_TRUE(parsed.has_value());
    if (parsed->second) {
      EXPECT_EQ("p=" + EscapePathName(*parsed->second), folder);
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Versions, RecordedNames, ::testing::Values("3.5.7", "4.2.0"));

TEST(PartUuid, IsAValidVersion8UuidThatTellsQueryAndBatch) {
  const std::string query = "78047e42-570e-476a-a8da-4f6632edc9a2";
  const std::regex valid("[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}");
  std::set<std::string> all;
  for (const int64_t batch : {0, 1, 15, 16, 4095, 65536, 305419896}) {
    for (const char* identity : {"t-0:0:5", "t-1:0:5"}) {
      for (const int counter : {0, 1}) {
        const std::string uuid = MakePartUuid({query, BatchId(batch), identity, "", counter});
        EXPECT_TRUE(std::regex_match(uuid, valid)) << uuid;
        EXPECT_EQ(BatchOfPartUuid(uuid, query), BatchId(batch));
        EXPECT_FALSE(BatchOfPartUuid(uuid, "another").has_value());
        EXPECT_EQ(MakePartUuid({query, BatchId(batch), identity, "", counter}), uuid);
        all.insert(uuid);
      }
    }
  }
  EXPECT_EQ(all.size(), 28u);
  EXPECT_FALSE(BatchOfPartUuid("78047e42-570e-476a-a8da-4f6632edc9a2", query).has_value());
}

TEST(PartFileName, ParsesWhatItFormatsAndNothingElse) {
  const auto name = ParsePartFileName("part-00012-78047e42-570e-476a-a8da-4f6632edc9a2.c003.zstd.parquet");
  ASSERT_TRUE(name.has_value());
  EXPECT_EQ(name->task, TaskId(12));
  EXPECT_EQ(name->counter, 3);
  EXPECT_TRUE(name->partitioned);
  EXPECT_EQ(FormatPartFileName(*name), "part-00012-78047e42-570e-476a-a8da-4f6632edc9a2.c003.zstd.parquet");
  EXPECT_FALSE(ParsePartFileName("part-00012.parquet").has_value());
  EXPECT_FALSE(ParsePartFileName("_SUCCESS").has_value());
}

TEST(PartFileName, AnEndlessNameIsNone) {
  const std::string name = "part-00000-78047e42-570e-476a-a8da-4f6632edc9a2-c000.";
  EXPECT_TRUE(ParsePartFileName(name + std::string(900, 'x')));
  EXPECT_FALSE(ParsePartFileName(name + std::string(1 << 20, 'x')));
}

}  // namespace
}  // namespace sluice
