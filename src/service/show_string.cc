// SPDX-License-Identifier: Apache-2.0
#include "service/show_string.h"

#include <arrow/api.h>
#include <fmt/format.h>

#include <algorithm>

#include "base/spark_error.h"
#include "exec/local.h"
#include "session/session.h"
#include "types/spark_type.h"
#include "types/text_table.h"

namespace sluice::service {
namespace {

Result<std::unique_ptr<Operator>> OneString(const std::string& text) {
  arrow::StringViewBuilder builder;
  SLUICE_RETURN_IF_ERROR(builder.Append(text));
  SLUICE_ASSIGN(auto column, builder.Finish());
  auto schema = arrow::schema({arrow::field("show_string", StringType(), false)});
  std::vector<std::shared_ptr<arrow::RecordBatch>> rows = {arrow::RecordBatch::Make(schema, 1, {std::move(column)})};
  return std::make_unique<LocalOperator>(schema, std::move(rows));
}

}  // namespace

Result<std::unique_ptr<Operator>> ShowString(Session* session, const spark::connect::ShowString& show) {
  if (show.vertical()) return NotSupported("show(vertical=True) is not supported.");
  const int count = std::max(show.num_rows(), 0);
  // One row more than asked for tells whether there are more.
  spark::connect::Relation limited;
  *limited.mutable_limit()->mutable_input() = show.input();
  limited.mutable_limit()->set_limit(count + 1);
  SLUICE_ASSIGN(const PlanPtr plan, session->Resolve(limited));
  if (IsStreaming(*plan))
    return UserError("SLUICE_STREAMING_NEEDS_START", "A streaming relation cannot be shown; start it.");
  SLUICE_ASSIGN(const std::unique_ptr<Operator> rows, session->Run(plan));
  TextTable table;
  table.names = plan->schema->field_names();
  for (;;) {
    SLUICE_ASSIGN(const auto batch, rows->Next());
    if (batch == nullptr) break;
    SLUICE_RETURN_IF_ERROR(AppendRows(*batch, show.truncate(), session->conf().time_zone(), &table));
  }
  const bool more = table.rows.size() > static_cast<size_t>(count);
  if (more) table.rows.resize(static_cast<size_t>(count));
  std::string text = FormatTextTable(table, show.truncate() > 0);
  if (more) text += fmt::format("only showing top {} {}\n", count, count == 1 ? "row" : "rows");
  return OneString(text);
}

}  // namespace sluice::service
