// SPDX-License-Identifier: Apache-2.0
#include "service/record_rows.h"

#include <arrow/api.h>

#include "base/spark_error.h"
#include "exec/local.h"
#include "types/spark_type.h"

namespace sluice::service {
namespace {

using Row = std::vector<RecordValue>;

Result<std::shared_ptr<arrow::Array>> Texts(const std::vector<Row>& rows, size_t column) {
  arrow::StringViewBuilder builder;
  for (const Row& row : rows) {
    const auto& value = std::get<std::optional<std::string>>(row[column]);
    SLUICE_RETURN_IF_ERROR(value ? builder.Append(*value) : builder.AppendNull());
  }
  return builder.Finish();
}

Result<std::shared_ptr<arrow::Array>> Flags(const std::vector<Row>& rows, size_t column) {
  arrow::BooleanBuilder builder;
  for (const Row& row : rows) SLUICE_RETURN_IF_ERROR(builder.Append(std::get<bool>(row[column])));
  return builder.Finish();
}

Result<std::shared_ptr<arrow::Array>> Lists(const std::vector<Row>& rows, size_t column) {
  const auto texts = std::make_shared<arrow::StringViewBuilder>();
  arrow::ListBuilder builder(arrow::default_memory_pool(), texts, ArrayType(StringType()));
  for (const Row& row : rows) {
    const auto& value = std::get<std::optional<std::vector<std::string>>>(row[column]);
    SLUICE_RETURN_IF_ERROR(value ? builder.Append() : builder.AppendNull());
    if (!value) continue;
    for (const std::string& text : *value) SLUICE_RETURN_IF_ERROR(texts->Append(text));
  }
  return builder.Finish();
}

}  // namespace

Result<std::unique_ptr<Operator>> RecordRows(const std::vector<RecordColumn>& columns,
                                             const std::vector<std::vector<RecordValue>>& rows) {
  arrow::FieldVector fields;
  arrow::ArrayVector values;
  for (size_t i = 0; i < columns.size(); ++i) {
    const RecordKind kind = columns[i].kind;
    SLUICE_ASSIGN(auto column, kind == RecordKind::kText   ? Texts(rows, i)
                               : kind == RecordKind::kBool ? Flags(rows, i)
                                                           : Lists(rows, i));
    fields.push_back(arrow::field(columns[i].name, column->type(), columns[i].nullable));
    values.push_back(std::move(column));
  }
  const auto schema = arrow::schema(std::move(fields));
  std::vector<std::shared_ptr<arrow::RecordBatch>> batches;
  if (!rows.empty()) {
    batches.push_back(arrow::RecordBatch::Make(schema, static_cast<int64_t>(rows.size()), std::move(values)));
  }
  return std::unique_ptr<Operator>(std::make_unique<LocalOperator>(schema, std::move(batches)));
}

}  // namespace sluice::service
