// SPDX-License-Identifier: Apache-2.0
#include "exec/generate.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "exec/scan.h"
#include "exec/scripted_rows.h"
#include "exec/task_pipeline.h"

namespace sluice {
namespace {

using scripted::BatchPtr;
using scripted::Column;
using scripted::Rows;
using scripted::ScanNode;
using scripted::ScriptedReader;

class Collected : public BadRowSink {
 public:
  Status Add(const SourceRecord& record, const Status&) override {
    places.push_back(record.place);
    return Status::OK();
  }
  std::vector<std::string> places;
};

std::shared_ptr<arrow::Schema> Lists() {
  return arrow::schema({arrow::field("n", arrow::int64()), arrow::field("list", arrow::list(arrow::int64()))});
}

std::shared_ptr<PlanNode> Explode(const PlanPtr& input, GeneratorKind kind, bool outer) {
  arrow::FieldVector fields = {input->schema->field(0)};
  if (kind == GeneratorKind::kPosExplode) fields.push_back(arrow::field("pos", arrow::int32()));
  fields.push_back(arrow::field("col", arrow::int64()));
  plan::Generate explode{{kind, outer, 1, {0}}, {Column(input->schema, "list")}};
  return MakeNode(std::move(explode), {input}, arrow::schema(fields));
}

std::string Text(const arrow::RecordBatch& batch) {
  std::string text;
  for (int64_t row = 0; row < batch.num_rows(); ++row) {
    for (int i = 0; i < batch.num_columns(); ++i)
      text += (i == 0 ? "" : " ") + (*batch.column(i)->GetScalar(row))->ToString();
    text += "; ";
  }
  return text;
}

TEST(Generate, GivesAnOuterRowForNothing) {
  const auto scan = ScanNode(Lists(), false);
  const BatchPtr rows =
      Rows(Lists(), R"([{"n": 1, "list": [7, null]}, {"n": 2, "list": []}, {"n": 3}, {"n": 4, "list": [8]}])");
  const auto run = [&](GeneratorKind kind, bool outer) {
    const auto plan = Explode(scan, kind, outer);
    auto reader = std::make_unique<ScriptedReader>(std::vector<BatchPtr>{rows});
    const auto operators = BuildTaskPipeline(*plan, std::move(reader), EvalContext()).ValueOrDie();
    return Text(**scripted::Drain(*operators));
  };
  EXPECT_EQ(run(GeneratorKind::kExplode, false), "1 7; 1 null; 4 8; ");
  EXPECT_EQ(run(GeneratorKind::kExplode, true), "1 7; 1 null; 2 null; 3 null; 4 8; ");
  EXPECT_EQ(run(GeneratorKind::kPosExplode, true), "1 0 7; 1 1 null; 2 null null; 3 null null; 4 0 8; ");
}

// A row that fails above a generator is found at the record that it was made from, which goes as a whole.
TEST(Generate, RowsKeepTheirPlace) {
  const auto scan = ScanNode(Lists(), true);
  const auto generate = Explode(scan, GeneratorKind::kExplode, false);
  const auto plan = scripted::ProjectNode(
      generate, {scripted::FailWhere(Column(generate->schema, "col"), [](int64_t value) { return value < 0; })});
  auto reader = std::make_unique<ScriptedReader>(
      std::vector<BatchPtr>{Rows(Lists(), R"([{"n": 1, "list": [1, 2]}, {"n": 2, "list": [3, -1, 4]}])"),
                            Rows(Lists(), R"([{"n": 3, "list": []}, {"n": 4, "list": [-2]}, {"n": 5, "list": [5]}])")});
  Collected bad;
  const auto operators = BuildTaskPipeline(*plan, std::move(reader), EvalContext(), &bad).ValueOrDie();
  EXPECT_EQ(Text(**scripted::Drain(*operators)), "1; 2; 5; ");
  EXPECT_EQ(bad.places, (std::vector<std::string>{"p0 row 1", "p0 row 3"}));
}

// A replay of a record would write again what is written of it: all of its rows are set aside, wherever slices are cut.
TEST(Generate, ARecordIsSetAsideOnceWithAllItsRows) {
  const auto scan = ScanNode(Lists(), true);
  const auto outer = Explode(scan, GeneratorKind::kExplode, false);
  outer->Get<plan::Generate>().generator.kept = {0, 1};
  outer->schema = arrow::schema({Lists()->field(0), Lists()->field(1), arrow::field("col", arrow::int64())});
  const auto inner = Explode(outer, GeneratorKind::kExplode, false);  // each list as often as it has elements
  const auto plan = scripted::ProjectNode(
      inner, {scripted::FailWhere(Column(inner->schema, "col"), [](int64_t value) { return value < 0; })});
  std::string rows = R"([{"n": 1, "list": [-1, 1, -1]})";
  std::string expected;
  for (int row = 2; row < 200; ++row) {
    rows += fmt::format(R"(, {{"n": {0}, "list": [{0}, {0}, {0}, {0}, {0}, {0}, {0}, {0}, {0}, {1}]}})", row,
                        row % 50 == 0 ? -1 : row);
    for (int i = 0; i < 100 && row % 50 != 0; ++i) expected += fmt::format("{}; ", row);
  }
  auto reader = std::make_unique<ScriptedReader>(std::vector<BatchPtr>{Rows(Lists(), rows + "]")});
  Collected bad;
  const auto operators = BuildTaskPipeline(*plan, std::move(reader), EvalContext(), &bad).ValueOrDie();
  EXPECT_EQ(Text(**scripted::Drain(*operators)), expected);
  EXPECT_EQ(bad.places, (std::vector<std::string>{"p0 row 0", "p0 row 49", "p0 row 99", "p0 row 149"}));
}

// However long an array is, slices stay short, and nothing is lost where one is cut.
TEST(Generate, CutsLongArrays) {
  constexpr int64_t kElements = 50000;
  arrow::Int64Builder numbers;
  arrow::ListBuilder lists(arrow::default_memory_pool(), std::make_shared<arrow::Int64Builder>());
  auto& values = static_cast<arrow::Int64Builder&>(*lists.value_builder());
  for (int64_t row = 0; row < 3; ++row) {
    ASSERT_TRUE(numbers.Append(row).ok() && lists.Append().ok());
    for (int64_t i = 0; i < kElements; ++i) ASSERT_TRUE(values.Append(i).ok());
  }
  const auto batch = arrow::RecordBatch::Make(Lists(), 3, {*numbers.Finish(), *lists.Finish()});
  const auto plan = Explode(ScanNode(Lists(), false), GeneratorKind::kExplode, false);
  auto reader = std::make_unique<ScriptedReader>(std::vector<BatchPtr>{batch});
  const auto operators = BuildTaskPipeline(*plan, std::move(reader), EvalContext()).ValueOrDie();
  int64_t rows = 0;
  for (;;) {
    const BatchPtr slice = operators->Next().ValueOrDie();
    if (slice == nullptr) break;
    ASSERT_LE(slice->num_rows(), 8192);
    const auto& elements = static_cast<const arrow::Int64Array&>(*slice->column(1));
    for (int64_t i = 0; i < slice->num_rows(); ++i) ASSERT_EQ(elements.Value(i), (rows + i) % kElements);
    rows += slice->num_rows();
  }
  EXPECT_EQ(rows, 3 * kElements);
}

}  // namespace
}  // namespace sluice
