// SPDX-License-Identifier: Apache-2.0
// What one row, or one query, may cost: work of patterns, sizes of values, and a cancelled query ends soon.
#include <arrow/api.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <thread>

#include "expr/function_registry.h"
#include "expr/java_pattern.h"
#include "expr/like.h"
#include "expr/regex.h"
#include "expr/result_pool.h"
#include "types/spark_type.h"

namespace sluice {
namespace {

using testing::HasSubstr;

ExprPtr Text(std::string text) {
  return std::make_shared<LiteralExpr>(std::make_shared<arrow::StringViewScalar>(std::move(text)));
}
ExprPtr Int(int32_t value) {
  return std::make_shared<LiteralExpr>(std::make_shared<arrow::Int32Scalar>(value));
}

Result<std::shared_ptr<arrow::Scalar>> Call(const std::string& name, std::vector<ExprPtr> args,
                                            const EvalContext& context) {
  SLUICE_ASSIGN(auto expr, ResolveFunction(name, std::move(args), {}));
  const auto batch = arrow::RecordBatch::Make(arrow::schema({}), 1, arrow::ArrayVector{});
  Evaluation evaluation(*batch, context);
  SLUICE_ASSIGN(auto array, evaluation.Eval(expr));
  return array->GetScalar(0);
}

std::string Times(const std::string& text, size_t times) {
  std::string all;
  for (size_t i = 0; i < times; ++i) all += text;
  return all;
}

double CpuSeconds() {
  return static_cast<double>(std::clock()) / CLOCKS_PER_SEC;
}

TEST(BoundedWork, MatchesThatTakeTooLongAreErrors) {
  const std::string a = Times("a", 1 << 20);
  const std::vector<std::pair<std::string, std::string>> bombs = {
      {"(a*)*b", Times("a", 40)},
      {"(a|a)*b", Times("a", 5000)},
      {"(a|aa)+$", Times("a", 60) + "b"},
      {"a*a*a*a*b", Times("a", 3000)},
      {"a*b", a},
      {"(.*)(.*)(.*)(.*)(.*)[^a]", Times("a", 2000)},
      {"(a+)b\\1c", Times("a", 20000) + "b" + Times("a", 19999)},
      {"(x+x+)+y", Times("x", 5000)},
      {"([a-z]+)*=", Times("a", 100)}};
  for (const auto& [pattern, text] : bombs) {
    auto regex = Regex::Compile(pattern, "rlike");
    ASSERT_TRUE(regex.ok()) << regex.status().ToString();
    const double begin = CpuSeconds();
    const auto found = regex->Find(text);
    EXPECT_LT(CpuSeconds() - begin, 5) << pattern;
    EXPECT_TRUE(found.ok() || HasErrorClass(found.status(), "INVALID_PARAMETER_VALUE.PATTERN")) << pattern;
    EXPECT_FALSE(found.ok() && *found) << pattern;
  }
  auto regex = Regex::Compile("(a|aa)+$", "rlike");
  EXPECT_THAT(regex->Find(Times("a", 60) + "b").status().ToString(), HasSubstr("too much work"));
}

TEST(BoundedWork, HonestPatternsRunOnLargeValues) {
  const std::string words = Times("lorem ipsum dolor ", 60'000);
  for (const char* pattern : {"(\\w+)\\s", "dolor $", "[^m]+m", "x|y|z", "(?s).*", "ipsum\\s+(?=dolor)"}) {
    auto regex = Regex::Compile(pattern, "regexp_count");
    ASSERT_TRUE(regex.ok());
    int64_t count = 0;
    auto found = regex->Find(words);
    for (; found.ok() && *found && count < 100'000; found = regex->FindNext()) ++count;
    EXPECT_TRUE(found.ok()) << pattern << found.status().ToString();
  }
}

// The windows and the counting find what one plain search finds.
TEST(BoundedWork, MatchesDoNotDependOnHowTheyAreSearched) {
  std::string text;
  for (int i = 0; text.size() < 40'000; ++i)
    text += "k" + std::to_string(i % 97) + "=\xC3\xA9v" + std::to_string(i * 7) + ";";
  for (const char* pattern : {"k(\\d+)=", "\\bk1\\d=\xC3\xA9", "(?<=;)k9", "(\\w|\xC3\xA9|=)*;", "\xC3\xA9"}) {
    auto whole = Regex::Compile(pattern, "split");
    std::vector<size_t> places;
    auto found = whole->Find(text);
    for (; found.ok() && *found; found = whole->FindNext()) places.push_back(whole->group(0).end);
    ASSERT_TRUE(found.ok()) << found.status().ToString();
    // The same in pieces too short to be divided, with what stands before each.
    size_t at = 0;
    for (size_t begin = 0; begin < text.size() && at < places.size(); begin = places[at++]) {
      auto piece = Regex::Compile(pattern, "split");
      const auto again = piece->Find(text, begin);
      ASSERT_TRUE(again.ok() && *again);
      if (begin == 0 || places[at - 1] < piece->group(0).end) {
        EXPECT_EQ(piece->group(0).end, places[at]) << pattern;
      }
      if (at > 200) break;
    }
    EXPECT_GT(places.size(), 100U) << pattern;
  }
}

TEST(BoundedWork, ACancelledQueryLeavesItsPattern) {
  std::atomic<bool> cancelled{true};
  auto regex = Regex::Compile("(a|aa)+$", "rlike", &cancelled);
  EXPECT_TRUE(HasErrorClass(regex->Find(Times("a", 60) + "b").status(), "OPERATION_CANCELED"));
  EvalContext context;
  context.cancelled = &cancelled;
  EXPECT_TRUE(HasErrorClass(Call("upper", {Text("a")}, context).status(), "OPERATION_CANCELED"));
}

TEST(BoundedWork, LikeIsBounded) {
  const auto pattern = LikePattern::Compile("%" + Times("_a", 3000) + "b", '\\');
  EXPECT_TRUE(HasErrorClass(pattern->Matches(Times("a", 300'000)).status(), "INVALID_PARAMETER_VALUE.PATTERN"));
  const auto plain = LikePattern::Compile("%ipsum%dolor%", '\\');
  EXPECT_TRUE(*plain->Matches(Times("ipsu", 300'000) + "ipsum and dolor."));
}

TEST(BoundedWork, LevenshteinIsBounded) {
  const double begin = CpuSeconds();
  const Status status = Call("levenshtein", {Text(Times("a", 200'000)), Text(Times("b", 200'000))}, {}).status();
  EXPECT_TRUE(HasErrorClass(status, "INVALID_PARAMETER_VALUE.LENGTH")) << status.ToString();
  EXPECT_LT(CpuSeconds() - begin, 5);
  EXPECT_TRUE(Call("levenshtein", {Text(Times("a", 500)), Text(Times("b", 500))}, {}).ok());
}

TEST(BoundedWork, PatternsOfOthersAreRefusedByName) {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"a\\Kb", "there is no escape \\K"},  {"(?R)", "begins no group"},        {"(?(1)a)", "begins no group"},
      {"(*SKIP)a", "nothing that *"},       {"(?C1)", "begins no group"},       {"\\N{DIGIT ONE}", "write \\x{code}"},
      {"(?U)a", "not supported by Sluice"}, {Times("a", 40'000), "longer than"}};
  for (const auto& [pattern, why] : cases) {
    EXPECT_THAT(TranslateJavaPattern(pattern).status().message(), HasSubstr(why)) << pattern.substr(0, 100);
  }
}

TEST(BoundedWork, ValuesAreBoundedBeforeTheyAreMade) {
  EvalContext context;
  BoundResults(64 << 20, &context);
  const std::string piece(1 << 20, 'x');
  const std::string list = Times("x,", 1 << 19);
  const int32_t many = 2'000'000'000;
  const std::vector<std::pair<std::string, std::vector<ExprPtr>>> bombs = {
      {"repeat", {Text("ab"), Int(many)}},
      {"repeat", {Text(piece), Int(many)}},
      {"space", {Int(many)}},
      {"lpad", {Text("a"), Int(many), Text("bc")}},
      {"rpad", {Text("a"), Int(many), Text("b")}},
      {"replace", {Text(piece), Text("x"), Text(Times("y", 5000))}},
      {"regexp_replace", {Text(piece), Text("x"), Text(Times("$0", 5000))}},
      {"concat", std::vector<ExprPtr>(20, Text(piece))},
      {"concat_ws", std::vector<ExprPtr>(20, Text(piece))},
      {"format_string", {Text("%2000000000d"), Int(1)}},
      {"format_string",
       {Text("%.2000000000f"), std::make_shared<LiteralExpr>(std::make_shared<arrow::DoubleScalar>(1))}},
      {"split", {Text(piece), Text("")}},
      {"split", {Text(list), Text(",")}},
      {"split", {Text(list), Text("[,x]")}},
      {"from_json", {Text("[" + Times("0,", 1 << 20) + "0]"), Text("ARRAY<INT>")}},
      {"from_json", {Text("{\"a\":[" + Times("0,", 1 << 20) + "0]}"), Text("MAP<STRING, ARRAY<INT>>")}}};
  for (const auto& [name, args] : bombs) {
    const auto value = Call(name, args, context);
    EXPECT_TRUE(HasErrorClass(value.status(), "SLUICE_VALUE_TOO_LARGE")) << name << value.status().ToString();
  }
  EXPECT_TRUE(Call("repeat", {Text("ab"), Int(1 << 20)}, context).ok());
  EXPECT_TRUE(Call("json_array_length", {Text("[" + Times("0,", 1 << 20) + "0]")}, context).ok());
  EXPECT_THAT(Call("repeat", {Text("a"), Int(9 << 20)}, context).status().ToString(),
              HasSubstr("--memory) to at least 73m"));
}

// Doubling again and again, of texts and of arrays.
TEST(BoundedWork, WhatDoublesEndsWithAnError) {
  EvalContext context;
  BoundResults(64 << 20, &context);
  for (const char* name : {"concat", "array"}) {
    ExprPtr value = Text("0123456789abcdef");
    for (int i = 0; i < 40; ++i) value = *ResolveFunction(name, {value, value}, {});
    const auto batch = arrow::RecordBatch::Make(arrow::schema({}), 1, arrow::ArrayVector{});
    Evaluation evaluation(*batch, context);
    const Status status = evaluation.Eval(value).status();
    EXPECT_TRUE(HasErrorClass(status, "SLUICE_VALUE_TOO_LARGE") || HasErrorClass(status, "SLUICE_MEMORY_BUDGET"))
        << name << status.ToString();
  }
}

// Types double as well.
TEST(BoundedWork, TypesOfTooManyFieldsAreRefused) {
  ExprPtr value = Int(1);
  Status status;
  for (int i = 0; i < 60 && status.ok(); ++i) {
    const auto next = ResolveFunction("named_struct", {Text("x"), value, Text("y"), value}, {});
    status = next.status();
    if (next.ok()) value = *next;
  }
  EXPECT_TRUE(HasErrorClass(status, "UNSUPPORTED_FEATURE.SLUICE")) << status.ToString();
  const ExprPtr map = *ResolveFunction("map", {Int(1), Int(2)}, {});
  EXPECT_TRUE(
      HasErrorClass(ResolveFunction("map", {map, Int(1)}, {}).status(), "DATATYPE_MISMATCH.INVALID_MAP_KEY_TYPE"));
}

TEST(BoundedWork, ThePoolGivesNoMoreThanTheBudget) {
  arrow::MemoryPool* pool = BoundedPool(32 << 20);
  EXPECT_EQ(pool, BoundedPool(32 << 20));
  const auto large = arrow::AllocateBuffer(int64_t{64} << 20, pool);
  EXPECT_TRUE(HasErrorClass(large.status(), "SLUICE_MEMORY_BUDGET")) << large.status().ToString();
  EXPECT_TRUE(arrow::AllocateBuffer(1 << 20, pool).ok());
  EXPECT_TRUE(CheckRoom(arrow::default_memory_pool(), int64_t{1} << 50).ok());
}

TEST(BoundedWork, DistinctElementsOfLargeArrays) {
  const EvalContext context;
  std::string text;
  for (int i = 0; i < 200'000; ++i) text += std::to_string(i % 150'000) + ",";
  ExprPtr parts = *ResolveFunction("split", {Text(text), Text(",")}, {});
  ExprPtr distinct = *ResolveFunction("array_distinct", {parts}, {});
  const auto size = Call("size", {distinct}, context);
  ASSERT_TRUE(size.ok()) << size.status().ToString();
  EXPECT_EQ(static_cast<const arrow::Int32Scalar&>(**size).value, 150'001);
}

}  // namespace
}  // namespace sluice
