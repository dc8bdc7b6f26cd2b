// SPDX-License-Identifier: Apache-2.0
#include "expr/functions/array_sort.h"

#include <algorithm>

#include "expr/compare_values.h"

namespace sluice {
namespace {

using ArrayPtr = std::shared_ptr<arrow::Array>;

// Two neighbouring runs of a row on their way into one.
struct Merge {
  size_t row;  // in Sorter::rows_
  size_t left;
  size_t middle;
  size_t right;
  size_t end;
  Rows merged;
};

// Merges runs of 1, 2, 4 .. elements of all rows in step, so that each call of the lambda compares many pairs.
class Sorter {
 public:
  Sorter(const KernelCall& call, Evaluation& evaluation)
      : call_(call), body_(evaluation, LambdaOf(call.node, 1)), entries_(ListEntries(*call.args[0])) {}

  Result<ArrayPtr> Run() {
    const int32_t* offsets = ListOffsets(*call_.args[0]);
    rows_.resize(static_cast<size_t>(call_.rows));
    size_t longest = 0;
    for (int64_t row = 0; row < call_.rows; ++row) {
      Rows& order = rows_[static_cast<size_t>(row)];
      for (int32_t i = offsets[row]; i < offsets[row + 1] && call_.args[0]->IsValid(row); ++i) order.push_back(i);
      longest = std::max(longest, order.size());
    }
    for (size_t run = 1; run < longest; run *= 2) SLUICE_RETURN_IF_ERROR(MergeRuns(run));
    ValidityWriter validity(call_.rows, PoolOf(call_.context));
    SLUICE_RETURN_IF_ERROR(validity.SetFrom({call_.args[0]}));
    return PickEntries(call_, entries_, &validity, [&](int64_t row, Rows* picked) {
      const Rows& order = rows_[static_cast<size_t>(row)];
      picked->insert(picked->end(), order.begin(), order.end());
      return Status::OK();
    });
  }

 private:
  Status MergeRuns(size_t run) {
    std::vector<Merge> merges;
    for (size_t row = 0; row < rows_.size(); ++row) {
      for (size_t begin = 0; begin + run < rows_[row].size(); begin += 2 * run) {
        merges.push_back({row, begin, begin + run, begin + run, std::min(begin + 2 * run, rows_[row].size()), {}});
      }
    }
    std::vector<Merge*> open;
    for (Merge& merge : merges) open.push_back(&merge);
    while (!open.empty()) SLUICE_RETURN_IF_ERROR(Step(&open));
    return Status::OK();
  }

  // One comparison in each open merge.
  Status Step(std::vector<Merge*>* open) {
    SLUICE_RETURN_IF_ERROR(call_.context.CheckCancelled());
    Rows left;
    Rows right;
    RowList parents;
    for (const Merge* merge : *open) {
      left.push_back(rows_[merge->row][merge->left]);
      right.push_back(rows_[merge->row][merge->right]);
      parents.push_back(static_cast<int64_t>(merge->row));
    }
    SLUICE_ASSIGN(auto lefts, TakeRows(entries_, left, PoolOf(call_.context)));
    SLUICE_ASSIGN(auto rights, TakeRows(entries_, right, PoolOf(call_.context)));
    SLUICE_ASSIGN(const auto orders, body_.Run({std::move(lefts), std::move(rights)}, parents));
    const ColumnReader<int32_t> values(*orders);
    size_t kept = 0;
    for (size_t i = 0; i < open->size(); ++i) {
      if (orders->IsNull(static_cast<int64_t>(i))) {
        return WithRow(UserError("COMPARATOR_RETURNS_NULL", "The lambda of array_sort gave NULL for two elements.",
                                 {{"firstValue", ""}, {"secondValue", ""}}),
                       parents[i]);
      }
      Merge* merge = (*open)[i];
      Rows& order = rows_[merge->row];
      size_t& taken = values[static_cast<int64_t>(i)] > 0 ? merge->right : merge->left;
      merge->merged.push_back(order[taken++]);
      if (merge->left < merge->middle && merge->right < merge->end) {
        (*open)[kept++] = merge;
        continue;
      }
      const size_t begin =
          merge->end - (merge->middle - merge->left) - (merge->end - merge->right) - merge->merged.size();
      while (merge->left < merge->middle) merge->merged.push_back(order[merge->left++]);
      while (merge->right < merge->end) merge->merged.push_back(order[merge->right++]);
      std::copy(merge->merged.begin(), merge->merged.end(), order.begin() + static_cast<std::ptrdiff_t>(begin));
    }
    open->resize(kept);
    return Status::OK();
  }

  const KernelCall& call_;
  LambdaBody body_;
  ArrayPtr entries_;
  std::vector<Rows> rows_;  // of entries, in runs that are in order
};

}  // namespace

Result<ArrayPtr> SortAscending(const KernelCall& call) {
  ValidityWriter validity(call.rows, PoolOf(call.context));
  SLUICE_RETURN_IF_ERROR(validity.SetFrom(call.args));
  const auto entries = ListEntries(*call.args[0]);
  const int32_t* offsets = ListOffsets(*call.args[0]);
  return PickEntries(call, entries, &validity, [&](int64_t row, Rows* rows) {
    const auto begin = static_cast<std::ptrdiff_t>(rows->size());
    for (int32_t i = offsets[row]; i < offsets[row + 1]; ++i) rows->push_back(i);
    std::stable_sort(rows->begin() + begin, rows->end(), [&](int64_t a, int64_t b) {
      if (entries->IsNull(a) || entries->IsNull(b)) return entries->IsValid(a) && entries->IsNull(b);
      return CompareAt(*entries, a, *entries, b) < 0;
    });
    return Status::OK();
  });
}

std::string DisplayAscending(const FunctionExpr& node) {
  return "array_sort(" + node.children()[0]->ToString() +
         ", lambdafunction((IF(((namedlambdavariable() IS NULL) AND (namedlambdavariable() IS NULL)), 0, "
         "(IF((namedlambdavariable() IS NULL), 1, (IF((namedlambdavariable() IS NULL), -1, "
         "(IF((namedlambdavariable() < namedlambdavariable()), -1, "
         "(IF((namedlambdavariable() > namedlambdavariable()), 1, 0)))))))))), "
         "namedlambdavariable(), namedlambdavariable()))";
}

Result<ArrayPtr> SortByLambda(const KernelCall& call, Evaluation& evaluation) {
  return Sorter(call, evaluation).Run();
}

}  // namespace sluice
