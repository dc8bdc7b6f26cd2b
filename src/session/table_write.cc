// SPDX-License-Identifier: Apache-2.0
#include "session/table_write.h"

#include <arrow/api.h>
#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "analysis/name_parts.h"
#include "analysis/sql/token_cursor.h"
#include "base/logging.h"
#include "base/spark_error.h"
#include "catalog/catalog_errors.h"
#include "connectors/file/partition_path.h"
#include "connectors/registry.h"
#include "session/batch_write.h"
#include "session/session.h"
#include "session/stored_columns.h"
#include "types/spark_type.h"

namespace sluice {
namespace {

using sql::EqualsIgnoringCase;

// As messages without an error class name a table.
std::string DottedName(const TableName& name) {
  return fmt::format("{}.{}.{}", kCatalogName, name.database, name.table);
}

BatchWrite RowsFor(const TableRecord& table, PlanPtr plan, std::string path, SaveMode mode) {
  BatchWrite write;
  write.plan = std::move(plan);
  write.format = table.format;
  write.path = std::move(path);
  write.mode = mode;
  write.options = table.options;
  write.partition_columns = table.partition_columns;
  return write;
}

// All of the table's files go, whatever the session says of partitions.
BatchWrite ReplacingAll(BatchWrite write) {
  write.options["partitionOverwriteMode"] = "static";
  return write;
}

bool SameTable(const TableRecord& a, const TableRecord& b) {
  return a.format == b.format && a.schema->Equals(*b.schema, /*check_metadata=*/true) &&
         a.partition_columns == b.partition_columns && a.options == b.options && a.location == b.location &&
         a.comment == b.comment && a.properties == b.properties;
}

// A format that keeps its rows in files, which a query can read under given columns.
Status CheckFormat(const std::string& format) {
  SLUICE_ASSIGN(const Connector* connector, FindConnector(format));
  if (connector->takes_schema && connector->open_batch != nullptr) return Status::OK();
  return NotSupported(
      fmt::format("A table of the format {} is not supported; there are csv, json, parquet and text.", format));
}

// "`k`, `l`"
std::string QuotedList(const std::vector<std::string>& names) {
  std::string list;
  for (const std::string& name : names) list += (list.empty() ? "" : ", ") + QuotedName({name});
  return list;
}

Status CheckColumns(const TableName& table, const TableSpec& spec, const arrow::Schema& columns) {
  std::set<std::string> seen;
  for (const auto& field : columns.fields()) {
    const std::string name = sql::LowerCase(field->name());
    if (seen.insert(name).second) continue;
    return UserError("COLUMN_ALREADY_EXISTS", fmt::format("The column {} is there already.", QuotedName({name})),
                     {{"columnName", QuotedName({name})}});
  }
  for (const std::string& column : spec.partition_columns) {
    if (seen.contains(sql::LowerCase(column))) continue;
    const auto names = columns.field_names();
    return UserError("COLUMN_NOT_DEFINED_IN_TABLE",
                     fmt::format("The partition column {} is none of the table's columns: {}.", QuotedName({column}),
                                 fmt::join(names, ", ")),
                     {{"colType", "partition"},
                      {"colName", QuotedName({column})},
                      {"tableName", QuotedName(table.Parts())},
                      {"tableCols", QuotedList(names)}});
  }
  if (!spec.partition_columns.empty() && spec.partition_columns.size() >= seen.size()) {
    return UserError("ALL_PARTITION_COLUMNS_NOT_ALLOWED", "A table cannot have partition columns only.");
  }
  return Status::OK();
}

// Fills the table that was just made, or whose rows are replaced. `undo`: what stands in the catalog if that fails.
Status Fill(Session* session, TableRecord table, const PlanPtr& plan, const std::optional<TableRecord>& undo) {
  const SessionCatalog catalog = session->catalog();
  SLUICE_ASSIGN(const std::string location, catalog.warehouse().LocationOf(table));
  const Status written = WriteBatch(session, ReplacingAll(RowsFor(table, plan, location, SaveMode::kOverwrite)));
  if (written.ok()) {
    table.unfinished = false;
    return catalog.warehouse().ReplaceTable(table);
  }
  const Status undone = undo ? catalog.warehouse().ReplaceTable(*undo) : catalog.warehouse().DropTable(table);
  if (!undone.ok()) {
    Log(LogLevel::kWarn, "The table {} stays unfinished: {}", DottedName(table.name), undone.message());
  }
  return written;
}

Status ReplaceRows(Session* session, const TableRecord& old, TableRecord table, const PlanPtr& plan) {
  SLUICE_RETURN_IF_ERROR(CheckOverwrite(session, *plan, old));
  const SessionCatalog catalog = session->catalog();
  if (SameTable(old, table) && !old.unfinished) {
    SLUICE_ASSIGN(const std::string location, catalog.warehouse().LocationOf(table));
    return WriteBatch(session, ReplacingAll(RowsFor(table, plan, location, SaveMode::kOverwrite)));
  }
  table.unfinished = true;
  SLUICE_RETURN_IF_ERROR(catalog.warehouse().ReplaceTable(table));
  SLUICE_RETURN_IF_ERROR(Fill(session, table, plan, old));
  if (!old.is_external() && table.is_external()) return catalog.warehouse().DeleteFiles(old);
  return Status::OK();
}

// "k, l": as messages show partition columns.
std::string Joined(const std::vector<std::string>& names) {
  return fmt::format("{}", fmt::join(names, ", "));
}

Status CheckSameLayout(const TableSpec& spec, const TableRecord& table) {
  const std::string name = DottedName(table.name);
  if (!spec.format.empty() && !EqualsIgnoringCase(spec.format, table.format)) {
    return UserError("_LEGACY_ERROR_TEMP_1159",
                     fmt::format("The table {} is of the format {}, not of {}.", name, table.format, spec.format),
                     {{"tableName", name}, {"existingProvider", table.format}, {"specifiedProvider", spec.format}});
  }
  const auto& given = spec.partition_columns;
  const auto& own = table.partition_columns;
  if (given.size() == own.size() && std::equal(given.begin(), given.end(), own.begin(),
                                               [](const auto& a, const auto& b) { return EqualsIgnoringCase(a, b); })) {
    return Status::OK();
  }
  return UserError("_LEGACY_ERROR_TEMP_1163",
                   fmt::format("The table {} is partitioned by [{}], not by [{}].", name, Joined(own), Joined(given)),
                   {{"tableName", name}, {"specifiedPartCols", Joined(given)}, {"existingPartCols", Joined(own)}});
}

// saveAsTable in the mode append: each of the table's columns is one of the query's.
Status CheckSameColumns(const PlanNode& plan, const TableRecord& table) {
  if (plan.schema->num_fields() != table.schema->num_fields()) {
    const auto shown = [](const arrow::Schema& schema) { return SparkSimpleString(*arrow::struct_(schema.fields())); };
    return UserError(
        "_LEGACY_ERROR_TEMP_1161",
        fmt::format("The table {} has {} columns ({}), the data {} ({}).", DottedName(table.name),
                    table.schema->num_fields(), shown(*table.schema), plan.schema->num_fields(), shown(*plan.schema)),
        {{"tableName", DottedName(table.name)},
         {"existingTableSchema", shown(*table.schema)},
         {"querySchema", shown(*plan.schema)}});
  }
  const auto names = plan.schema->field_names();
  for (const std::string& column : table.schema->field_names()) {
    if (std::any_of(names.begin(), names.end(), [&](const auto& name) { return EqualsIgnoringCase(name, column); }))
      continue;
    return UserError("_LEGACY_ERROR_TEMP_1162",
                     fmt::format("The data have no column '{}': theirs are [{}].", column, Joined(names)),
                     {{"col", column}, {"inputColumns", Joined(names)}});
  }
  return Status::OK();
}

Status WriteColumns(Session* session, const PlanPtr& plan, const TableRecord& table, const ColumnSources& sources,
                    SaveMode mode) {
  SLUICE_ASSIGN(PlanPtr rows, AsTableColumns(plan, table, sources));
  SLUICE_ASSIGN(const std::string location, session->catalog().warehouse().LocationOf(table));
  return WriteBatch(session, RowsFor(table, std::move(rows), location, mode));
}

Status AppendRows(Session* session, const TableSpec& spec, const TableRecord& table, const PlanPtr& plan) {
  SLUICE_RETURN_IF_ERROR(CheckFinished(table));
  SLUICE_RETURN_IF_ERROR(CheckSameLayout(spec, table));
  SLUICE_RETURN_IF_ERROR(CheckSameColumns(*plan, table));
  SLUICE_ASSIGN(const ColumnSources sources, SourcesByName(*plan, table));
  return WriteColumns(session, plan, table, sources, SaveMode::kAppend);
}

// The names that the query's columns have in the table.
std::vector<std::string> InsertedColumns(const TableInsert& insert, const TableRecord& table) {
  if (!insert.columns.empty()) return insert.columns;
  std::vector<std::string> names;
  for (const std::string& name : table.schema->field_names()) {
    const bool given = insert.partition != nullptr && insert.partition->schema->GetFieldIndex(name) >= 0;
    if (!given) names.push_back(name);
  }
  return names;
}

// The table as one of its partitions sees it: without the columns of folders.
TableRecord WithoutPartitions(TableRecord table) {
  arrow::FieldVector fields = table.schema->fields();
  fields.resize(fields.size() - table.partition_columns.size());
  table.schema = arrow::schema(std::move(fields));
  table.partition_columns.clear();
  return table;
}

// Adds the columns of one row to all rows.
PlanPtr WithConstants(const PlanPtr& plan, const arrow::RecordBatch& constants) {
  std::vector<ExprPtr> exprs;
  arrow::FieldVector fields = plan->schema->fields();
  for (int i = 0; i < plan->schema->num_fields(); ++i) {
    const auto& field = fields[static_cast<size_t>(i)];
    exprs.push_back(std::make_shared<ColumnExpr>(i, field->name(), field->type(), field->nullable()));
  }
  for (int i = 0; i < constants.num_columns(); ++i) {
    // A row is there, so this cannot fail.
    exprs.push_back(std::make_shared<LiteralExpr>(constants.column(i)->GetScalar(0).ValueOrDie()));
    fields.push_back(constants.schema()->field(i));
  }
  return MakeProject(plan, std::move(exprs), arrow::schema(std::move(fields)));
}

// INSERT .. PARTITION (k = 'x'): an overwrite replaces the files of that partition alone.
Status InsertIntoPartition(Session* session, const TableInsert& insert, const TableRecord& table) {
  const auto& given = *insert.partition->schema;
  for (const std::string& name : given.field_names()) {
    const auto& own = table.partition_columns;
    if (std::none_of(own.begin(), own.end(), [&](const auto& one) { return EqualsIgnoringCase(one, name); })) {
      return UserError("NON_PARTITION_COLUMN",
                       fmt::format("PARTITION names {}, which is no partition column.", QuotedName({name})),
                       {{"columnName", QuotedName({name})}});
    }
  }
  if (given.num_fields() != static_cast<int>(table.partition_columns.size())) {
    return NotSupported("INSERT with a value for some of the partition columns: give one to all of them, or to none.");
  }
  arrow::FieldVector fields(table.schema->fields().end() - given.num_fields(), table.schema->fields().end());
  TableRecord folder = table;
  folder.schema = arrow::schema(std::move(fields));
  SLUICE_ASSIGN(const ColumnSources values, SourcesByName(*insert.partition, folder));
  SLUICE_ASSIGN(const PlanPtr typed, AsTableColumns(insert.partition, folder, values));
  SLUICE_ASSIGN(const auto rows, session->Collect(typed, 1));
  SLUICE_ASSIGN(const std::string path,
                PartitionFolder(table.partition_columns, rows.at(0)->columns(), 0, session->conf().time_zone()));
  const TableRecord inside = WithoutPartitions(table);
  if (!insert.overwrite) {
    std::vector<std::string> names = InsertedColumns(insert, inside);
    names.insert(names.end(), table.partition_columns.begin(), table.partition_columns.end());
    const PlanPtr all = WithConstants(insert.plan, *rows.at(0));
    SLUICE_ASSIGN(const ColumnSources sources, SourcesByPosition(*all, table, names));
    return WriteColumns(session, all, table, sources, SaveMode::kAppend);
  }
  SLUICE_ASSIGN(const bool streamed, session->catalog().warehouse().HasSinkLog(table));
  if (streamed) {
    return UserError("SLUICE_SINK_IN_USE",
                     fmt::format("A streaming query writes the table {}, whose readers see what its log names: no "
                                 "partition can be replaced beside it.",
                                 QuotedName(table.name.Parts())));
  }
  SLUICE_ASSIGN(const ColumnSources sources, SourcesByPosition(*insert.plan, inside, InsertedColumns(insert, inside)));
  SLUICE_ASSIGN(PlanPtr plan, AsTableColumns(insert.plan, inside, sources));
  SLUICE_ASSIGN(const std::string location, session->catalog().warehouse().LocationOf(table));
  return WriteBatch(session, RowsFor(inside, std::move(plan), location + "/" + path, SaveMode::kOverwrite));
}

// Finds a folder for a new table where that of its name is a renamed table's.
Status Place(const Warehouse& warehouse, TableRecord* table) {
  if (table->is_external()) return Status::OK();
  SLUICE_ASSIGN(const bool taken, warehouse.HasFiles(*table));
  if (!taken) return Status::OK();
  SLUICE_ASSIGN(table->folder, warehouse.FreeFolder(table->name));
  return Status::OK();
}

}  // namespace

Result<TableRecord> NewTable(Session* session, const TableSpec& spec, const arrow::Schema& columns) {
  const SessionCatalog catalog = session->catalog();
  TableRecord table;
  SLUICE_ASSIGN(table.name, NewTableName(spec.name, catalog.current_database()));
  SLUICE_RETURN_IF_ERROR(catalog.warehouse().GetDatabase(table.name.database).status());
  table.format = sql::LowerCase(spec.format.empty() ? session->conf().Get("spark.sql.sources.default") : spec.format);
  SLUICE_RETURN_IF_ERROR(CheckFormat(table.format));
  SLUICE_RETURN_IF_ERROR(CheckColumns(table.name, spec, columns));
  arrow::FieldVector fields;
  arrow::FieldVector last;
  for (const std::string& column : spec.partition_columns) {
    for (const auto& field : columns.fields()) {
      if (EqualsIgnoringCase(field->name(), column)) last.push_back(field);
    }
  }
  for (const auto& field : columns.fields()) {
    if (std::find(last.begin(), last.end(), field) == last.end()) fields.push_back(field);
  }
  for (const auto& field : last) table.partition_columns.push_back(field->name());
  fields.insert(fields.end(), last.begin(), last.end());
  for (auto& field : fields) field = field->WithNullable(true);
  table.schema = arrow::schema(std::move(fields));
  table.options = spec.options;
  table.comment = spec.comment;
  table.properties = spec.properties;
  if (!spec.location.empty()) {
    SLUICE_ASSIGN(table.location, catalog.warehouse().Absolute(spec.location, table.name.database));
  }
  table.created_ms = session->process().env()->clock().NowMillis();
  return table;
}

Status CreateTable(Session* session, const TableSpec& spec, std::shared_ptr<arrow::Schema> columns) {
  const SessionCatalog catalog = session->catalog();
  if (columns == nullptr) {
    if (spec.location.empty()) {
      return UserError("UNABLE_TO_INFER_SCHEMA", "A table needs columns, or a location with files that tell them.",
                       {{"format", spec.format}});
    }
    SLUICE_ASSIGN(const TableRecord none, NewTable(session, spec, arrow::Schema({})));
    SLUICE_ASSIGN(const ScanSpec scan, catalog.ScanOf(none, {}));
    SLUICE_ASSIGN(const PlanPtr found, session->ResolveScan(scan, nullptr));
    columns = found->schema;
  }
  SLUICE_ASSIGN(TableRecord table, NewTable(session, spec, *columns));
  SLUICE_RETURN_IF_ERROR(Place(catalog.warehouse(), &table));
  return catalog.CreateTable(table);
}

Status SaveAsTable(Session* session, const TableSpec& spec, const PlanPtr& plan, SaveMode mode) {
  const SessionCatalog catalog = session->catalog();
  SLUICE_RETURN_IF_ERROR(NewTableName(spec.name, catalog.current_database()).status());
  SLUICE_ASSIGN(const auto present, catalog.FindRecord(spec.name));
  if (present && mode == SaveMode::kErrorIfExists) return TableExists(present->name.Parts());
  if (present && mode == SaveMode::kIgnore) return Status::OK();
  if (present && present->view) return TableExpected(present->name.Parts(), "saveAsTable");
  if (present && mode == SaveMode::kAppend) return AppendRows(session, spec, *present, plan);
  SLUICE_ASSIGN(TableRecord table, NewTable(session, spec, *plan->schema));
  if (present) {
    if (!table.is_external()) table.folder = present->folder;
    return ReplaceRows(session, *present, std::move(table), plan);
  }
  SLUICE_RETURN_IF_ERROR(Place(catalog.warehouse(), &table));
  if (table.is_external() && mode != SaveMode::kOverwrite) {
    SLUICE_ASSIGN(const bool taken, catalog.warehouse().HasFiles(table));
    if (taken) {
      return UserError(
          "_LEGACY_ERROR_TEMP_1241",
          fmt::format("CREATE TABLE .. AS needs a location without files, and {} has some.", table.location),
          {{"tablePath", table.location}, {"config", "spark.sql.legacy.allowNonEmptyLocationInCTAS"}});
    }
  }
  table.unfinished = true;
  SLUICE_RETURN_IF_ERROR(catalog.warehouse().CreateTable(table));
  return Fill(session, std::move(table), plan, std::nullopt);
}

Status InsertIntoTable(Session* session, const TableInsert& insert) {
  const SessionCatalog catalog = session->catalog();
  SLUICE_RETURN_IF_ERROR(catalog.CheckNoView(insert.name, "INSERT"));
  SLUICE_ASSIGN(const TableRecord table, catalog.GetTable(insert.name, Lookup::kQuery));
  SLUICE_RETURN_IF_ERROR(CheckFinished(table));
  if (insert.overwrite) SLUICE_RETURN_IF_ERROR(CheckOverwrite(session, *insert.plan, table));
  if (insert.partition != nullptr) return InsertIntoPartition(session, insert, table);
  SLUICE_ASSIGN(const ColumnSources sources,
                insert.by_name ? SourcesByName(*insert.plan, table)
                               : SourcesByPosition(*insert.plan, table, InsertedColumns(insert, table)));
  return WriteColumns(session, insert.plan, table, sources,
                      insert.overwrite ? SaveMode::kOverwrite : SaveMode::kAppend);
}

Status CheckOverwrite(Session* session, const PlanNode& plan, const TableRecord& table) {
  SLUICE_ASSIGN(const std::string location, session->catalog().warehouse().LocationOf(table));
  SLUICE_ASSIGN(const bool reads, ReadsFrom(session, plan, location));
  if (!reads) return Status::OK();
  return UserError("UNSUPPORTED_OVERWRITE.TABLE",
                   fmt::format("Can't overwrite the table {}, which the query reads.", QuotedName(table.name.Parts())),
                   {{"table", QuotedName(table.name.Parts())}});
}

}  // namespace sluice
