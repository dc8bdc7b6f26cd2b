// SPDX-License-Identifier: Apache-2.0
#include "connectors/file/table_memory.h"

#include <gtest/gtest.h>

#include <optional>
#include <thread>

#include "base/spark_error.h"

namespace sluice {
namespace {

constexpr int64_t kMega = 1 << 20;

class TableMemoryTest : public ::testing::Test {
 protected:
  MemoryBudget budget{64 * kMega};
  TableMemory table{&budget};
};

TEST_F(TableMemoryTest, TheFirstGoesOnAQuarterBeyondTheBudgetAndThenFailsByName) {
  ReaderMemory first(&table, 0, "/t/a.parquet");
  EXPECT_TRUE(first.Claim(60 * kMega).ok());
  EXPECT_TRUE(first.Claim(15 * kMega).ok());
  EXPECT_LE(budget.used(), budget.limit());
  const Status refused = first.Claim(10 * kMega);
  EXPECT_TRUE(HasErrorClass(refused, "SLUICE_MEMORY_BUDGET")) << refused;
  EXPECT_NE(refused.message().find("/t/a.parquet"), std::string::npos);
  EXPECT_TRUE(HasErrorClass(first.failure(), "SLUICE_MEMORY_BUDGET"));
  first.Unclaim(75 * kMega);
}

TEST_F(TableMemoryTest, AnAllocationThatIsClaimedByAFileButCannotBeFailsWithoutTakingMemory) {
  ReaderMemory first(&table, 0, "/t/a.parquet");
  uint8_t* bytes = nullptr;
  EXPECT_TRUE(first.Allocate(INT64_MAX / 2, 64, &bytes).IsOutOfMemory());
  EXPECT_TRUE(first.Allocate(kMega, 64, &bytes).ok());
  EXPECT_GE(budget.used(), kMega);
  first.Free(bytes, kMega, 64);
}

TEST_F(TableMemoryTest, LaterReadersHaveHalfAndWaitForTheirTurn) {
  std::optional<ReaderMemory> first(std::in_place, &table, 0, "/t/a.parquet");
  ReaderMemory second(&table, 1, "/t/b.parquet");
  EXPECT_TRUE(second.Claim(30 * kMega).ok());
  EXPECT_FALSE(second.TryClaim(5 * kMega));
  EXPECT_TRUE(first->Claim(30 * kMega).ok());
  Status waited;
  std::thread thread([&] { waited = second.Claim(20 * kMega); });
  first.reset();  // the second is the first now
  thread.join();
  EXPECT_TRUE(waited.ok()) << waited;
  second.Unclaim(50 * kMega);
}

TEST_F(TableMemoryTest, AWaitEndsWithTheQuery) {
  ReaderMemory first(&table, 0, "/t/a.parquet");
  ReaderMemory second(&table, 1, "/t/b.parquet");
  EXPECT_TRUE(second.Claim(30 * kMega).ok());
  Status waited;
  std::thread thread([&] { waited = second.Claim(20 * kMega); });
  second.Cancel();
  thread.join();
  EXPECT_TRUE(HasErrorClass(waited, "OPERATION_CANCELED")) << waited;
  second.Unclaim(30 * kMega);
}

TEST_F(TableMemoryTest, EverythingIsGivenBack) {
  {
    ReaderMemory first(&table, 0, "/t/a.parquet");
    ReaderMemory second(&table, 1, "/t/b.parquet");
    MemoryClaim claim(&first);
    EXPECT_TRUE(claim.Set(60 * kMega).ok());
    EXPECT_TRUE(claim.Set(70 * kMega).ok());
    EXPECT_TRUE(claim.Set(3 * kMega).ok());
    EXPECT_LE(budget.used(), 6 * kMega);
    EXPECT_TRUE(second.Claim(kMega).ok());
  }
  EXPECT_EQ(budget.used(), 0);
}

}  // namespace
}  // namespace sluice
