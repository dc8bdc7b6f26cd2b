// SPDX-License-Identifier: Apache-2.0
#include "exec/gather.h"

#include <gtest/gtest.h>

#include <latch>

#include "exec/range.h"
#include "exec/scripted_rows.h"

namespace sluice {
namespace {

const auto kId = arrow::schema({arrow::field("id", arrow::int64())});

PartOpener Ranges(int64_t rows_of_part) {
  return [rows_of_part](int part) -> Result<std::unique_ptr<Operator>> {
    return std::make_unique<RangeOperator>(kId, part * rows_of_part, (part + 1) * rows_of_part, 1);
  };
}

TEST(Gather, GivesPartsInOrderWhateverTheThreads) {
  for (const int threads : {1, 2, 7}) {
    for (const int64_t limit : {int64_t{1} << 12, int64_t{1} << 30}) {
      MemoryBudget budget(limit);
      {
        GatherOperator rows(kId, 10, Ranges(50000), threads, &budget);
        const auto result = scripted::Drain(rows).ValueOrDie();
        ASSERT_EQ(result->num_rows(), 500000);
        const auto& ids = static_cast<const arrow::Int64Array&>(*result->column(0));
        for (int64_t i = 0; i < ids.length(); ++i) ASSERT_EQ(ids.Value(i), i);
      }
      EXPECT_EQ(budget.used(), 0);
    }
  }
}

TEST(Gather, WorksAheadOnOtherParts) {
  std::latch both(2);
  GatherOperator rows(
      kId, 2,
      [&](int part) -> Result<std::unique_ptr<Operator>> {
        both.arrive_and_wait();  // passes only when both parts are being opened
        return Ranges(10)(part);
      },
      2, nullptr);
  EXPECT_EQ(scripted::Drain(rows).ValueOrDie()->num_rows(), 20);
}

TEST(Gather, AnErrorComesAfterTheRowsBeforeIt) {
  GatherOperator rows(
      kId, 3,
      [](int part) -> Result<std::unique_ptr<Operator>> {
        if (part == 1) return InternalError("part 1 cannot be opened");
        return Ranges(10)(part);
      },
      3, nullptr);
  const auto first = rows.Next().ValueOrDie();
  EXPECT_EQ(first->num_rows(), 10);
  const auto second = rows.Next();
  EXPECT_NE(second.status().message().find("part 1"), std::string::npos) << second.status();
}

TEST(Gather, StopsItsPartsWhenItIsDestroyedHalfRead) {
  MemoryBudget budget(1 << 26);
  {
    GatherOperator rows(kId, 4, Ranges(int64_t{1} << 50), 3, &budget);
    ASSERT_EQ(rows.Next().ValueOrDie()->num_rows(), 8192);
  }
  EXPECT_EQ(budget.used(), 0);
}

TEST(Gather, CancelMakesNextFail) {
  GatherOperator rows(kId, 2, Ranges(int64_t{1} << 50), 2, nullptr);
  ASSERT_TRUE(rows.Next().ok());
  rows.Cancel();
  EXPECT_TRUE(HasErrorClass(rows.Next().status(), "OPERATION_CANCELED"));
}

}  // namespace
}  // namespace sluice
