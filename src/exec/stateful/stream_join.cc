// SPDX-License-Identifier: Apache-2.0
#include "exec/stateful/stream_join.h"

#include <arrow/api.h>
#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/spark_error.h"
#include "exec/stateful/join_partition.h"
#include "plan/event_time.h"
#include "plan/rewrite.h"
#include "state/partitioning.h"
#include "state/unsafe_row.h"

namespace sluice {
namespace {

using Shape = StreamJoin::Shape;
using Side = StreamJoin::Side;

constexpr JoinSide kSides[] = {JoinSide::kLeft, JoinSide::kRight};

class JoinInput : public StateInput {
 public:
  JoinInput(std::shared_ptr<const Shape> shape, size_t side, const StateBatch& batch, Exchange* exchange, int task)
      : shape_(std::move(shape)),
        side_(shape_->sides[side]),
        context_(*batch.context),
        exchange_(exchange),
        task_(task) {}
  Status Add(const std::shared_ptr<arrow::RecordBatch>& slice) override {
    SLUICE_ASSIGN(const arrow::ArrayVector keys, JoinKeysOf(side_.keys, *slice, context_));
    return exchange_->Add(task_, slice, PartitionsOf(keys, slice->num_rows(), exchange_->partitions()), context_.pool);
  }
  Status Finish() override { return Status::OK(); }

