// SPDX-License-Identifier: Apache-2.0
#include "connectors/file/file_stream.h"

#include <gtest/gtest.h>

#include "base/spark_error.h"
#include "connectors/parquet/parquet_format.h"

namespace sluice {
namespace {

FileStreamOptions Parsed(const std::map<std::string, std::string>& options) {
  return ParseFileStreamOptions(kParquetFormat, Options(options)).ValueOrDie();
}

TEST(FileStream, OptionsAreSparks) {
  EXPECT_EQ(Parsed({}).max_age_ms, 7 * 24 * 3600 * int64_t{1000});
  EXPECT_EQ(Parsed({{"maxFileAge", "1h"}, {"maxFilesPerTrigger", "3"}}).max_age_ms, 3'600'000);
  EXPECT_EQ(Parsed({{"maxFilesPerTrigger", "3"}}).max_files, 3);
  EXPECT_GT(Parsed({{"latestFirst", "true"}, {"maxFilesPerTrigger", "3"}}).max_age_ms, int64_t{1} << 60)
      << "the files that were not among the newest would be too old for the next batch";
  for (const auto& [name, value] : std::map<std::string, std::string>{{"maxFilesPerTrigger", "0"},
                                                                      {"maxBytesPerTrigger", "1g"},
                                                                      {"cleanSource", "delete"},
                                                                      {"maxFileAge", "soon"}}) {
    EXPECT_FALSE(
        ParseFileStreamOptions(kParquetFormat, Options(std::map<std::string, std::string>{{name, value}})).ok())
        << name;
  }
}

TEST(SeenFiles, AFileIsNewOnce) {
  SeenFiles seen(Parsed({}));
  EXPECT_TRUE(seen.IsNew("file:///in/a", 0));
  seen.Add("file:///in/a", 10);
  EXPECT_FALSE(seen.IsNew("file:///in/a", 10));
  EXPECT_FALSE(seen.IsNew("file:///in/a", 11)) << "written again, it is the same file";
  EXPECT_TRUE(seen.IsNew("file:///other/a", 10));
}

TEST(SeenFiles, WhatIsOlderThanTheNewestByMoreThanTheAgeIsPassedOver) {
  SeenFiles seen(Parsed({{"maxFileAge", "1s"}}));
  seen.Add("file:///in/a", 1'000);
  seen.Add("file:///in/b", 3'000);
  EXPECT_TRUE(seen.IsNew("file:///in/c", 1'500)) << "before a purge all that is not known is new";
  seen.Purge();
  EXPECT_FALSE(seen.IsNew("file:///in/c", 1'999));
  EXPECT_TRUE(seen.IsNew("file:///in/c", 2'000));
  EXPECT_FALSE(seen.IsNew("file:///in/a", 1'000)) << "forgotten, and too old";
}

TEST(SeenFiles, ByNameAlone) {
  SeenFiles seen(Parsed({{"fileNameOnly", "true"}}));
  seen.Add("file:///in/a", 10);
  EXPECT_FALSE(seen.IsNew("s3a://bucket/elsewhere/a", 10));
}

}  // namespace
}  // namespace sluice
