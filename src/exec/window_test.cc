// SPDX-License-Identifier: Apache-2.0
#include "exec/window.h"

#include <gtest/gtest.h>

#include <random>

#include "exec/scan.h"
#include "exec/scripted_rows.h"
#include "exec/window_rows.h"

namespace sluice {
namespace {

using scripted::BatchPtr;
using scripted::Column;

struct Input {
  std::vector<int64_t> groups;  // sorted
  std::vector<int64_t> values;  // sorted within a group
};

std::shared_ptr<arrow::Schema> Schema() {
  return arrow::schema({arrow::field("g", arrow::int64()), arrow::field("v", arrow::int64())});
}

// Partitions of many sizes, a few rows a slice.
std::vector<BatchPtr> Slices(const Input& input, size_t slice_rows) {
  std::vector<BatchPtr> slices;
  for (size_t begin = 0; begin < input.groups.size(); begin += slice_rows) {
    const size_t end = std::min(begin + slice_rows, input.groups.size());
    arrow::Int64Builder groups;
    arrow::Int64Builder values;
    for (size_t i = begin; i < end; ++i) {
      EXPECT_TRUE(groups.Append(input.groups[i]).ok() && values.Append(input.values[i]).ok());
    }
    slices.push_back(
        arrow::RecordBatch::Make(Schema(), static_cast<int64_t>(end - begin), {*groups.Finish(), *values.Finish()}));
  }
  return slices;
}

WindowCall SumOf(WindowFrame frame) {
  WindowCall call;
  call.call = ResolveAggregate("sum", {Column(Schema(), "v")}, false, true).ValueOrDie();
  call.frame = std::move(frame);
  return call;
}

Result<std::vector<int64_t>> Sums(const Input& input, size_t slice_rows, const WindowFrame& frame,
                                  MemoryBudget* budget = nullptr) {
  plan::Window node_of_sums{{Column(Schema(), "g")}, {{Column(Schema(), "v"), true, true}}, {SumOf(frame)}};
  arrow::FieldVector fields = Schema()->fields();
  fields.push_back(arrow::field("s", arrow::int64()));
  const PlanPtr node = MakeNode(std::move(node_of_sums), {}, arrow::schema(fields));
  auto scan =
      std::make_unique<ScanOperator>(Schema(), std::make_unique<scripted::ScriptedReader>(Slices(input, slice_rows)));
  WindowOperator window(std::move(scan), *node, EvalContext(), budget);
  SLUICE_ASSIGN(const BatchPtr rows, scripted::Drain(window));
  const auto& sums = static_cast<const arrow::Int64Array&>(*rows->column(2));
  std::vector<int64_t> result;
  for (int64_t i = 0; i < sums.length(); ++i) result.push_back(sums.IsNull(i) ? -1 : sums.Value(i));
  return result;
}

// Row by row, as the definition has it.
std::vector<int64_t> Expected(const Input& input, const WindowFrame& frame) {
  const auto size = static_cast<int64_t>(input.groups.size());
  std::vector<int64_t> sums;
  for (int64_t row = 0; row < size; ++row) {
    int64_t sum = -1;
    for (int64_t other = 0; other < size; ++other) {
      const auto i = static_cast<size_t>(row);
      const auto j = static_cast<size_t>(other);
      if (input.groups[i] != input.groups[j]) continue;
      const auto before = [&](const FrameBound& bound, bool upper) {
        if (bound.kind == FrameBound::Kind::kUnboundedPreceding) return false;
        if (bound.kind == FrameBound::Kind::kUnboundedFollowing) return true;
        if (frame.by_rows) return upper ? other <= row + bound.rows : other < row + bound.rows;
        return upper ? input.values[j] <= input.values[i] : input.values[j] < input.values[i];
      };
      if (!before(frame.lower, false) && before(frame.upper, true)) sum = std::max<int64_t>(sum, 0) + input.values[j];
    }
    sums.push_back(sum);
  }
  return sums;
}

Input RandomInput(std::mt19937* random, int64_t rows, int64_t most_in_group) {
  Input input;
  int64_t group = 0;
  while (static_cast<int64_t>(input.groups.size()) < rows) {
    const int64_t count = 1 + static_cast<int64_t>((*random)() % static_cast<uint64_t>(most_in_group));
    std::vector<int64_t> values;
    for (int64_t i = 0; i < count; ++i) values.push_back(static_cast<int64_t>((*random)() % 50));
    std::sort(values.begin(), values.end());
    input.groups.insert(input.groups.end(), static_cast<size_t>(count), group++);
    input.values.insert(input.values.end(), values.begin(), values.end());
  }
  return input;
}

FrameBound At(int64_t rows) {
  return {FrameBound::Kind::kOffset, rows, nullptr};
}

TEST(Window, FramesAreTheRowsThatTheyName) {
  const FrameBound first{FrameBound::Kind::kUnboundedPreceding, 0, nullptr};
  const FrameBound last{FrameBound::Kind::kUnboundedFollowing, 0, nullptr};
  const WindowFrame frames[] = {
      {true, first, last}, {false, first, At(0)}, {true, first, At(0)}, {true, first, At(-2)}, {true, At(-1), At(1)},
      {true, At(0), last}, {false, At(0), last},  {true, At(2), At(3)}, {false, At(0), At(0)}, {true, At(1), At(-1)}};
  std::mt19937 random(7);
  for (const int64_t most : {1, 4, 40, 300}) {
    const Input input = RandomInput(&random, 600, most);
    for (const size_t slice_rows : {1, 7, 1000}) {
      for (const WindowFrame& frame : frames) {
        ASSERT_EQ(Sums(input, slice_rows, frame).ValueOrDie(), Expected(input, frame))
            << most << " " << slice_rows << " " << frame.by_rows << " " << frame.lower.rows << " " << frame.upper.rows;
      }
    }
  }
}

// One partition must fit; many partitions need not at once.
TEST(Window, KeepsAPartitionAtATime) {
  Input one;
  Input many;
  for (int64_t i = 0; i < 200000; ++i) {
    one.groups.push_back(0);
    many.groups.push_back(i / 10);
    one.values.push_back(i);
    many.values.push_back(i);
  }
  MemoryBudget budget(8 << 20);
  EXPECT_TRUE(Sums(many, 8192, WindowFrame(), &budget).ok());
  const auto failed = Sums(one, 8192, WindowFrame(), &budget);
  ASSERT_FALSE(failed.ok());
  EXPECT_TRUE(HasErrorClass(failed.status(), "SLUICE_MEMORY_BUDGET")) << failed.status().ToString();
  EXPECT_EQ(budget.used(), 0);
}

}  // namespace
}  // namespace sluice
