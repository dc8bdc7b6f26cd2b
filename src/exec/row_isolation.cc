// SPDX-License-Identifier: Apache-2.0
#include "exec/row_isolation.h"

#include <algorithm>
#include <numeric>
#include <unordered_set>

#include "base/spark_error.h"
#include "exec/select_rows.h"

namespace sluice {
namespace {

// A user's error, of which a row may be the cause. The machine's errors are nobody's row.
const SparkErrorDetail* UserErrorOf(const Status& status) {
  const SparkErrorDetail* detail = FindSparkError(status);
  return detail != nullptr && detail->kind == ErrorKind::kUser ? detail : nullptr;
}

// An error that names no row is the query's when it comes without rows as well: a pattern that cannot be read, say.
// Else some row is the cause, and it is searched for.
bool IsOfARow(const Status& status, const arrow::RecordBatch& slice, const RowIsolation::Evaluate& evaluate) {
  const SparkErrorDetail* error = UserErrorOf(status);
  return error != nullptr && (error->row || evaluate(*slice.Slice(0, 0)).ok());
}

}  // namespace

int64_t RowIsolation::InputRow(int64_t row) const {
  if (all_kept_) return row;
  return row >= 0 && row < static_cast<int64_t>(kept_.size()) ? kept_[static_cast<size_t>(row)] : -1;
}

// The row that an error names is only a hint of where to look first: none is taken out that does not fail by itself.
// The others go on in halves, so that many bad rows cost a logarithm more than one.
Status RowIsolation::FindFailures(const std::shared_ptr<arrow::RecordBatch>& slice, const std::vector<int32_t>& rows,
                                  const Evaluate& evaluate, std::vector<Failure>* failures) const {
  if (rows.empty()) return Status::OK();
  SLUICE_ASSIGN(const auto part, SelectRows(slice, rows, pool_));
  const Status status = evaluate(*part);
  if (status.ok()) return status;
  const SparkErrorDetail* error = UserErrorOf(status);
  if (error == nullptr) return status;
  if (rows.size() == 1) {
    failures->emplace_back(rows[0], status);
    return Status::OK();
  }
  std::vector<int32_t> others = rows;
  if (error->row && *error->row >= 0 && *error->row < static_cast<int64_t>(rows.size())) {
    const int32_t named = rows[static_cast<size_t>(*error->row)];
    others.erase(others.begin() + *error->row);
    SLUICE_RETURN_IF_ERROR(FindFailures(slice, {named}, evaluate, failures));
  }
  const auto middle = others.begin() + static_cast<std::ptrdiff_t>(others.size() / 2);
  SLUICE_RETURN_IF_ERROR(FindFailures(slice, {others.begin(), middle}, evaluate, failures));
  return FindFailures(slice, {middle, others.end()}, evaluate, failures);
}

Result<std::vector<int32_t>> RowIsolation::SetAside(const Operator& input, std::vector<Failure> failures,
                                                    int64_t rows) {
  std::sort(failures.begin(), failures.end(), [](const Failure& a, const Failure& b) { return a.first < b.first; });
  std::unordered_set<int32_t> failed;
  std::unordered_set<int64_t> origins;
  for (const auto& [row, status] : failures) {
    failed.insert(row);
    const std::optional<int64_t> origin = input.OriginOf(row);
    if (origin && !origins.insert(*origin).second) continue;
    SLUICE_ASSIGN(const SourceRecord record, input.RecordOf(row));
    SLUICE_RETURN_IF_ERROR(bad_rows_->Add(record, status));
  }
  std::vector<int32_t> kept;
  kept.reserve(static_cast<size_t>(rows));
  for (int32_t row = 0; row < static_cast<int32_t>(rows); ++row) {
    const std::optional<int64_t> origin = input.OriginOf(row);
    if (!failed.contains(row) && !(origin && origins.contains(*origin))) kept.push_back(row);
  }
  return kept;
}

Status RowIsolation::Run(const Operator& input, std::shared_ptr<arrow::RecordBatch>* slice, const Evaluate& evaluate) {
  all_kept_ = true;
  const Status first = evaluate(**slice);
  if (first.ok()) return first;
  if (bad_rows_ == nullptr || !IsOfARow(first, **slice, evaluate)) return AtPlaceOf(input, first);
  std::vector<int32_t> rows(static_cast<size_t>((*slice)->num_rows()));
  std::iota(rows.begin(), rows.end(), 0);
  std::vector<Failure> failures;
  SLUICE_RETURN_IF_ERROR(FindFailures(*slice, rows, evaluate, &failures));
  SLUICE_ASSIGN(kept_, SetAside(input, std::move(failures), (*slice)->num_rows()));
  all_kept_ = false;
  SLUICE_ASSIGN(*slice, SelectRows(*slice, kept_, pool_));
  return kept_.empty() ? Status::OK() : evaluate(**slice);
}

}  // namespace sluice
