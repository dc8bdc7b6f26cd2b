// SPDX-License-Identifier: Apache-2.0
#include "exec/exchange.h"

#include <gtest/gtest.h>

#include <thread>

#include "exec/retained_batch.h"
#include "exec/scripted_rows.h"

namespace sluice {
namespace {

using scripted::BatchPtr;
using scripted::Rows;

const auto kSchema = arrow::schema({arrow::field("n", arrow::int64()), arrow::field("s", StringType()),
                                    arrow::field("l", arrow::list(arrow::int32()))});

// Rows begin .. begin + count - 1; some texts are long, some values NULL.
BatchPtr Numbered(int64_t begin, int64_t count) {
  std::string json;
  for (int64_t n = begin; n < begin + count; ++n) {
    const std::string text = n % 7 == 0 ? "null" : "\"" + std::string(static_cast<size_t>(n % 40), 'x') + "\"";
    json += (json.empty() ? "[" : ",") + std::string("{\"n\": ") + std::to_string(n) + ", \"s\": " + text +
            ", \"l\": [" + std::to_string(n) + ", null]}";
  }
  return Rows(kSchema, json + "]");
}

std::vector<int32_t> Modulo(const BatchPtr& rows, int32_t partitions) {
  std::vector<int32_t> result;
  const auto& numbers = static_cast<const arrow::Int64Array&>(*rows->column(0));
  for (int64_t i = 0; i < rows->num_rows(); ++i) result.push_back(static_cast<int32_t>(numbers.Value(i) % partitions));
  return result;
}

BatchPtr All(ExchangeRows rows) {
  std::vector<BatchPtr> slices;
  for (;;) {
    BatchPtr slice = rows.Next().ValueOrDie();
    if (slice == nullptr) break;
    slices.push_back(std::move(slice));
  }
  return Concatenated(std::move(slices), kSchema, nullptr).ValueOrDie();
}

// Task t gives 40 slices of 50 rows, all tasks at once.
void Fill(Exchange* exchange) {
  std::vector<std::thread> threads;
  for (int task = 0; task < exchange->tasks(); ++task) {
    threads.emplace_back([=] {
      for (int slice = 0; slice < 40; ++slice) {
        const auto rows = Numbered(task * 2000 + slice * 50, 50);
        ASSERT_TRUE(exchange->Add(task, rows, Modulo(rows, exchange->partitions()), nullptr).ok());
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
}

TEST(Exchange, RowsOfAPartitionComeInTheOrderOfTheTasks) {
  Exchange exchange(3, 4, nullptr);
  Fill(&exchange);
  int64_t next = 1;
  const auto rows = All(exchange.Take(1));
  const auto& numbers = static_cast<const arrow::Int64Array&>(*rows->column(0));
  ASSERT_EQ(numbers.length(), 1500);
  for (int64_t i = 0; i < numbers.length(); ++i, next += 4) ASSERT_EQ(numbers.Value(i), next);
  EXPECT_TRUE(exchange.Take(1).empty()) << "they are given away";
}

TEST(Exchange, RowsBeyondTheirShareAreTheSameFromTheFile) {
  const auto bytes_from_file = [](ExchangeRows rows) {
    while (rows.Next().ValueOrDie() != nullptr) {
    }
    return rows.bytes_from_file();
  };
  Exchange whole(3, 4, nullptr);
  Fill(&whole);
  MemoryBudget budget(256 << 10);
  {
    Exchange exchange(3, 4, &budget);
    Fill(&exchange);
    EXPECT_LE(budget.peak(), budget.limit() / 2) << "a quarter, in steps";
    EXPECT_GT(budget.peak(), 0);
    EXPECT_GT(bytes_from_file(exchange.Read(0, 0)), 0);
    EXPECT_EQ(bytes_from_file(whole.Read(0, 0)), 0);
    for (int partition = 0; partition < 4; ++partition) {
      EXPECT_TRUE(All(exchange.Take(partition))->Equals(*All(whole.Take(partition)))) << partition;
    }
  }
  EXPECT_EQ(budget.used(), 0);
}

TEST(Exchange, WhereTheBudgetIsTakenRowsGoToTheFileAtOnce) {
  MemoryBudget budget(64 << 20);
  ASSERT_TRUE(budget.TryTake(budget.limit()));
  Exchange exchange(1, 2, &budget);
  const auto rows = Numbered(0, 100);
  ASSERT_TRUE(exchange.Add(0, rows, Modulo(rows, 2), nullptr).ok());
  EXPECT_EQ(budget.used(), budget.limit());
  EXPECT_EQ(All(exchange.Take(0))->num_rows(), 50);
  budget.Give(budget.limit());
}

TEST(Exchange, RowsOfATaskAreReadAsOftenAsTheyAreWanted) {
  Exchange exchange(2, 1, nullptr);
  ASSERT_TRUE(exchange.AddTo(0, 0, Numbered(0, 10), nullptr).ok());
  ASSERT_TRUE(exchange.AddTo(0, 1, Numbered(10, 5), nullptr).ok());
  for (const bool spilled : {false, true}) {
    if (spilled) {
      ASSERT_TRUE(exchange.Spill().ok());
    }
    for (int time = 0; time < 2; ++time) {
      EXPECT_TRUE(All(exchange.Read(1, 0))->Equals(*Numbered(10, 5))) << spilled;
      EXPECT_TRUE(All(exchange.Read(0, 0))->Equals(*Numbered(0, 10))) << spilled;
    }
  }
}

TEST(Exchange, ATemporaryFolderThatIsMissingIsNamed) {
  const char* before = std::getenv("TMPDIR");
  const std::string kept = before == nullptr ? "" : before;
  ::setenv("TMPDIR", "/nonexistent/for/rows", 1);
  MemoryBudget budget(1 << 10);
  Exchange exchange(1, 1, &budget);
  const Status added = exchange.AddTo(0, 0, Numbered(0, 100), nullptr);
  kept.empty() ? ::unsetenv("TMPDIR") : ::setenv("TMPDIR", kept.c_str(), 1);
  ASSERT_FALSE(added.ok());
  EXPECT_NE(added.message().find("/nonexistent/for/rows"), std::string::npos) << added;
}

}  // namespace
}  // namespace sluice
