// SPDX-License-Identifier: Apache-2.0
#include "exec/row_groups.h"

#include <arrow/api.h>

#include <optional>
#include <string_view>

namespace sluice {

Result<std::unique_ptr<RowGroups>> RowGroups::Make(std::unique_ptr<Operator> input, const PythonRows* rows, int keys) {
  std::vector<std::shared_ptr<arrow::DataType>> types;
  for (int i = 0; i < keys; ++i) types.push_back(rows->schema()->field(i)->type());
  SLUICE_ASSIGN(KeyCodec codec, KeyCodec::Make(std::move(types)));
  return std::unique_ptr<RowGroups>(new RowGroups(std::move(input), rows, keys, std::move(codec)));
}

Result<bool> RowGroups::Read() {
  SLUICE_ASSIGN(const auto slice, input_->Next());
  slice_ = nullptr;
  at_ = 0;
  if (slice == nullptr) return false;
  SLUICE_ASSIGN(slice_, rows_->Evaluate(*slice));
  arrow::ArrayVector keys(slice_->columns().begin(), slice_->columns().begin() + keys_);
  SLUICE_RETURN_IF_ERROR(codec_.Encode(keys, slice_->num_rows(), &key_bytes_, &key_offsets_));
  return true;
}

Result<std::optional<RowGroups::Group>> RowGroups::Next() {
  std::optional<Group> group;
  for (;;) {
    if (slice_ == nullptr || at_ == slice_->num_rows()) {
      SLUICE_ASSIGN(const bool more, Read());
      if (!more) return group;
    }
    const auto key_of = [&](int64_t row) {
      const auto i = static_cast<size_t>(row);
      return std::string_view(reinterpret_cast<const char*>(key_bytes_.data()) + key_offsets_[i],
                              key_offsets_[i + 1] - key_offsets_[i]);
    };
    if (!group) group = Group{std::string(key_of(at_)), {}};
    int64_t end = at_;
    while (end < slice_->num_rows() && key_of(end) == group->key) ++end;
    if (end > at_) group->rows.push_back(slice_->Slice(at_, end - at_));
    at_ = end;
    if (end < slice_->num_rows()) return group;
  }
}

}  // namespace sluice
