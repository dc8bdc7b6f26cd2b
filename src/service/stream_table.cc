// SPDX-License-Identifier: Apache-2.0
#include "service/stream_table.h"

#include <arrow/api.h>
#include <fmt/format.h>

#include <algorithm>

#include "analysis/name_parts.h"
#include "analysis/sql/token_cursor.h"
#include "base/logging.h"
#include "base/spark_error.h"
#include "catalog/catalog_errors.h"
#include "session/session.h"
#include "session/stored_columns.h"
#include "session/table_write.h"

namespace sluice::service {
namespace {

Result<TableRecord> MakeTable(Session* session, const std::vector<std::string>& name, bool format_given,
                              const QuerySpec& query) {
  TableSpec spec;
  spec.name = name;
  if (format_given) spec.format = query.sink_format;
  spec.location = query.sink_path;
  spec.partition_columns = query.partition_columns;
  SLUICE_RETURN_IF_ERROR(CreateTable(session, spec, query.plan->schema));
  return session->catalog().GetTable(name);
}

// The query writes as the table is: its format, its partitions, its columns.
Status CheckLayout(const TableRecord& table, bool format_given, const QuerySpec& query) {
  const std::string name = QuotedName(table.name.Parts());
  if (format_given && !sql::EqualsIgnoringCase(query.sink_format, table.format)) {
    return UserError("SLUICE_TABLE_LAYOUT.FORMAT", fmt::format("The table {} is of the format {}, not of {}.", name,
                                                               table.format, query.sink_format));
  }
  if (!query.partition_columns.empty() &&
      !std::equal(query.partition_columns.begin(), query.partition_columns.end(), table.partition_columns.begin(),
                  table.partition_columns.end(),
                  [](const auto& a, const auto& b) { return sql::EqualsIgnoringCase(a, b); })) {
    return UserError("SLUICE_TABLE_LAYOUT.PARTITIONS",
                     fmt::format("The table {} is partitioned by [{}], not by [{}].", name,
                                 fmt::join(table.partition_columns, ", "), fmt::join(query.partition_columns, ", ")));
  }
  return Status::OK();
}

}  // namespace

Result<std::shared_ptr<RunningQuery>> StartInto(Session* session, const std::string& table_name, bool format_given,
                                                QuerySpec spec) {
  SLUICE_ASSIGN(const auto name, ParseNameParts(table_name));
  const SessionCatalog catalog = session->catalog();
  SLUICE_RETURN_IF_ERROR(catalog.CheckNoView(name, "toTable"));
  SLUICE_ASSIGN(const auto present, catalog.FindTable(name));
  TableRecord table;
  if (present) {
    SLUICE_RETURN_IF_ERROR(CheckFinished(*present));
    SLUICE_RETURN_IF_ERROR(CheckLayout(*present, format_given, spec));
    table = *present;
    SLUICE_ASSIGN(const ColumnSources sources, SourcesByName(*spec.plan, table));
    if (!spec.plan->schema->Equals(*table.schema)) {
      SLUICE_ASSIGN(spec.plan, AsTableColumns(spec.plan, table, sources));
    }
  } else {
    SLUICE_ASSIGN(table, MakeTable(session, name, format_given, spec));
  }
  spec.sink_format = table.format;
  spec.partition_columns = table.partition_columns;
  SLUICE_ASSIGN(spec.sink_path, catalog.warehouse().LocationOf(table));
  for (const auto& [key, value] : table.options) spec.sink_options.emplace(key, value);
  auto started = session->StartQuery(std::move(spec));
  if (started.ok() || present) return started;
  if (const Status dropped = catalog.warehouse().DropTable(table); !dropped.ok()) {
    Log(LogLevel::kWarn, "The table {} stays, although its query did not start: {}", table_name, dropped.message());
  }
  return started.status();
}

}  // namespace sluice::service
