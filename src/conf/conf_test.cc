// SPDX-License-Identifier: Apache-2.0
#include "conf/conf.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <sstream>

#include "base/spark_error.h"
#include "conf/settings_page.h"

namespace sluice {
namespace {

TEST(Conf, DefaultsComeFromTheTable) {
  const Conf conf;
  EXPECT_TRUE(conf.ansi());
  EXPECT_EQ(conf.GetBytes("spark.sluice.memory"), 128 << 20);
  EXPECT_EQ(conf.GetDurationMs("spark.sluice.shutdownTimeout"), 30'000);
  EXPECT_FALSE(conf.Find("spark.sluice.memory"));
}

TEST(Conf, ValuesOfTheWrongTypeAreRefusedByName) {
  Conf conf;
  for (const auto& [key, value] :
       {std::pair("spark.sql.ansi.enabled", "yes"), std::pair("spark.sluice.memory", "much"),
        std::pair("spark.sluice.threads", "2x"), std::pair("spark.sluice.shutdownTimeout", "soon")}) {
    const Status status = conf.Set(key, value);
    EXPECT_TRUE(HasErrorClass(status, "INVALID_CONF_VALUE.TYPE_MISMATCH")) << key;
    EXPECT_NE(status.message().find(key), std::string::npos);
  }
}

TEST(Conf, WhatWouldChangeResultsIsRefused) {
  Conf conf;
  EXPECT_TRUE(conf.Set("spark.sql.caseSensitive", "false").ok()) << "the default is no change";
  EXPECT_TRUE(HasErrorClass(conf.Set("spark.sql.caseSensitive", "true"), "UNSUPPORTED_FEATURE.SLUICE"));
}

TEST(Conf, UnknownKeysAreKept) {
  Conf conf;
  ASSERT_TRUE(conf.Set("my.key", "v").ok());
  EXPECT_EQ(conf.Get("my.key"), "v");
}

TEST(Conf, Sizes) {
  EXPECT_EQ(ParseBytes("128M").ValueOrDie(), 128 << 20);
  EXPECT_EQ(ParseBytes("1 GiB").ValueOrDie(), 1 << 30);
  EXPECT_EQ(ParseBytes("10").ValueOrDie(), 10);
  EXPECT_FALSE(ParseBytes("99999999999999999g").ok()) << "overflow";
  EXPECT_FALSE(ParseBytes("").ok());
  EXPECT_FALSE(ParseBytes("5x").ok());
}

TEST(Conf, Durations) {
  EXPECT_EQ(ParseDurationMs("10 seconds").ValueOrDie(), 10'000);
  EXPECT_EQ(ParseDurationMs("1 minute 30 seconds").ValueOrDie(), 90'000);
  EXPECT_EQ(ParseDurationMs("INTERVAL 2 hours").ValueOrDie(), 7'200'000);
  EXPECT_EQ(ParseDurationMs("250").ValueOrDie(), 250);
  EXPECT_FALSE(ParseDurationMs("-5s").ok());
}

TEST(Conf, NumbersThatCannotWorkAreRefused) {
  Conf conf;
  for (const auto& [key, value] :
       {std::pair("spark.sluice.parquet.rowGroupBytes", "0"), std::pair("spark.sql.streaming.minBatchesToRetain", "0"),
        std::pair("spark.sql.streaming.minBatchesToRetain", "-5"),
        std::pair("spark.sql.streaming.fileSink.log.compactInterval", "0"), std::pair("spark.sluice.threads", "-1")}) {
    const Status status = conf.Set(key, value);
    EXPECT_FALSE(status.ok()) << key;
    EXPECT_NE(status.message().find(key), std::string::npos) << status;
  }
  EXPECT_TRUE(conf.Set("spark.sql.files.maxRecordsPerFile", "-1").ok());  // Spark: no limit
}

TEST(Conf, SecretKeysAreKnown) {
  EXPECT_TRUE(IsSecretKey("spark.hadoop.fs.s3a.secret.key"));
  EXPECT_TRUE(IsSecretKey("kafka.sasl.jaas.config"));
  EXPECT_TRUE(IsSecretKey("AWS_SESSION_TOKEN"));
  EXPECT_FALSE(IsSecretKey("spark.hadoop.fs.s3a.aws.credentials.provider"));
}

TEST(Conf, TheTableIsSortedAndItsDefaultsFit) {
  std::string previous;
  for (const Setting& setting : AllSettings()) {
    EXPECT_LT(previous, setting.key);
    previous = setting.key;
    if (setting.use != SettingUse::kHonoured) continue;
    Conf conf;
    EXPECT_TRUE(conf.Set(setting.key, setting.default_value).ok()) << setting.key;
  }
}

// SLUICE_UPDATE_DOCS=1 writes the page anew.
TEST(Conf, TheDocumentedSettingsAreTheTable) {
  const std::string path = SLUICE_SOURCE_DIR "/docs/configuration.md";
  if (std::getenv("SLUICE_UPDATE_DOCS") != nullptr) std::ofstream(path) << SettingsPage();
  std::stringstream text;
  text << std::ifstream(path).rdbuf();
  EXPECT_EQ(text.str(), SettingsPage());
}

}  // namespace
}  // namespace sluice
