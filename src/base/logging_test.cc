// SPDX-License-Identifier: Apache-2.0
#include "base/logging.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <sstream>
#include <thread>

#include "base/log_context.h"

namespace sluice {
namespace {

using testing::HasSubstr;
using testing::Not;

// What is logged while `say` runs.
template <typename Body>
std::string Logged(bool json, Body say) {
  SetLogJson(json);
  testing::internal::CaptureStderr();
  say();
  SetLogJson(false);
  return testing::internal::GetCapturedStderr();
}

TEST(Logging, TextLinesSayWhatTheyAreAbout) {
  const std::string line = Logged(false, [] {
    const ScopedLogContext about({"q1", "r1", 7});
    Log(LogLevel::kWarn, "slow: {}", 3);
  });
  EXPECT_THAT(line, testing::MatchesRegex("20..-..-..T..:..:......Z warn  query=q1 run=r1 batch=7 slow: 3\n"));
}

TEST(Logging, ContextsNestAndBelongToAThread) {
  const std::string lines = Logged(false, [] {
    const ScopedLogContext outer({"q", "r", std::nullopt});
    {
      const ScopedLogContext inner({"q", "r", 0});
      std::thread([] { Log(LogLevel::kWarn, "other"); }).join();
      Log(LogLevel::kWarn, "inner");
    }
    Log(LogLevel::kWarn, "outer");
  });
  EXPECT_THAT(lines, HasSubstr("warn  other\n"));
  EXPECT_THAT(lines, HasSubstr("warn  query=q run=r batch=0 inner\n"));
  EXPECT_THAT(lines, HasSubstr("warn  query=q run=r outer\n"));
}

TEST(Logging, EveryMessageIsOneValidLineOfJson) {
  const std::string messages[] = {"plain",
                                  "two\nlines\r\n",
                                  "quote \" and \\",
                                  "bytes \xff\xfe \x01",
                                  "gr\xc3\xb6\xc3\x9f"
                                  "e",
                                  ""};
  const std::string lines = Logged(true, [&] {
    const ScopedLogContext about({"q", "r", 12});
    for (const std::string& message : messages) LogLine(LogLevel::kError, message);
  });
  std::istringstream stream(lines);
  size_t count = 0;
  for (std::string line; std::getline(stream, line); ++count) {
    const auto json = nlohmann::json::parse(line, nullptr, false);
    ASSERT_TRUE(json.is_object()) << line;
    EXPECT_EQ(json["level"], "error");
    EXPECT_EQ(json["queryId"], "q");
    EXPECT_EQ(json["runId"], "r");
    EXPECT_EQ(json["batchId"], 12);
    if (messages[count].find('\xff') == std::string::npos) {
      EXPECT_EQ(json["message"], messages[count]);
    }
  }
  EXPECT_EQ(count, std::size(messages));
}

TEST(Logging, WithoutAContextNothingIsSaidOfOne) {
  const auto json = nlohmann::json::parse(Logged(true, [] { Log(LogLevel::kWarn, "x"); }));
  EXPECT_EQ(json.size(), 3u);
}

TEST(Logging, TextOfSeveralLinesStaysOneLine) {
  const std::string text = Logged(false, [] { Log(LogLevel::kWarn, "a\nb\r\nc"); });
  EXPECT_THAT(text, HasSubstr("a\\nb\\r\\nc\n"));
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 1);
}

TEST(Logging, SecretsAreHiddenInBothForms) {
  RegisterSecret("tr\"icky\nsecret");
  for (const bool json : {false, true}) {
    const std::string text = Logged(json, [] {
      const ScopedLogContext about({"q", "r", 1});
      Log(LogLevel::kWarn, "the key is {}.", "tr\"icky\nsecret");
    });
    EXPECT_THAT(text, Not(HasSubstr("icky")));
    EXPECT_THAT(text, HasSubstr("***"));
  }
}

}  // namespace
}  // namespace sluice
