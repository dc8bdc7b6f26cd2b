// SPDX-License-Identifier: Apache-2.0
#include "exec/hash_join.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <set>

#include "base/spark_error.h"
#include "exec/local.h"
#include "exec/scan.h"
#include "exec/scripted_rows.h"

namespace sluice {
namespace {

using scripted::BatchPtr;

using Cell = std::optional<int64_t>;
using Row = std::vector<Cell>;
using Table = std::vector<Row>;

std::shared_ptr<arrow::Schema> Schema(int columns) {
  arrow::FieldVector fields;
  for (int i = 0; i < columns; ++i) fields.push_back(arrow::field("c" + std::to_string(i), arrow::int64()));
  return arrow::schema(fields);
}

// Slices of at most `slice` rows.
std::unique_ptr<Operator> RowsOf(const Table& table, size_t slice) {
  std::vector<BatchPtr> batches;
  for (size_t begin = 0; begin < table.size(); begin += slice) {
    arrow::ArrayVector columns;
    for (size_t column = 0; column < 2; ++column) {
      arrow::Int64Builder builder;
      for (size_t i = begin; i < std::min(begin + slice, table.size()); ++i) {
        const Cell& cell = table[i][column];
        EXPECT_TRUE((cell ? builder.Append(*cell) : builder.AppendNull()).ok());
      }
      columns.push_back(builder.Finish().ValueOrDie());
    }
    batches.push_back(arrow::RecordBatch::Make(Schema(2), columns[0]->length(), columns));
  }
  return std::make_unique<LocalOperator>(Schema(2), std::move(batches));
}

Table ToTable(const arrow::RecordBatch& batch) {
  Table table(static_cast<size_t>(batch.num_rows()));
  for (const auto& column : batch.columns()) {
    const auto& values = static_cast<const arrow::Int64Array&>(*column);
    for (int64_t i = 0; i < batch.num_rows(); ++i) {
      table[static_cast<size_t>(i)].push_back(values.IsNull(i) ? Cell() : Cell(values.Value(i)));
    }
  }
  return table;
}

ExprPtr At(int index) {
  return std::make_shared<ColumnExpr>(index, "c", arrow::int64(), true);
}

// The left second column is less than the right one.
ExprPtr Less() {
  return std::make_shared<scripted::FunctionExpr>(
      arrow::boolean(), std::vector<ExprPtr>{At(1), At(3)},
      [](const auto& args) -> Result<std::shared_ptr<arrow::Array>> {
        const auto& a = static_cast<const arrow::Int64Array&>(*args[0]);
        const auto& b = static_cast<const arrow::Int64Array&>(*args[1]);
        arrow::BooleanBuilder builder;
        for (int64_t i = 0; i < a.length(); ++i) {
          SLUICE_RETURN_IF_ERROR(a.IsNull(i) || b.IsNull(i) ? builder.AppendNull()
                                                            : builder.Append(a.Value(i) < b.Value(i)));
        }
        return builder.Finish();
      });
}

struct Case {
  JoinType type;
  int keys;  // 0, 1 or 2: the columns in order
  bool null_safe;
  bool condition;
};

bool Meet(const Case& test, const Row& left, const Row& right) {
  for (int key = 0; key < test.keys; ++key) {
    const auto k = static_cast<size_t>(key);
    if (left[k] != right[k] || (!left[k] && !test.null_safe)) return false;
  }
  return !test.condition || (left[1] && right[1] && *left[1] < *right[1]);
}

// The plainest way, rows sorted.
Table Expected(const Case& test, const Table& left, const Table& right) {
  Table rows;
  std::vector<bool> met(right.size(), false);
  for (const Row& one : left) {
    bool matched = false;
    for (size_t i = 0; i < right.size(); ++i) {
      if (!Meet(test, one, right[i])) continue;
      matched = met[i] = true;
      if (test.type == JoinType::kLeftSemi || test.type == JoinType::kLeftAnti) continue;
      rows.push_back({one[0], one[1], right[i][0], right[i][1]});
    }
    if (test.type == JoinType::kLeftSemi && matched) rows.push_back(one);
    if (test.type == JoinType::kLeftAnti && !matched) rows.push_back(one);
    if ((test.type == JoinType::kLeft || test.type == JoinType::kFull) && !matched) {
      rows.push_back({one[0], one[1], std::nullopt, std::nullopt});
    }
  }
  for (size_t i = 0; i < right.size(); ++i) {
    if ((test.type == JoinType::kRight || test.type == JoinType::kFull) && !met[i]) {
      rows.push_back({std::nullopt, std::nullopt, right[i][0], right[i][1]});
    }
  }
  std::sort(rows.begin(), rows.end());
  return rows;
}

JoinSpec SpecOf(const Case& test) {
  JoinSpec spec;
  spec.type = test.type;
  for (int key = 0; key < test.keys; ++key) {
    spec.left_keys.exprs.push_back(At(key));
    spec.right_keys.exprs.push_back(At(key));
    spec.left_keys.null_safe.push_back(test.null_safe);
    spec.right_keys.null_safe.push_back(test.null_safe);
  }
  if (test.condition) spec.conditions.push_back(Less());
  spec.schema = Schema(test.type == JoinType::kLeftSemi || test.type == JoinType::kLeftAnti ? 2 : 4);
  return spec;
}

Table RandomTable(size_t rows, std::mt19937* random) {
  Table table;
  for (size_t i = 0; i < rows; ++i) {
    table.emplace_back();
    for (int column = 0; column < 2; ++column) {
      const unsigned value = (*random)() % 8;
      table.back().push_back(value == 0 ? Cell() : Cell(value));
    }
  }
  return table;
}

TEST(HashJoin, EveryTypeAgreesWithThePlainestWay) {
  std::mt19937 random(7);
  for (const JoinType type : {JoinType::kInner, JoinType::kLeft, JoinType::kRight, JoinType::kFull, JoinType::kLeftSemi,
                              JoinType::kLeftAnti}) {
    for (int round = 0; round < 60; ++round) {
      const Case test{type, static_cast<int>(random() % 3), random() % 2 == 0, random() % 2 == 0};
      const Table left = RandomTable(random() % 30, &random);
      const Table right = RandomTable(random() % 30, &random);
      HashJoinOperator join(SpecOf(test), RowsOf(left, 1 + random() % 9), RowsOf(right, 1 + random() % 9), {}, nullptr);
      const auto result = scripted::Drain(join);
      ASSERT_TRUE(result.ok()) << result.status();
      ASSERT_TRUE((*result)->ValidateFull().ok());
      Table rows = ToTable(**result);
      std::sort(rows.begin(), rows.end());
      ASSERT_EQ(rows, Expected(test, left, right)) << "type " << static_cast<int>(type) << ", round " << round;
    }
  }
}

TEST(HashJoin, ManyPartnersComeInSlices) {
  Table left;
  Table right;
  for (int64_t i = 0; i < 300; ++i) {
    left.push_back({1, i});
    right.push_back({1, i});
  }
  const Case test{JoinType::kFull, 1, false, false};
  HashJoinOperator join(SpecOf(test), RowsOf(left, 100), RowsOf(right, 7), {}, nullptr);
  int64_t rows = 0;
  for (;;) {
    const auto slice = join.Next().ValueOrDie();
    if (slice == nullptr) break;
    EXPECT_LE(slice->num_rows(), 8192);
    rows += slice->num_rows();
  }
  EXPECT_EQ(rows, 300 * 300);
}

TEST(HashJoin, LeftRowsKeepTheirOrder) {
  Table left;
  for (int64_t i = 0; i < 50; ++i) left.push_back({i % 5, i});
  HashJoinOperator join(SpecOf({JoinType::kInner, 1, false, false}), RowsOf(left, 8),
                        RowsOf({{0, 1}, {1, 2}, {0, 3}}, 2), {}, nullptr);
  const Table rows = ToTable(*scripted::Drain(join).ValueOrDie());
  ASSERT_EQ(rows.size(), 30u);
  EXPECT_TRUE(std::is_sorted(rows.begin(), rows.end(), [](const Row& a, const Row& b) { return a[1] < b[1]; }));
  EXPECT_EQ(rows[0], (Row{0, 0, 0, 1}));
  EXPECT_EQ(rows[1], (Row{0, 0, 0, 3})) << "partners in the order of the right rows";
}

// Where bad rows are set aside, what becomes of a left row comes in one slice, with and without a partner.
TEST(HashJoin, RowsOfOneOriginStayTogether) {
  constexpr int64_t kRight = 50;
  arrow::ArrayVector columns;
  for (const int64_t modulo : {3, 1000}) {
    arrow::Int64Builder builder;
    for (int64_t i = 0; i < 1000; ++i) ASSERT_TRUE(builder.Append(i % modulo).ok());
    columns.push_back(builder.Finish().ValueOrDie());
  }
  const auto left = arrow::RecordBatch::Make(Schema(2), 1000, columns);
  Table right;
  for (int64_t i = 0; i < kRight; ++i) right.push_back({i % 2, i});
  for (const JoinType type : {JoinType::kInner, JoinType::kLeft, JoinType::kLeftSemi}) {
    JoinSpec spec = SpecOf({type, 1, false, false});
    const auto table = JoinTable::Read(RowsOf(right, 7).get(), spec.right_keys, {}, nullptr).ValueOrDie();
    auto scan = std::make_unique<ScanOperator>(
        Schema(2), std::make_unique<scripted::ScriptedReader>(std::vector<BatchPtr>{left}), nullptr);
    HashJoinOperator join(std::move(spec), std::move(scan), table, {}, /*keeps_together=*/true);
    std::set<int64_t> origins;
    int64_t rows = 0;
    while (const auto slice = join.Next().ValueOrDie()) {
      std::set<int64_t> of_slice;
      for (int64_t row = 0; row < slice->num_rows(); ++row) {
        const int64_t origin = join.OriginOf(row).value();
        ASSERT_EQ(static_cast<const arrow::Int64Array&>(*slice->column(1)).Value(row), origin);
        ASSERT_EQ(join.PlaceOf(row), fmt::format("p0 row {}", origin));
        of_slice.insert(origin);
      }
      for (const int64_t origin : of_slice) EXPECT_TRUE(origins.insert(origin).second) << origin;
      rows += slice->num_rows();
    }
    const int64_t pairs = 667 * kRight / 2;
    EXPECT_EQ(rows, type == JoinType::kInner ? pairs : type == JoinType::kLeft ? pairs + 333 : 667);
  }
}

TEST(HashJoin, WhatDoesNotFitFailsByName) {
  MemoryBudget budget(64 << 10);
  Table right;
  for (int64_t i = 0; i < 20'000; ++i) right.push_back({i, i});
  {
    HashJoinOperator join(SpecOf({JoinType::kInner, 1, false, false}), RowsOf({{1, 1}}, 1), RowsOf(right, 1000), {},
                          &budget);
    const auto slice = join.Next();
    EXPECT_TRUE(HasErrorClass(slice.status(), "SLUICE_MEMORY_BUDGET")) << slice.status();
    EXPECT_NE(slice.status().message().find("join"), std::string::npos) << slice.status();
  }
  EXPECT_EQ(budget.used(), 0);
}

}  // namespace
}  // namespace sluice
