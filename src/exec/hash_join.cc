// SPDX-License-Identifier: Apache-2.0
#include "exec/hash_join.h"

#include <arrow/api.h>

#include <numeric>
#include <utility>

#include "base/spark_error.h"
#include "exec/select_rows.h"
#include "expr/column_io.h"
#include "plan/rewrite.h"

namespace sluice {
namespace {

constexpr size_t kSliceRows = 8192;

bool KeepsLeft(JoinType type) {
  return type == JoinType::kLeft || type == JoinType::kFull || type == JoinType::kLeftSingle;
}

bool KeepsRight(JoinType type) {
  return type == JoinType::kRight || type == JoinType::kFull;
}

bool GivesPairs(JoinType type) {
  return !GivesLeftOnly(type);
}

Result<arrow::ArrayVector> Nulls(const arrow::Schema& schema, int begin, int end, int64_t rows,
                                 const EvalContext& context) {
  arrow::ArrayVector columns;
  for (int i = begin; i < end; ++i) {
    SLUICE_ASSIGN(auto column, arrow::MakeArrayOfNull(schema.field(i)->type(), rows, PoolOf(context)));
    columns.push_back(std::move(column));
  }
  return columns;
}

}  // namespace

JoinSpec JoinSpecOf(const PlanNode& node) {
  const arrow::Schema& right = *node.inputs.at(1)->schema;
  std::vector<ExprPtr> over_right(static_cast<size_t>(node.inputs.at(0)->schema->num_fields()));
  for (int i = 0; i < right.num_fields(); ++i) {
    const auto& field = *right.field(i);
    over_right.push_back(std::make_shared<ColumnExpr>(i, field.name(), field.type(), field.nullable()));
  }
  const auto& join = node.Get<plan::Join>();
  JoinSpec spec{join.type, {}, {}, join.conditions, node.schema};
  for (const JoinKey& key : join.keys) {
    spec.left_keys.exprs.push_back(key.left);
    spec.left_keys.null_safe.push_back(key.null_safe);
    spec.right_keys.exprs.push_back(SubstituteColumns(key.right, over_right));
    spec.right_keys.null_safe.push_back(key.null_safe);
  }
  return spec;
}

HashJoinOperator::HashJoinOperator(JoinSpec spec, std::unique_ptr<Operator> left, std::unique_ptr<Operator> right,
                                   EvalContext context, MemoryBudget* budget)
    : spec_(std::move(spec)),
      left_(std::move(left)),
      right_(std::move(right)),
      context_(std::move(context)),
      budget_(budget) {}

HashJoinOperator::HashJoinOperator(JoinSpec spec, std::unique_ptr<Operator> left,
                                   std::shared_ptr<const JoinTable> right, EvalContext context, bool keeps_together)
    : spec_(std::move(spec)),
      left_(std::move(left)),
      context_(std::move(context)),
      budget_(nullptr),
      keeps_together_(keeps_together),
      table_(std::move(right)) {}

void HashJoinOperator::Cancel() {
  left_->Cancel();
  if (right_ != nullptr) right_->Cancel();
}

Status HashJoinOperator::Begin(BatchPtr slice) {
  slice_ = std::move(slice);
  const auto keys = spec_.left_keys.Of(*slice_, context_, &usable_);
  if (!keys.ok()) return AtPlaceOf(*left_, keys.status());
  SLUICE_RETURN_IF_ERROR(table_->Find(*keys, usable_, &first_));
  matched_.assign(static_cast<size_t>(slice_->num_rows()), false);
  row_ = 0;
  chain_ = JoinTable::kNone;
  rest_given_ = false;
  return Status::OK();
}

// Rows without a partner come behind the pairs. Where they must stay with those of the same origin, a slice of the left
// rows becomes one slice.
bool HashJoinOperator::IsFull(const Pairs& pairs) const {
  if (pairs.left.size() < kSliceRows) return false;
  if (!keeps_together_) return true;
  if (KeepsLeft(spec_.type) || pairs.left.back() == row_) return false;
  const std::optional<int64_t> next = left_->OriginOf(row_);
  return !next || next != left_->OriginOf(pairs.left.back());
}

HashJoinOperator::Pairs HashJoinOperator::NextPairs() {
  Pairs pairs;
  while (row_ < slice_->num_rows() && !IsFull(pairs)) {
    if (chain_ == JoinTable::kNone) chain_ = first_[static_cast<size_t>(row_)];
    // Of a semi or anti join one partner decides.
    if (!GivesPairs(spec_.type) && matched_[static_cast<size_t>(row_)]) chain_ = JoinTable::kNone;
    if (!GivesPairs(spec_.type) && spec_.conditions.empty() && chain_ != JoinTable::kNone) {
      pairs.left.push_back(static_cast<int32_t>(row_++));
      pairs.right.push_back(std::exchange(chain_, JoinTable::kNone));
      continue;
    }
    while (chain_ != JoinTable::kNone && !IsFull(pairs)) {
      pairs.left.push_back(static_cast<int32_t>(row_));
      pairs.right.push_back(chain_);
      chain_ = table_->Next(chain_);
    }
    if (chain_ == JoinTable::kNone) ++row_;
  }
  return pairs;
}

Result<HashJoinOperator::BatchPtr> HashJoinOperator::Joined(const Pairs& pairs) const {
  SLUICE_ASSIGN(const BatchPtr left, SelectRows(slice_, pairs.left, context_.pool));
  SLUICE_ASSIGN(const BatchPtr right, SelectRows(table_->rows(), pairs.right, context_.pool));
  arrow::ArrayVector columns = left->columns();
  columns.insert(columns.end(), right->columns().begin(), right->columns().end());
  arrow::FieldVector fields = left->schema()->fields();
  fields.insert(fields.end(), right->schema()->fields().begin(), right->schema()->fields().end());
  const auto rows = static_cast<int64_t>(pairs.left.size());
  return arrow::RecordBatch::Make(arrow::schema(std::move(fields)), rows, std::move(columns));
}

Status HashJoinOperator::KeepTrue(Pairs* pairs) const {
  for (const ExprPtr& condition : spec_.conditions) {
    if (pairs->left.empty()) break;
    SLUICE_ASSIGN(const BatchPtr rows, Joined(*pairs));
    SLUICE_ASSIGN(const auto holds, Evaluation(*rows, context_).Eval(condition));
    SLUICE_ASSIGN(const std::vector<int32_t> kept, RowsThatAreTrue(*holds));
    Pairs left;
    for (const int32_t pair : kept) {
      left.left.push_back(pairs->left[static_cast<size_t>(pair)]);
      left.right.push_back(pairs->right[static_cast<size_t>(pair)]);
    }
    *pairs = std::move(left);
  }
  return Status::OK();
}

Status HashJoinOperator::NoteMatches(const Pairs& pairs) {
  for (const int32_t row : pairs.left) {
    if (spec_.type == JoinType::kLeftSingle && matched_[static_cast<size_t>(row)]) {
      return UserError("SCALAR_SUBQUERY_TOO_MANY_ROWS",
                       "A subquery that stands for one value returned more than one row.");
    }
    matched_[static_cast<size_t>(row)] = true;
  }
  if (!met_.empty()) {
    for (const int32_t row : pairs.right) met_[static_cast<size_t>(row)] = true;
  }
  return Status::OK();
}

// NOT IN is unknown, not true, where either side is NULL and there is anything on the right.
void HashJoinOperator::RuleOutNulls() {
  if (spec_.type != JoinType::kLeftAntiNullAware || table_->rows()->num_rows() == 0) return;
  for (size_t i = 0; i < matched_.size(); ++i) {
    if (table_->has_unusable() || !usable_[i]) matched_[i] = true;
  }
}

Result<HashJoinOperator::BatchPtr> HashJoinOperator::WithExistence() const {
  arrow::BooleanBuilder exists(PoolOf(context_));
  SLUICE_RETURN_IF_ERROR(exists.AppendValues(matched_));
  SLUICE_ASSIGN(auto column, exists.Finish());
  arrow::ArrayVector columns = slice_->columns();
  columns.push_back(std::move(column));
  return arrow::RecordBatch::Make(spec_.schema, slice_->num_rows(), std::move(columns));
}

Result<HashJoinOperator::BatchPtr> HashJoinOperator::Rest() {
  if (spec_.type == JoinType::kExistence) {
    given_.resize(matched_.size());
    std::iota(given_.begin(), given_.end(), 0);
    return WithExistence();
  }
  const bool wanted = spec_.type == JoinType::kLeftSemi;  // those with a partner, or those without
  std::vector<int32_t> rows;
  if (!GivesPairs(spec_.type) || KeepsLeft(spec_.type)) {
    for (size_t i = 0; i < matched_.size(); ++i) {
      if (matched_[i] == wanted) rows.push_back(static_cast<int32_t>(i));
    }
  }
  if (rows.empty()) return nullptr;
  SLUICE_ASSIGN(const BatchPtr left, SelectRows(slice_, rows, context_.pool));
  const auto count = static_cast<int64_t>(rows.size());
  arrow::ArrayVector columns = left->columns();
  SLUICE_ASSIGN(const auto nulls,
                Nulls(*spec_.schema, left->num_columns(), spec_.schema->num_fields(), count, context_));
  columns.insert(columns.end(), nulls.begin(), nulls.end());
  given_ = std::move(rows);
  return arrow::RecordBatch::Make(spec_.schema, count, std::move(columns));
}

Result<HashJoinOperator::BatchPtr> HashJoinOperator::RightAlone() {
  given_.clear();
  if (!KeepsRight(spec_.type)) return nullptr;
  std::vector<int32_t> rows;
  for (; alone_ < table_->rows()->num_rows() && rows.size() < kSliceRows; ++alone_) {
    if (!met_[static_cast<size_t>(alone_)]) rows.push_back(static_cast<int32_t>(alone_));
  }
  if (rows.empty()) return nullptr;
  SLUICE_ASSIGN(const BatchPtr right, SelectRows(table_->rows(), rows, context_.pool));
  const auto count = static_cast<int64_t>(rows.size());
  const int width = spec_.schema->num_fields() - right->num_columns();
  SLUICE_ASSIGN(arrow::ArrayVector columns, Nulls(*spec_.schema, 0, width, count, context_));
  columns.insert(columns.end(), right->columns().begin(), right->columns().end());
  return arrow::RecordBatch::Make(spec_.schema, count, std::move(columns));
}

Result<std::shared_ptr<arrow::RecordBatch>> HashJoinOperator::Next() {
  if (table_ == nullptr) {
    SLUICE_ASSIGN(table_, JoinTable::Read(right_.get(), spec_.right_keys, context_, budget_));
  }
  if (KeepsRight(spec_.type)) met_.resize(static_cast<size_t>(table_->rows()->num_rows()), false);
  for (;;) {
    if (slice_ == nullptr) {
      BatchPtr slice;
      if (!left_ended_) {
        SLUICE_ASSIGN(slice, left_->Next());
      }
      left_ended_ = slice == nullptr;
      if (left_ended_) return RightAlone();
      SLUICE_RETURN_IF_ERROR(Begin(std::move(slice)));
    }
    SLUICE_ASSIGN(BatchPtr given, NextOfSlice());
    if (given != nullptr) return given;
    slice_ = nullptr;
  }
}

// The next rows that come of the left slice; null: no more.
Result<HashJoinOperator::BatchPtr> HashJoinOperator::NextOfSlice() {
  BatchPtr paired;
  while (row_ < slice_->num_rows()) {
    SLUICE_RETURN_IF_ERROR(context_.CheckCancelled());
    Pairs pairs = NextPairs();
    SLUICE_RETURN_IF_ERROR(KeepTrue(&pairs));
    SLUICE_RETURN_IF_ERROR(NoteMatches(pairs));
    if (!GivesPairs(spec_.type) || pairs.left.empty()) continue;
    SLUICE_ASSIGN(const BatchPtr joined, Joined(pairs));
    paired = arrow::RecordBatch::Make(spec_.schema, joined->num_rows(), joined->columns());
    given_ = std::move(pairs.left);
    if (!keeps_together_ || !KeepsLeft(spec_.type)) return paired;
  }
  if (rest_given_) return paired;
  rest_given_ = true;
  RuleOutNulls();
  std::vector<int32_t> given = std::exchange(given_, {});
  SLUICE_ASSIGN(BatchPtr rest, Rest());
  if (paired == nullptr) return rest;
  given_.insert(given_.begin(), given.begin(), given.end());
  if (rest == nullptr) return paired;
  SLUICE_ASSIGN(auto both, arrow::ConcatenateRecordBatches({paired, rest}, PoolOf(context_)));
  return both;
}

int64_t HashJoinOperator::LeftRow(int64_t row) const {
  return row >= 0 && row < static_cast<int64_t>(given_.size()) ? given_[static_cast<size_t>(row)] : -1;
}

std::string HashJoinOperator::PlaceOf(int64_t row) const {
  const int64_t left = LeftRow(row);
  return left < 0 ? std::string() : left_->PlaceOf(left);
}

Result<SourceRecord> HashJoinOperator::RecordOf(int64_t row) const {
  const int64_t left = LeftRow(row);
  if (left < 0) return SourceRecord{};
  return left_->RecordOf(left);
}

std::optional<int64_t> HashJoinOperator::OriginOf(int64_t row) const {
  const int64_t left = LeftRow(row);
  return left < 0 ? std::nullopt : left_->OriginOf(left);
}

}  // namespace sluice
