// SPDX-License-Identifier: Apache-2.0
// Casts of ARRAY, MAP and STRUCT: value by value inside.
#include <arrow/api.h>
#include <fmt/format.h>

#include <algorithm>

#include "expr/cast.h"
#include "types/spark_type.h"

namespace sluice {
namespace {

// An error inside a list names the row of the list.
Status AtListRow(const Status& status, const int32_t* offsets, int64_t rows) {
  const SparkErrorDetail* detail = FindSparkError(status);
  if (detail == nullptr || !detail->row) return status;
  const int32_t* next = std::upper_bound(offsets, offsets + rows + 1, offsets[0] + static_cast<int32_t>(*detail->row));
  return WithRow(status, next - offsets - 1);
}

// The list or map column over other entries: those of its rows alone, one row after the other.
Result<ArrayPtr> ListOf(const arrow::Array& column, const TypePtr& to, std::shared_ptr<arrow::ArrayData> entries,
                        const CastCall& call) {
  const int64_t rows = column.length();
  const auto* offsets = column.data()->GetValues<int32_t>(1);
  SLUICE_ASSIGN(std::shared_ptr<arrow::Buffer> buffer,
                arrow::AllocateBuffer((rows + 1) * static_cast<int64_t>(sizeof(int32_t)), PoolOf(call.context)));
  auto* moved = reinterpret_cast<int32_t*>(buffer->mutable_data());
  moved[0] = 0;
  for (int64_t row = 0; row < rows; ++row) moved[row + 1] = offsets[row + 1] - offsets[0];
  ValidityWriter validity(rows, PoolOf(call.context));
  for (int64_t row = 0; row < rows && column.null_count() > 0; ++row) {
    if (column.IsNull(row)) SLUICE_RETURN_IF_ERROR(validity.SetNull(row));
  }
  auto data = arrow::ArrayData::Make(to, rows, {validity.buffer(), std::move(buffer)});
  data->child_data = {std::move(entries)};
  return arrow::MakeArray(std::move(data));
}

}  // namespace

Result<ArrayPtr> CastNested(const ArrayPtr& column, const TypePtr& to, const CastCall& call) {
  if (to->id() == arrow::Type::STRUCT) {
    const auto& values = static_cast<const arrow::StructArray&>(*column);
    arrow::ArrayVector children;
    for (int i = 0; i < values.num_fields(); ++i) {
      SLUICE_ASSIGN(auto child, CastColumn(values.field(i), to->field(i)->type(), call));
      children.push_back(std::move(child));
    }
    std::shared_ptr<arrow::Buffer> validity;
    if (column->null_count() > 0) {
      ValidityWriter writer(column->length(), PoolOf(call.context));
      SLUICE_RETURN_IF_ERROR(writer.SetFrom({column}));
      validity = writer.buffer();
    }
    return std::make_shared<arrow::StructArray>(to, column->length(), std::move(children), std::move(validity));
  }
  // Of a slice only its own entries: others may not be castable at all.
  const int64_t rows = column->length();
  const auto* offsets = column->data()->GetValues<int32_t>(1);
  const int32_t begin = rows > 0 ? offsets[0] : 0;
  const int32_t end = rows > 0 ? offsets[rows] : 0;
  const auto entries = arrow::MakeArray(column->data()->child_data[0])->Slice(begin, end - begin);
  auto cast = to->id() == arrow::Type::MAP ? CastNested(entries, arrow::struct_(to->field(0)->type()->fields()), call)
                                           : CastColumn(entries, to->field(0)->type(), call);
  if (!cast.ok()) return AtListRow(cast.status(), offsets, rows);
  return ListOf(*column, to, (*cast)->data(), call);
}

}  // namespace sluice
