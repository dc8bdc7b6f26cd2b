// SPDX-License-Identifier: Apache-2.0
#include "exec/stateful/saved_groups.h"

#include <arrow/api.h>
#include <fmt/format.h>

#include <numeric>
#include <utility>

#include "base/spark_error.h"

namespace sluice {

Result<SavedGroups> SavedGroups::Make(const std::vector<AggregateCall>& calls, int64_t groups) {
  SavedGroups made;
  for (const AggregateCall& call : calls) {
    SLUICE_ASSIGN(auto accumulator, MakeAccumulator(call));
    auto* values = dynamic_cast<SavedValues*>(accumulator.get());
    if (values == nullptr) {
      return NotSupported(
          fmt::format("The aggregate {} cannot be kept in the state of a streaming query by Sluice.", call.name));
    }
    const arrow::FieldVector fields = values->SavedFields();
    made.saved_.push_back(values);
    made.widths_.push_back(fields.size());
    made.fields_.insert(made.fields_.end(), fields.begin(), fields.end());
    made.calls_.push_back(std::move(accumulator));
  }
  made.Resize(groups);
  return made;
}

void SavedGroups::Resize(int64_t groups) {
  groups_ = groups;
  for (const auto& call : calls_) call->Resize(groups);
}

Status SavedGroups::Add(const arrow::ArrayVector& saved, const std::vector<uint32_t>& ids) {
  size_t at = 0;
  for (size_t i = 0; i < calls_.size(); ++i) {
    const auto begin = saved.begin() + static_cast<std::ptrdiff_t>(at);
    at += widths_[i];
    SLUICE_RETURN_IF_ERROR(saved_[i]->MergeSaved({begin, begin + static_cast<std::ptrdiff_t>(widths_[i])}, ids.data(),
                                                 static_cast<int64_t>(ids.size())));
  }
  return Status::OK();
}

Status SavedGroups::Merge(const SavedGroups& other) {
  std::vector<uint32_t> same(static_cast<size_t>(other.groups_));
  std::iota(same.begin(), same.end(), 0);
  for (size_t i = 0; i < calls_.size(); ++i) SLUICE_RETURN_IF_ERROR(calls_[i]->Merge(*other.calls_[i], same.data()));
  return Status::OK();
}

Result<arrow::ArrayVector> SavedGroups::Save() const {
  arrow::ArrayVector columns;
  for (const SavedValues* call : saved_) {
    SLUICE_ASSIGN(const arrow::ArrayVector saved, call->Save());
    columns.insert(columns.end(), saved.begin(), saved.end());
  }
  return columns;
}

Result<arrow::ArrayVector> SavedGroups::Finish() {
  arrow::ArrayVector columns;
  for (const auto& call : calls_) {
    SLUICE_ASSIGN(auto values, call->Finish());
    columns.push_back(std::move(values));
  }
  return columns;
}

}  // namespace sluice
