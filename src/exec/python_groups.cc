// SPDX-License-Identifier: Apache-2.0
#include "exec/python_groups.h"

#include <arrow/api.h>

#include "base/spark_error.h"
#include "exec/retained_batch.h"
#include "plan/plan.h"

namespace sluice {
namespace {

std::shared_ptr<arrow::Schema> WithoutKeys(const PlanNode& node) {
  const bool aggregates = node.Get<plan::PythonStep>().kind == plan::PythonStep::Kind::kAggregate;
  const auto& fields = node.schema->fields();
  return arrow::schema(std::vector<std::shared_ptr<arrow::Field>>(
      fields.begin() + (aggregates ? node.Get<plan::PythonStep>().keys : 0), fields.end()));
}

}  // namespace

PythonGroupsOperator::PythonGroupsOperator(const PlanNode& node, EvalContext context, MemoryBudget* budget)
    : schema_(node.schema),
      step_(node.Get<plan::PythonStep>()),
      memory_(budget, "a cogroup"),
      results_(WithoutKeys(node)) {
  const std::vector<ExprPtr>& columns = node.Get<plan::PythonStep>().columns;
  const auto middle = columns.begin() + (node.inputs.size() > 1 ? node.Get<plan::PythonStep>().left_columns : 0);
  if (node.inputs.size() > 1) {
    sides_.push_back(std::make_unique<PythonRows>(node, std::vector<ExprPtr>(columns.begin(), middle), context));
  }
  sides_.push_back(std::make_unique<PythonRows>(node, std::vector<ExprPtr>(middle, columns.end()), context));
}

Result<std::unique_ptr<Operator>> PythonGroupsOperator::Make(const PlanNode& node,
                                                             std::vector<std::unique_ptr<Operator>> inputs,
                                                             EvalContext context, MemoryBudget* budget) {
  std::unique_ptr<PythonGroupsOperator> made(new PythonGroupsOperator(node, std::move(context), budget));
  for (size_t i = 0; i < inputs.size(); ++i) {
    SLUICE_ASSIGN(auto groups,
                  RowGroups::Make(std::move(inputs[i]), made->sides_[i].get(), node.Get<plan::PythonStep>().keys));
    made->groups_.push_back(std::move(groups));
  }
  return std::unique_ptr<Operator>(std::move(made));
}

void PythonGroupsOperator::Cancel() {
  for (const auto& groups : groups_) groups->Cancel();
}

// The second input of a cogroup is kept: its groups come when the first one's do.
Status PythonGroupsOperator::ReadRight() {
  int64_t bytes = 0;
  for (;;) {
    SLUICE_ASSIGN(auto group, groups_[1]->Next());
    if (!group) break;
    Rows own;
    for (const auto& rows : group->rows) {
      SLUICE_ASSIGN(auto kept, OwnRows(rows, nullptr));
      bytes += RetainedBytes(*kept);
      own.push_back(std::move(kept));
    }
    SLUICE_RETURN_IF_ERROR(memory_.Cover(bytes));
    right_by_key_[group->key] = right_.size();
    right_.emplace_back(std::move(group->key), std::move(own));
  }
  right_read_ = true;
  return Status::OK();
}

Result<PythonGroupsOperator::Rows> PythonGroupsOperator::ForWorker(const PythonRows& side, const Rows& rows) const {
  Rows result;
  for (const auto& some : rows) {
    for (int64_t at = 0; at < some->num_rows(); at += side.batch_rows()) {
      SLUICE_ASSIGN(auto piece, side.ForWorker(some->Slice(at, side.batch_rows())));
      result.push_back(std::move(piece));
    }
  }
  if (!result.empty()) return result;
  SLUICE_ASSIGN(const auto empty, arrow::RecordBatch::MakeEmpty(side.schema()));
  SLUICE_ASSIGN(auto none, side.ForWorker(empty));
  result.push_back(std::move(none));
  return result;
}

Result<std::optional<std::vector<PythonGroupsOperator::Rows>>> PythonGroupsOperator::NextGroup() {
  using Streams = std::vector<Rows>;
  if (groups_.size() > 1 && !right_read_) SLUICE_RETURN_IF_ERROR(ReadRight());
  if (!left_ended_) {
    SLUICE_ASSIGN(auto group, groups_[0]->Next());
    if (group) {
      if (step_.kind == plan::PythonStep::Kind::kAggregate) {
        SLUICE_ASSIGN(auto key, OwnRows(group->rows[0]->Slice(0, 1), nullptr));
        keys_.push_back(std::move(key));
      }
      Streams streams = {std::move(group->rows)};
      if (groups_.size() > 1) {
        const auto met = right_by_key_.find(group->key);
        streams.push_back(met == right_by_key_.end() ? Rows() : std::exchange(right_[met->second].second, {}));
      }
      return std::optional<Streams>(std::move(streams));
    }
    left_ended_ = true;
  }
  while (right_next_ < right_.size()) {
    Rows rows = std::move(right_[right_next_++].second);
    if (!rows.empty()) return std::optional<Streams>(Streams{Rows(), std::move(rows)});
  }
  return std::optional<Streams>();
}

Status PythonGroupsOperator::SendNext() {
  SLUICE_ASSIGN(auto group, NextGroup());
  if (!group) return task_ == nullptr ? Status::OK() : task_->EndInput();
  if (task_ == nullptr) {
    SLUICE_ASSIGN(task_, PythonTask::Start(sides_.back()->TaskOf(step_.calls)));
  }
  std::vector<Rows> streams;
  for (size_t i = 0; i < group->size(); ++i) {
    SLUICE_ASSIGN(auto rows, ForWorker(*sides_[i], (*group)[i]));
    streams.push_back(std::move(rows));
  }
  return task_->SendGroup(streams);
}

// The keys of the groups that the results are of.
Result<std::shared_ptr<arrow::RecordBatch>> PythonGroupsOperator::WithKeys(
    const std::shared_ptr<arrow::RecordBatch>& results) {
  if (step_.kind != plan::PythonStep::Kind::kAggregate) return results;
  Rows keys;
  for (int64_t i = 0; i < results->num_rows(); ++i) {
    if (keys_.empty()) return InternalError("a Python worker gave results of more groups than there are");
    keys.push_back(std::move(keys_.front()));
    keys_.pop_front();
  }
  SLUICE_ASSIGN(const auto together, Concatenated(std::move(keys), sides_[0]->schema(), nullptr));
  std::vector<std::shared_ptr<arrow::Array>> columns(together->columns().begin(),
                                                     together->columns().begin() + step_.keys);
  columns.insert(columns.end(), results->columns().begin(), results->columns().end());
  return arrow::RecordBatch::Make(schema_, results->num_rows(), std::move(columns));
}

Result<std::shared_ptr<arrow::RecordBatch>> PythonGroupsOperator::Next() {
  if (task_ == nullptr) {
    SLUICE_RETURN_IF_ERROR(SendNext());
    if (task_ == nullptr) return nullptr;  // no rows
  }
  for (;;) {
    SLUICE_ASSIGN(const PythonTask::Answer answer, task_->Wait(/*or_input=*/true));
    switch (answer.progress) {
      case PythonTask::Progress::kRows: {
        if (answer.rows->num_rows() == 0) break;
        SLUICE_ASSIGN(const auto results, sides_[0]->FromWorker(answer.rows, results_));
        return WithKeys(results);
      }
      case PythonTask::Progress::kWantsInput:
        SLUICE_RETURN_IF_ERROR(SendNext());
        break;
      case PythonTask::Progress::kEnded:
        return nullptr;
    }
  }
}

}  // namespace sluice