 private:
  const std::shared_ptr<const Shape> shape_;
  const Side& side_;
  const EvalContext& context_;
  Exchange* const exchange_;
  const int task_;
};

// Which sides' columns an expression over both reads.
std::array<bool, 2> SidesRead(const ExprPtr& expr, const PlanNode& join) {
  const auto left = static_cast<std::ptrdiff_t>(join.inputs[0]->schema->num_fields());
  std::vector<bool> used(static_cast<size_t>(left + join.inputs[1]->schema->num_fields()), false);
  MarkColumns(expr, &used);
  return {std::find(used.begin(), used.begin() + left, true) != used.begin() + left,
          std::find(used.begin() + left, used.end(), true) != used.end()};
}

// An expression over both inputs as one over the side's.
ExprPtr OverSide(const ExprPtr& expr, const PlanNode& join, size_t side) {
  if (side == 0) return expr;
  std::vector<ExprPtr> columns(static_cast<size_t>(join.inputs[0]->schema->num_fields()));
  for (int i = 0; i < join.inputs[1]->schema->num_fields(); ++i) {
    const auto& field = *join.inputs[1]->schema->field(i);
    columns.push_back(std::make_shared<ColumnExpr>(i, field.name(), field.type(), field.nullable()));
  }
  return SubstituteColumns(expr, columns);
}

Status CheckSupported(const plan::Join& join) {
  switch (join.type) {
    case JoinType::kInner:
    case JoinType::kLeft:
    case JoinType::kRight:
    case JoinType::kFull:
    case JoinType::kLeftSemi:
      break;
    default:
      return UserError("_LEGACY_ERROR_TEMP_3102", "A join of two streams may be inner, outer or left semi, no other.");
  }
  if (std::any_of(join.keys.begin(), join.keys.end(), [](const JoinKey& key) { return key.null_safe; })) {
    return NotSupported("A join of two streams by <=> is not supported by Sluice yet; use =.");
  }
  if (join.keys.empty()) {
    return UserError("_LEGACY_ERROR_TEMP_1181",
                     "Stream-stream join without equality predicate is not supported: a condition must be an equality "
                     "of both streams' columns.");
  }
  return Status::OK();
}

// As Spark's text says: which rows of an outer side had a partner would be guessed wrong.
Status WrongWithoutFlags(JoinType type) {
  const char* name = type == JoinType::kLeft    ? "LeftOuter"
                     : type == JoinType::kRight ? "RightOuter"
                     : type == JoinType::kFull  ? "FullOuter"
                                                : "LeftSemi";
  return UserError(
      "SLUICE_CHECKPOINT_MISMATCH",
      fmt::format("The query is using stream-stream {} join with state format version 1 - correctness "
                  "issue is discovered. Please discard the checkpoint and rerun the query. See SPARK-26154 "
                  "for more details.",
                  name));
}

Result<Side> SideOf(const PlanNode& node, size_t number) {
  Side side;
  const PlanNode& input = *node.inputs[number];
  side.name = number == 0 ? "left" : "right";
  side.rows = input.schema;
  const auto& join = node.Get<plan::Join>();
  for (const JoinKey& key : join.keys) side.keys.push_back(OverSide(number == 0 ? key.left : key.right, node, number));
  const std::vector<EventTimeMark> marks = EventTimesOf(input);
  const int column = EventTimeColumn(marks);
  if (column >= 0) side.time = EventTimeField{column, marks[static_cast<size_t>(column)].window};
  side.eviction = EvictionOf(node, kSides[number]);
  side.without_nulls = ColumnsWithoutNulls(node, kSides[number]);
  side.kept = KeepsUnmatched(join.type, kSides[number]);
  return side;
}

}  // namespace

Result<std::unique_ptr<StatefulOperator>> StreamJoin::Make(const PlanNode& node, bool matched_flags) {
  const auto& join = node.Get<plan::Join>();
  SLUICE_RETURN_IF_ERROR(CheckSupported(join));
  if (!matched_flags && join.type != JoinType::kInner) return WrongWithoutFlags(join.type);
  auto shape = std::make_shared<Shape>();
  shape->type = join.type;
  shape->matched_flags = matched_flags;
  shape->output = node.schema;
  for (const size_t side : {size_t{0}, size_t{1}}) {
    SLUICE_ASSIGN(shape->sides[side], SideOf(node, side));
  }
  arrow::FieldVector both = shape->sides[0].rows->fields();
  both.insert(both.end(), shape->sides[1].rows->fields().begin(), shape->sides[1].rows->fields().end());
  shape->both = arrow::schema(std::move(both));
  for (const ExprPtr& condition : join.conditions) {
    const std::array<bool, 2> reads = SidesRead(condition, node);
    if (reads[0] == reads[1] || !condition->deterministic()) {
      shape->conditions.push_back(condition);
    } else {
      const size_t side = reads[0] ? 0 : 1;
      shape->sides[side].conditions.push_back(OverSide(condition, node, side));
    }
  }
  arrow::FieldVector keys;
  for (const ExprPtr& key : shape->sides[0].keys) {
    keys.push_back(arrow::field(fmt::format("field{}", keys.size()), key->type()));
  }
  shape->key_schema = arrow::schema(std::move(keys));
  auto made = std::make_unique<StreamJoin>();
  made->shape_ = std::move(shape);
  return std::unique_ptr<StatefulOperator>(std::move(made));
}

OperatorStateSpec StreamJoin::StateSpec(int64_t id, int partitions) const {
  OperatorStateSpec spec;
  spec.id = id;
  spec.name = "symmetricHashJoin";
  spec.partitions = partitions;
  const auto number = arrow::schema({arrow::field("value", arrow::int64())});
  arrow::FieldVector numbered = shape_->key_schema->fields();
  numbered.push_back(arrow::field("index", arrow::int64()));
  for (const Side& side : shape_->sides) {
    arrow::FieldVector row = side.rows->fields();
    // Where Spark knows that there are no NULLs, its schema says so: a query that may have some cannot go on with it.
    for (size_t i = 0; i < row.size(); ++i) {
      if (side.without_nulls[i]) row[i] = row[i]->WithNullable(false);
    }
    if (shape_->matched_flags) row.push_back(arrow::field("matched", arrow::boolean()));
    spec.stores.push_back({side.name + "-keyToNumValues", {shape_->key_schema, number}, 0});
    spec.stores.push_back(
        {side.name + "-keyWithIndexToValue", {arrow::schema(numbered), arrow::schema(std::move(row))}, 0});
  }
  return spec;
}

Result<std::unique_ptr<StateInput>> StreamJoin::OpenInput(size_t side, const StateBatch& batch, Exchange* exchange,
                                                          int task) const {
  return std::make_unique<JoinInput>(shape_, side, batch, exchange, task);
}

Result<std::unique_ptr<Operator>> StreamJoin::OpenPartition(const StateBatch& batch, StatePartition partition) const {
  return OpenJoinPartition(shape_, batch, std::move(partition));
}

bool StreamJoin::EvictsUnder(OutputMode) const {
  return shape_->sides[0].eviction.any() || shape_->sides[1].eviction.any();
}

}  // namespace sluice
