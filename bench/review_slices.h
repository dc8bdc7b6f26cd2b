// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <arrow/api.h>
#include <arrow/util/binary_view_util.h>

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "review_lines.h"
#include "types/spark_type.h"

namespace bench {

constexpr int64_t kSliceRows = 1024;
constexpr int kReviewStrings = 15;

/// Fifteen string columns and a timestamp.
inline std::shared_ptr<arrow::Schema> ReviewSchema() {
  static constexpr const char* kNames[] = {
      "marketplace",   "customer_id",       "review_id",       "product_id",    "product_parent",
      "product_title", "product_category",  "star_rating",     "helpful_votes", "total_votes",
      "vine",          "verified_purchase", "review_headline", "review_body",   "purchase_date"};
  arrow::FieldVector fields;
  for (const char* name : kNames) fields.push_back(arrow::field(name, sluice::StringType()));
  fields.push_back(arrow::field("review_timestamp", sluice::TimestampType(), false));
  return arrow::schema(fields);
}

/// Reviews `first` to `first + kSliceRows` as views into one buffer of lines, as the split leaves them.
inline std::shared_ptr<arrow::RecordBatch> ReviewSlice(int64_t first, int64_t now_us,
                                                       const std::shared_ptr<arrow::Schema>& schema) {
  std::string lines;
  std::vector<std::vector<std::pair<size_t, size_t>>> cells(kReviewStrings);
  for (int64_t row = 0; row < kSliceRows; ++row) {
    size_t start = lines.size();
    AppendReview(static_cast<uint64_t>(first + row), &lines);
    for (int column = 0; column < kReviewStrings; ++column) {
      const size_t end = std::min(lines.find('\t', start), lines.size());
      cells[column].emplace_back(start, end - start);
      start = end + 1;
    }
  }
  const std::shared_ptr<arrow::Buffer> data = arrow::Buffer::FromString(std::move(lines));
  arrow::ArrayVector columns;
  for (const auto& column : cells) {
    arrow::BufferVector buffers;
    auto views = *arrow::AllocateBuffer(kSliceRows * 16);
    auto* out = reinterpret_cast<arrow::BinaryViewType::c_type*>(views->mutable_data());
    for (const auto& [offset, size] : column) {
      const auto* bytes = data->data() + offset;
      *out++ =
          size <= arrow::BinaryViewType::kInlineSize
              ? arrow::util::ToInlineBinaryView(bytes, static_cast<int32_t>(size))
              : arrow::util::ToNonInlineBinaryView(bytes, static_cast<int32_t>(size), 0, static_cast<int32_t>(offset));
    }
    columns.push_back(arrow::MakeArray(arrow::ArrayData::Make(
        sluice::StringType(), kSliceRows, {nullptr, std::shared_ptr<arrow::Buffer>(std::move(views)), data}, 0)));
  }
  arrow::TimestampBuilder times(sluice::TimestampType(), arrow::default_memory_pool());
  (void)times.AppendValues(std::vector<int64_t>(kSliceRows, now_us));
  columns.push_back(*times.Finish());
  return arrow::RecordBatch::Make(schema, kSliceRows, std::move(columns));
}

}  // namespace bench
