// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <limits>

#include "exec/limit.h"
#include "exec/local.h"
#include "exec/made_parts.h"
#include "exec/range.h"
#include "exec/scan.h"
#include "exec/scripted_rows.h"
#include "plan/plan.h"

namespace sluice {
namespace {

const auto kId = arrow::schema({arrow::field("id", arrow::int64())});

std::vector<int64_t> Ids(Operator& rows) {
  std::vector<int64_t> ids;
  for (;;) {
    auto slice = rows.Next().ValueOrDie();
    if (slice == nullptr) return ids;
    EXPECT_GT(slice->num_rows(), 0);
    const auto& column = static_cast<const arrow::Int64Array&>(*slice->column(0));
    for (int64_t i = 0; i < column.length(); ++i) ids.push_back(column.Value(i));
  }
}

std::vector<int64_t> Range(int64_t start, int64_t end, int64_t step) {
  RangeOperator range(kId, start, end, step);
  return Ids(range);
}

TEST(Range, CountsUpAndDown) {
  using Ints = std::vector<int64_t>;
  constexpr int64_t kMin = std::numeric_limits<int64_t>::min();
  constexpr int64_t kMax = std::numeric_limits<int64_t>::max();
  EXPECT_EQ(Range(0, 5, 2), (Ints{0, 2, 4}));
  EXPECT_EQ(Range(0, 4, 2), (Ints{0, 2}));
  EXPECT_EQ(Range(5, 0, -2), (Ints{5, 3, 1}));
  EXPECT_EQ(Range(5, 5, 1), (Ints{}));
  EXPECT_EQ(Range(5, 5, -2), (Ints{}));
  EXPECT_EQ(Range(5, 0, 1), (Ints{}));
  EXPECT_EQ(Range(kMin, kMax, kMax), (Ints{kMin, -1, kMax - 1}));
  EXPECT_EQ(Range(kMax, kMin, kMin), (Ints{kMax, -1}));
  EXPECT_EQ(Range(0, 20000, 1).size(), 20000U);
  EXPECT_EQ(Range(0, 20000, 1).back(), 19999);
}

// The rows of each part.
std::vector<std::vector<int64_t>> InParts(const PlanPtr& node) {
  const MadeParts made = MadeParts::Of(*node);
  std::vector<std::vector<int64_t>> parts(static_cast<size_t>(made.parts));
  for (int part = 0; part < made.parts; ++part) parts[static_cast<size_t>(part)] = Ids(*made.open(part));
  return parts;
}

std::vector<int64_t> Joined(const std::vector<std::vector<int64_t>>& parts) {
  std::vector<int64_t> all;
  for (const auto& part : parts) all.insert(all.end(), part.begin(), part.end());
  return all;
}

PlanPtr RangeNode(int64_t start, int64_t end, int64_t step) {
  return MakeNode(plan::Range{start, end, step}, {}, kId);
}

TEST(MadeParts, CutARange) {
  EXPECT_EQ(InParts(RangeNode(0, 199'999, 1)).size(), 1U);
  const auto parts = InParts(RangeNode(7, 250'008, 1));
  ASSERT_EQ(parts.size(), 2U);
  EXPECT_EQ(parts[0].size(), 125'000U);
  EXPECT_EQ(Joined(parts), Range(7, 250'008, 1));
  const auto down = InParts(RangeNode(3, -1'000'000, -3));
  EXPECT_EQ(down.size(), 3U);
  EXPECT_EQ(Joined(down), Range(3, -1'000'000, -3));
  EXPECT_EQ(InParts(RangeNode(0, 5'000'000, 1)).size(), 16U);
}

TEST(MadeParts, CutLocalRows) {
  plan::LocalRows local;
  RangeOperator range(kId, 0, 300'001, 1);
  while (auto slice = range.Next().ValueOrDie()) local.rows.push_back(slice);
  const auto parts = InParts(MakeNode(local, {}, kId));
  ASSERT_EQ(parts.size(), 3U);
  EXPECT_EQ(parts[0].size(), 100'000U);
  EXPECT_EQ(Joined(parts), Range(0, 300'001, 1));
}

TEST(MadeParts, AreNoneOfOtherNodes) {
  EXPECT_EQ(MadeParts::Of(*MakeNode(plan::Union{}, {}, kId)).parts, 1);
}

std::vector<int64_t> Limited(std::optional<int64_t> limit, int64_t offset) {
  LimitOperator rows(std::make_unique<RangeOperator>(kId, 0, 20000, 1), limit, offset);
  return Ids(rows);
}

TEST(Limit, SkipsAndStops) {
  EXPECT_EQ(Limited(3, 0), (std::vector<int64_t>{0, 1, 2}));
  EXPECT_EQ(Limited(3, 8190), (std::vector<int64_t>{8190, 8191, 8192}));
  EXPECT_EQ(Limited(0, 5).size(), 0U);
  EXPECT_EQ(Limited(std::nullopt, 19998), (std::vector<int64_t>{19998, 19999}));
  EXPECT_EQ(Limited(5, 30000).size(), 0U);
  EXPECT_EQ(Limited(50000, 0).size(), 20000U);
}

TEST(Limit, CancelsTheScanAndKeepsPlaces) {
  scripted::ReaderWatch watch;
  const auto slice = scripted::Rows(kId, R"([{"id": 0}, {"id": 1}, {"id": 2}])");
  auto reader = std::make_unique<scripted::ScriptedReader>(std::vector{slice, slice, slice}, "p0", &watch);
  LimitOperator rows(std::make_unique<ScanOperator>(kId, std::move(reader)), 1, 4);
  auto only = rows.Next().ValueOrDie();
  ASSERT_EQ(only->num_rows(), 1);
  EXPECT_EQ(rows.PlaceOf(0), "p0 row 4");
  EXPECT_TRUE(watch.cancelled);
  EXPECT_EQ(rows.Next().ValueOrDie(), nullptr);
  EXPECT_EQ(watch.slices, 2);
}

TEST(Local, GivesItsRowsWithoutEmptySlices) {
  LocalOperator rows(kId,
                     {scripted::Rows(kId, "[]"), scripted::Rows(kId, R"([{"id": 7}])"), scripted::Rows(kId, "[]")});
  EXPECT_EQ(Ids(rows), (std::vector<int64_t>{7}));
}

}  // namespace
}  // namespace sluice
