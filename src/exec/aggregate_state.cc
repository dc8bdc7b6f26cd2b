// SPDX-License-Identifier: Apache-2.0
#include "exec/aggregate_state.h"

#include <arrow/api.h>

#include <algorithm>
#include <cstring>
#include <utility>

#include "base/spark_error.h"
#include "exec/select_rows.h"

namespace sluice {
namespace {

constexpr int64_t kMergeRows = 8192;
constexpr int64_t kAccumulatorBytes = 32;  // about what the running value of one group takes

std::vector<std::shared_ptr<arrow::DataType>> TypesOf(const std::vector<ExprPtr>& exprs) {
  std::vector<std::shared_ptr<arrow::DataType>> types;
  for (const ExprPtr& expr : exprs) types.push_back(expr->type());
  return types;
}

Result<arrow::ArrayVector> EvalAll(Evaluation& evaluation, const std::vector<ExprPtr>& exprs) {
  arrow::ArrayVector columns;
  columns.reserve(exprs.size());
  for (const ExprPtr& expr : exprs) {
    SLUICE_ASSIGN(auto column, evaluation.Eval(expr));
    columns.push_back(std::move(column));
  }
  return columns;
}

// Group numbers as a key column of a table of distinct (group, arguments); shares `ids`.
std::shared_ptr<arrow::Array> IdColumn(const std::vector<uint32_t>& ids) {
  return std::make_shared<arrow::Int32Array>(static_cast<int64_t>(ids.size()), arrow::Buffer::Wrap(ids));
}

arrow::ArrayVector WithIds(const std::vector<uint32_t>& ids, arrow::ArrayVector args) {
  args.insert(args.begin(), IdColumn(ids));
  return args;
}

}  // namespace

Result<std::unique_ptr<AggregateState>> AggregateState::Make(const AggregateSpec& spec) {
  SLUICE_ASSIGN(GroupTable groups, GroupTable::Make(TypesOf(spec.keys)));
  std::unique_ptr<AggregateState> state(new AggregateState(spec, std::move(groups)));
  for (const AggregateCall& call : spec.calls) {
    Running running;
    SLUICE_ASSIGN(running.accumulator, MakeAccumulator(call));
    if (call.distinct) {
      auto types = TypesOf(call.args);
      if (state->grouped()) types.insert(types.begin(), arrow::int32());
      SLUICE_ASSIGN(running.distinct, GroupTable::Make(std::move(types)));
    }
    state->running_.push_back(std::move(running));
  }
  SLUICE_RETURN_IF_ERROR(state->ResizeAll());
  return state;
}

Status AggregateState::ResizeAll() {
  for (Running& running : running_) {
    if (!running.distinct) running.accumulator->Resize(groups_.groups());
  }
  return Status::OK();
}

Status AggregateState::CoverMemory() {
  int64_t bytes = groups_.bytes();
  for (const Running& running : running_) {
    bytes += groups_.groups() * kAccumulatorBytes + (running.distinct ? running.distinct->bytes() : 0);
  }
  return memory_.Cover(bytes);
}

Status AggregateState::Add(const std::shared_ptr<arrow::RecordBatch>& slice) {
  Evaluation evaluation(*slice, spec_.context);
  SLUICE_ASSIGN(const auto keys, EvalAll(evaluation, spec_.keys));
  SLUICE_RETURN_IF_ERROR(groups_.Map(keys, slice->num_rows(), &ids_));
  SLUICE_RETURN_IF_ERROR(ResizeAll());
  for (size_t call = 0; call < running_.size(); ++call) {
    SLUICE_RETURN_IF_ERROR(spec_.calls[call].filter ? AddFiltered(call, evaluation, slice, ids_)
                                                    : AddCall(call, evaluation, ids_));
  }
  return CoverMemory();
}

Status AggregateState::AddCall(size_t call, Evaluation& evaluation, const std::vector<uint32_t>& ids) {
  Running& running = running_[call];
  const auto rows = static_cast<int64_t>(ids.size());
  SLUICE_ASSIGN(auto args, EvalAll(evaluation, spec_.calls[call].args));
  if (!running.distinct) return running.accumulator->Update(args, ids.data(), rows);
  return running.distinct->Map(grouped() ? WithIds(ids, std::move(args)) : args, rows, &distinct_ids_);
}

// The arguments are evaluated for the rows that pass FILTER (WHERE ..) only: the others cannot fail.
Status AggregateState::AddFiltered(size_t call, Evaluation& evaluation,
                                   const std::shared_ptr<arrow::RecordBatch>& slice, const std::vector<uint32_t>& ids) {
  SLUICE_ASSIGN(const auto condition, evaluation.Eval(spec_.calls[call].filter));
  SLUICE_ASSIGN(const std::vector<int32_t> rows, RowsThatAreTrue(*condition));
  if (rows.empty()) return Status::OK();
  SLUICE_ASSIGN(const auto selected, SelectRows(slice, rows, spec_.context.pool));
  std::vector<uint32_t> selected_ids(rows.size());
  for (size_t i = 0; i < rows.size(); ++i) selected_ids[i] = ids[static_cast<size_t>(rows[i])];
  Evaluation selected_evaluation(*selected, spec_.context);
  const Status status = AddCall(call, selected_evaluation, selected_ids);
  const SparkErrorDetail* detail = FindSparkError(status);
  if (detail == nullptr || !detail->row) return status;
  return WithRow(status, rows[static_cast<size_t>(*detail->row)]);
}

Status AggregateState::Merge(const AggregateState& other) {
  std::vector<uint32_t> mapping;
  SLUICE_RETURN_IF_ERROR(groups_.Merge(other.groups_, &mapping));
  SLUICE_RETURN_IF_ERROR(ResizeAll());
  for (size_t i = 0; i < running_.size(); ++i) {
    if (running_[i].distinct) {
      SLUICE_RETURN_IF_ERROR(MergeDistinct(*other.running_[i].distinct, mapping, &*running_[i].distinct));
    } else {
      SLUICE_RETURN_IF_ERROR(running_[i].accumulator->Merge(*other.running_[i].accumulator, mapping.data()));
    }
  }
  return CoverMemory();
}

Status AggregateState::MergeDistinct(const GroupTable& other, const std::vector<uint32_t>& mapping, GroupTable* mine) {
  if (!grouped()) return mine->Merge(other, &distinct_ids_);
  for (int64_t begin = 0; begin < other.groups(); begin += kMergeRows) {
    const int64_t count = std::min(kMergeRows, other.groups() - begin);
    SLUICE_ASSIGN(auto rows, other.Keys(begin, count, spec_.context.pool));
    const auto& groups = static_cast<const arrow::Int32Array&>(*rows[0]);
    ids_.resize(static_cast<size_t>(count));
    for (int64_t i = 0; i < count; ++i) ids_[static_cast<size_t>(i)] = mapping[static_cast<uint32_t>(groups.Value(i))];
    rows[0] = IdColumn(ids_);
    SLUICE_RETURN_IF_ERROR(mine->Map(rows, count, &distinct_ids_));
  }
  return Status::OK();
}

Status AggregateState::CountDistinct(size_t call) {
  Running& running = running_[call];
  running.accumulator->Resize(groups_.groups());
  for (int64_t begin = 0; begin < running.distinct->groups(); begin += kMergeRows) {
    const int64_t count = std::min(kMergeRows, running.distinct->groups() - begin);
    SLUICE_ASSIGN(auto args, running.distinct->Keys(begin, count, spec_.context.pool));
    ids_.assign(static_cast<size_t>(count), 0);
    if (grouped()) {
      std::memcpy(ids_.data(), static_cast<const arrow::Int32Array&>(*args[0]).raw_values(),
                  ids_.size() * sizeof(uint32_t));
      args.erase(args.begin());
    }
    SLUICE_RETURN_IF_ERROR(running.accumulator->Update(args, ids_.data(), count));
  }
  running.distinct.reset();
  return Status::OK();
}

Result<std::shared_ptr<arrow::RecordBatch>> AggregateState::Finish() {
  SLUICE_ASSIGN(arrow::ArrayVector columns, groups_.Keys(0, groups_.groups(), spec_.context.pool));
  for (size_t i = 0; i < running_.size(); ++i) {
    if (running_[i].distinct) SLUICE_RETURN_IF_ERROR(CountDistinct(i));
    SLUICE_ASSIGN(auto column, running_[i].accumulator->Finish());
    columns.push_back(std::move(column));
  }
  return arrow::RecordBatch::Make(spec_.schema, groups_.groups(), std::move(columns));
}

}  // namespace sluice
