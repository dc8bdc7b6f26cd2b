// SPDX-License-Identifier: Apache-2.0
#include "exec/aggregate_state.h"

#include <arrow/api.h>

#include <algorithm>
#include <cstring>
#include <utility>

#include "base/spark_error.h"
#include "exec/select_rows.h"
#include "expr/held_bytes.h"
#include "expr/saved_values.h"

namespace sluice {
namespace {

constexpr int64_t kMergeRows = 8192;
constexpr int64_t kAccumulatorBytes = 32;  // about what the running value of one group takes

std::vector<std::shared_ptr<arrow::DataType>> TypesOf(const std::vector<ExprPtr>& exprs) {
  std::vector<std::shared_ptr<arrow::DataType>> types;
  for (const ExprPtr& expr : exprs) types.push_back(expr->type());
  return types;
}

// Group numbers as a key column of a table of distinct (group, arguments); shares `ids`.
std::shared_ptr<arrow::Array> IdColumn(const std::vector<uint32_t>& ids) {
  return std::make_shared<arrow::Int32Array>(static_cast<int64_t>(ids.size()), arrow::Buffer::Wrap(ids));
}

int64_t HeldBytes(const Accumulator& accumulator) {
  const auto* holds = dynamic_cast<const HoldsBytes*>(&accumulator);
  return holds == nullptr ? 0 : holds->held_bytes();
}

// An error of a selected row, told of the row that it was selected from.
Status AtRowOf(const Status& status, const std::vector<int32_t>& rows) {
  const SparkErrorDetail* detail = FindSparkError(status);
  if (detail == nullptr || !detail->row) return status;
  return WithRow(status, rows[static_cast<size_t>(*detail->row)]);
}

arrow::ArrayVector WithIds(const std::vector<uint32_t>& ids, arrow::ArrayVector args) {
  args.insert(args.begin(), IdColumn(ids));
  return args;
}

}  // namespace

Result<std::unique_ptr<AggregateState>> AggregateState::Make(const AggregateSpec& spec, const HashRange& range,
                                                             int sorted_bits) {
  SLUICE_ASSIGN(GroupTable groups, GroupTable::Make(TypesOf(spec.keys)));
  std::unique_ptr<AggregateState> state(new AggregateState(spec, range, sorted_bits, std::move(groups)));
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

// What is held, or (at most) while so many rows more are taken in.
int64_t AggregateState::bytes(int64_t more_rows) const {
  const auto of = [more_rows](const GroupTable& table) {
    return more_rows > 0 ? table.BytesWhileAdding(more_rows) : table.bytes();
  };
  int64_t bytes = of(groups_);
  for (const Running& running : running_) {
    bytes += groups_.groups() * kAccumulatorBytes + HeldBytes(*running.accumulator);
    bytes += running.distinct ? of(*running.distinct) : 0;
  }
  return bytes;
}

Status AggregateState::CoverMemory() {
  return memory_.Cover(bytes());
}

// The columns are not larger than the table of the groups, which holds hashes and slots too, and than the values that
// aggregates have collected.
Status AggregateState::CoverResult() {
  int64_t collected = 0;
  for (const Running& running : running_) collected += HeldBytes(*running.accumulator);
  return grouped() || collected > 0 ? memory_.Cover(bytes() + groups_.bytes() + collected) : Status::OK();
}

Status AggregateState::Add(const std::shared_ptr<arrow::RecordBatch>& slice) {
  // Hashes are even: about so many rows are of the range.
  SLUICE_RETURN_IF_ERROR(memory_.Cover(bytes((slice->num_rows() >> other_bits_) + 1)));
  Evaluation evaluation(*slice, spec_.context);
  SLUICE_ASSIGN(const auto keys, evaluation.EvalAll(spec_.keys));
  SLUICE_RETURN_IF_ERROR(groups_.Map(keys, slice->num_rows(), &ids_, range_));
  SLUICE_RETURN_IF_ERROR(ResizeAll());
  SLUICE_RETURN_IF_ERROR(grouped() && !range_.is_all() ? AddInRange(slice) : AddCalls(evaluation, slice));
  return CoverMemory();
}

// The rows whose group is in the range; ids_ are of all.
Status AggregateState::AddInRange(const std::shared_ptr<arrow::RecordBatch>& slice) {
  std::vector<int32_t> rows;
  for (size_t row = 0; row < ids_.size(); ++row) {
    if (ids_[row] == KeyTable::kOutside) continue;
    ids_[rows.size()] = ids_[row];
    rows.push_back(static_cast<int32_t>(row));
  }
  ids_.resize(rows.size());
  if (rows.empty()) return Status::OK();
  SLUICE_ASSIGN(const auto selected, SelectRows(slice, rows, spec_.context.pool));
  Evaluation evaluation(*selected, spec_.context);
  return AtRowOf(AddCalls(evaluation, selected), rows);
}

Status AggregateState::AddCalls(Evaluation& evaluation, const std::shared_ptr<arrow::RecordBatch>& slice) {
  for (size_t call = 0; call < running_.size(); ++call) {
    const bool of_first_range = !grouped() && !running_[call].distinct;
    if (of_first_range && range_.prefix != 0) continue;
    SLUICE_RETURN_IF_ERROR(spec_.calls[call].filter ? AddFiltered(call, evaluation, slice, ids_)
                                                    : AddCall(call, evaluation, ids_));
  }
  return Status::OK();
}

Status AggregateState::AddCall(size_t call, Evaluation& evaluation, const std::vector<uint32_t>& ids) {
  Running& running = running_[call];
  const auto rows = static_cast<int64_t>(ids.size());
  SLUICE_ASSIGN(auto args, evaluation.EvalAll(spec_.calls[call].args));
  if (!running.distinct) return running.accumulator->Update(args, ids.data(), rows);
  if (grouped()) return running.distinct->Map(WithIds(ids, std::move(args)), rows, &distinct_ids_);
  return running.distinct->Map(args, rows, &distinct_ids_, range_);
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
  return AtRowOf(AddCall(call, selected_evaluation, selected_ids), rows);
}

Status AggregateState::Merge(const AggregateState& other) {
  SLUICE_RETURN_IF_ERROR(memory_.Cover(bytes(std::max<int64_t>(other.most_keys(), 1))));
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
    if (HeldBytes(*running.accumulator) > 0) SLUICE_RETURN_IF_ERROR(CoverMemory());
  }
  running.distinct.reset();
  return Status::OK();
}

int64_t AggregateState::most_keys() const {
  int64_t most = groups_.groups();
  for (const Running& running : running_) most = std::max(most, running.distinct ? running.distinct->groups() : 0);
  return most;
}

int64_t AggregateState::divisible() const {
  int64_t most = grouped() ? groups_.groups() : 0;
  for (const Running& running : running_) {
    if (!grouped() && running.distinct) most = std::max(most, running.distinct->groups());
  }
  return most;
}

Status AggregateState::CountDistincts() {
  for (size_t i = 0; i < running_.size(); ++i) {
    if (running_[i].distinct) SLUICE_RETURN_IF_ERROR(CountDistinct(i));
  }
  if (grouped()) return Status::OK();  // Finish follows, for which all is covered
  memory_.Release();
  return CoverMemory();
}

Status AggregateState::AddRange(const AggregateState& other) {
  const uint32_t only_group = 0;
  for (size_t i = 0; i < running_.size(); ++i) {
    SLUICE_RETURN_IF_ERROR(running_[i].accumulator->Merge(*other.running_[i].accumulator, &only_group));
  }
  return Status::OK();
}

Result<std::shared_ptr<arrow::RecordBatch>> AggregateState::Finish() {
  SLUICE_RETURN_IF_ERROR(CountDistincts());
  SLUICE_ASSIGN(arrow::ArrayVector columns, groups_.Keys(0, groups_.groups(), spec_.context.pool));
  for (const Running& running : running_) {
    SLUICE_ASSIGN(auto column, running.accumulator->Finish());
    columns.push_back(std::move(column));
  }
  return arrow::RecordBatch::Make(spec_.schema, groups_.groups(), std::move(columns));
}

Result<std::shared_ptr<arrow::RecordBatch>> AggregateState::Save() {
  SLUICE_ASSIGN(arrow::ArrayVector columns, groups_.Keys(0, groups_.groups(), spec_.context.pool));
  arrow::FieldVector fields;
  for (size_t i = 0; i < spec_.keys.size(); ++i) fields.push_back(spec_.schema->field(static_cast<int>(i)));
  for (const Running& running : running_) {
    const auto* values = dynamic_cast<const SavedValues*>(running.accumulator.get());
    if (values == nullptr || running.distinct) return InternalError("an aggregate that cannot be saved was to be");
    SLUICE_ASSIGN(const arrow::ArrayVector saved, values->Save());
    for (const auto& field : values->SavedFields()) fields.push_back(field);
    columns.insert(columns.end(), saved.begin(), saved.end());
  }
  return arrow::RecordBatch::Make(arrow::schema(std::move(fields)), groups_.groups(), std::move(columns));
}

}  // namespace sluice
