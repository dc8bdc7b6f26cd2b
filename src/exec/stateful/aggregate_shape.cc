// SPDX-License-Identifier: Apache-2.0
#include "exec/stateful/aggregate_shape.h"

#include <arrow/api.h>

#include <utility>

#include "exec/aggregate_state.h"
#include "exec/stateful/saved_groups.h"
#include "state/partitioning.h"

namespace sluice {
namespace {

class AggregateInput : public StateInput {
 public:
  AggregateInput(std::shared_ptr<const AggregateShape> shape, std::vector<int> partitioned_by, const StateBatch& batch,
                 Exchange* exchange, int task)
      : shape_(std::move(shape)), partitioned_by_(std::move(partitioned_by)), exchange_(exchange), task_(task) {
    spec_.keys = shape_->keys;
    spec_.calls = shape_->calls;
    spec_.schema = shape_->key_schema;
    spec_.context = *batch.context;
    spec_.budget = batch.budget;
  }
  Status Open() {
    SLUICE_ASSIGN(state_, AggregateState::Make(spec_));
    return Status::OK();
  }
  Status Add(const std::shared_ptr<arrow::RecordBatch>& slice) override { return state_->Add(slice); }
  Status Finish() override {
    SLUICE_ASSIGN(const auto groups, state_->Save());
    state_.reset();
    if (groups->num_rows() == 0) return Status::OK();
    arrow::ArrayVector columns;
    for (const int key : partitioned_by_) columns.push_back(groups->column(key));
    const auto partition_of = PartitionsOf(columns, groups->num_rows(), exchange_->partitions());
    return exchange_->Add(task_, groups, partition_of, spec_.context.pool);
  }

 private:
  const std::shared_ptr<const AggregateShape> shape_;
  const std::vector<int> partitioned_by_;
  Exchange* const exchange_;
  const int task_;
  AggregateSpec spec_;
  std::unique_ptr<AggregateState> state_;
};

// Spark leaves constants and repetitions out of the key, and calls what is no column by one name.
void AddKeys(const PlanNode& node, AggregateShape* shape) {
  arrow::FieldVector fields;
  const std::vector<ExprPtr>& keys = node.Get<plan::Aggregate>().keys;
  for (size_t i = 0; i < keys.size(); ++i) {
    const ExprPtr& expr = keys[i];
    const auto& field = node.schema->field(static_cast<int>(i));
    const auto* column = dynamic_cast<const ColumnExpr*>(expr.get());
    const bool constant = dynamic_cast<const LiteralExpr*>(expr.get()) != nullptr;
    int place = -1;
    for (size_t j = 0; j < shape->keys.size() && column != nullptr; ++j) {
      const auto* other = dynamic_cast<const ColumnExpr*>(shape->keys[j].get());
      if (other != nullptr && other->index() == column->index()) place = static_cast<int>(j);
    }
    if (place < 0 && !constant) {
      place = static_cast<int>(shape->keys.size());
      shape->keys.push_back(expr);
      // Of a window Spark's schema says that it is never NULL: a query that does not know could not take it over.
      fields.push_back(
          arrow::field(column != nullptr ? column->name() : "_groupingexpression", field->type(), field->nullable()));
    }
    shape->key_of.push_back(place);
    shape->constants.push_back(constant ? expr : nullptr);
  }
  shape->key_schema = arrow::schema(std::move(fields));
}

}  // namespace

std::vector<std::shared_ptr<arrow::DataType>> TypesOf(const arrow::Schema& schema) {
  std::vector<std::shared_ptr<arrow::DataType>> types;
  for (const auto& field : schema.fields()) types.push_back(field->type());
  return types;
}

Result<std::shared_ptr<AggregateShape>> AggregateShape::Make(const PlanNode& node) {
  auto shape = std::make_shared<AggregateShape>();
  AddKeys(node, shape.get());
  shape->calls = node.Get<plan::Aggregate>().calls;
  shape->output = node.schema;
  SLUICE_ASSIGN(const SavedGroups values, SavedGroups::Make(shape->calls, 0));
  shape->value_schema = arrow::schema(values.fields());
  return shape;
}

Result<std::shared_ptr<arrow::RecordBatch>> AggregateShape::Output(const arrow::ArrayVector& key_columns,
                                                                   const arrow::ArrayVector& values, int64_t rows,
                                                                   const EvalContext& context) const {
  arrow::ArrayVector columns;
  for (size_t i = 0; i < key_of.size(); ++i) {
    if (key_of[i] >= 0) {
      columns.push_back(key_columns[static_cast<size_t>(key_of[i])]);
      continue;
    }
    SLUICE_ASSIGN(const auto value, EvalConstant(constants[i], context));
    SLUICE_ASSIGN(auto column, arrow::MakeArrayFromScalar(*value, rows));
    columns.push_back(std::move(column));
  }
  columns.insert(columns.end(), values.begin(), values.end());
  return arrow::RecordBatch::Make(output, rows, std::move(columns));
}

Result<std::unique_ptr<StateInput>> OpenAggregateInput(std::shared_ptr<const AggregateShape> shape,
                                                       std::vector<int> partitioned_by, const StateBatch& batch,
                                                       Exchange* exchange, int task) {
  auto input = std::make_unique<AggregateInput>(std::move(shape), std::move(partitioned_by), batch, exchange, task);
  SLUICE_RETURN_IF_ERROR(input->Open());
  return std::unique_ptr<StateInput>(std::move(input));
}

}  // namespace sluice
