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
  const int32_t* next = std::upper_bound(offsets, offsets + rows + 1, static_cast<int32_t>(*detail->row));
  return WithRow(status, next - offsets - 1);
}

}  // namespace

Result<ArrayPtr> CastNested(const ArrayPtr& column, const TypePtr& to, const CastCall& call) {
  auto data = column->data()->Copy();
  data->type = to;
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
  const auto* offsets = column->data()->GetValues<int32_t>(1);
  const auto entries = arrow::MakeArray(data->child_data[0]);
  auto cast = to->id() == arrow::Type::MAP ? CastNested(entries, arrow::struct_(to->field(0)->type()->fields()), call)
                                           : CastColumn(entries, to->field(0)->type(), call);
  if (!cast.ok()) return AtListRow(cast.status(), offsets, column->length());
  data->child_data[0] = (*cast)->data();
  return arrow::MakeArray(std::move(data));
}

}  // namespace sluice
