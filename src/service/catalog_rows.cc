// SPDX-License-Identifier: Apache-2.0
#include "service/catalog_rows.h"

#include <arrow/api.h>
#include <fmt/format.h>

#include <algorithm>

#include "analysis/connect_types.h"
#include "analysis/name_parts.h"
#include "analysis/sql/token_cursor.h"
#include "base/spark_error.h"
#include "exec/local.h"
#include "service/alter_partitions.h"
#include "service/catalog_functions.h"
#include "service/catalog_tables.h"
#include "service/record_rows.h"
#include "service/show_create_table.h"
#include "session/session.h"
#include "session/table_write.h"
#include "types/spark_type.h"

namespace sluice::service {
namespace {

using spark::connect::Catalog;

using Rows = Result<std::unique_ptr<Operator>>;

Rows Bool(bool value) {
  return RecordRows({{"value", RecordKind::kBool, false}}, {{value}});
}

Rows Text(const std::string& value) {
  return RecordRows({{"value", RecordKind::kText, false}}, {{std::optional<std::string>(value)}});
}

Rows Nothing(const Status& done) {
  SLUICE_RETURN_IF_ERROR(done);
  return RecordRows({}, {});
}

std::optional<std::string> PatternOf(const auto& call) {
  return call.has_pattern() ? std::optional<std::string>(call.pattern()) : std::nullopt;
}

// A table, or a temporary view.
Result<bool> Exists(Session* session, const std::vector<std::string>& name) {
  const SessionCatalog catalog = session->catalog();
  SLUICE_ASSIGN(const PlanPtr view, session->FindView(name));
  if (view != nullptr) return true;
  SLUICE_ASSIGN(const auto table, catalog.FindRecord(name));
  return table.has_value();
}

Status MustExist(Session* session, const std::string& text) {
  SLUICE_ASSIGN(const auto name, ParseNameParts(text));
  SLUICE_ASSIGN(const bool exists, Exists(session, name));
  return exists ? Status::OK() : TableNotFound(name, session->CurrentDatabase(), Lookup::kQuery);
}

Result<std::string> CacheKeyOf(Session* session, const std::string& text) {
  SLUICE_ASSIGN(const auto name, ParseNameParts(text));
  return session->catalog().CacheKey(name);
}

Rows Partitions(Session* session, const std::vector<std::string>& name) {
  SLUICE_ASSIGN(const auto partitions, PartitionsOf(session, name, std::nullopt));
  std::vector<std::vector<RecordValue>> rows;
  for (const std::string& partition : partitions) rows.push_back({std::optional<std::string>(partition)});
  return RecordRows({{"partition", RecordKind::kText, false}}, std::move(rows));
}

// Older clients give the schema apart.
Result<std::vector<std::string>> NameIn(const std::string& database, const std::string& table) {
  SLUICE_ASSIGN(auto name, ParseNameParts(table));
  if (database.empty()) return name;
  SLUICE_ASSIGN(auto parts, ParseNameParts(database));
  parts.insert(parts.end(), name.begin(), name.end());
  return parts;
}

Result<std::string> DatabaseOf(const Session& session, bool given, const std::string& text) {
  if (!given || text.empty()) return session.CurrentDatabase();
  SLUICE_ASSIGN(const auto parts, ParseNameParts(text));
  return DatabaseNameOf(parts);
}

Status UseCatalog(const std::string& name) {
  if (sql::EqualsIgnoringCase(name, kCatalogName)) return Status::OK();
  return UserError("CATALOG_NOT_FOUND",
                   fmt::format("There is no catalog {}; the one catalog is {}.", QuotedName({name}), kCatalogName),
                   {{"catalogName", QuotedName({name})}, {"config", QuotedName({"spark.sql.catalog." + name})}});
}

Rows CreateTableOf(Session* session, const auto& call, const std::string& comment) {
  TableSpec spec;
  SLUICE_ASSIGN(spec.name, ParseNameParts(call.table_name()));
  spec.format = call.source();
  spec.location = call.path();
  spec.comment = comment;
  for (const auto& [key, value] : call.options()) {
    (sql::EqualsIgnoringCase(key, "path") ? spec.location : spec.options[key]) = value;
  }
  std::shared_ptr<arrow::Schema> columns;
  if (call.has_schema() && call.schema().struct_().fields_size() > 0) {
    SLUICE_ASSIGN(columns, SchemaFromConnect(call.schema()));
  }
  SLUICE_RETURN_IF_ERROR(CreateTable(session, spec, std::move(columns)));
  SLUICE_ASSIGN(const PlanPtr plan, session->FindTable(spec.name, {}, /*streaming=*/false));
  return session->Run(plan);
}

Rows DropDatabaseOf(Session* session, const spark::connect::DropDatabase& call) {
  const SessionCatalog catalog = session->catalog();
  SLUICE_ASSIGN(const std::string name, DatabaseOf(*session, true, call.db_name()));
  SLUICE_ASSIGN(const auto present, catalog.warehouse().FindDatabase(name));
  if (!present && call.if_exists()) return Nothing(Status::OK());
  return Nothing(catalog.warehouse().DropDatabase(name, call.cascade()));
}

Rows CreateDatabaseOf(Session* session, const spark::connect::CreateDatabase& call) {
  const SessionCatalog catalog = session->catalog();
  DatabaseRecord record;
  SLUICE_ASSIGN(record.name, DatabaseOf(*session, true, call.db_name()));
  SLUICE_ASSIGN(const auto present, catalog.warehouse().FindDatabase(record.name));
  if (present && call.if_not_exists()) return Nothing(Status::OK());
  for (const auto& [key, value] : call.properties()) {
    if (key == "comment") {
      record.comment = value;
    } else if (key == "location") {
      SLUICE_ASSIGN(record.location, catalog.warehouse().Absolute(value, kDefaultDatabase));
    } else {
      record.properties[key] = value;
    }
  }
  return Nothing(catalog.warehouse().CreateDatabase(record));
}

Status DropTableOf(Session* session, const spark::connect::DropTable& call) {
  const SessionCatalog catalog = session->catalog();
  SLUICE_ASSIGN(const auto name, ParseNameParts(call.table_name()));
  SLUICE_ASSIGN(const auto table, catalog.FindTable(name));
  if (table) return catalog.warehouse().DropTable(*table);
  return call.if_exists() ? Status::OK() : NothingToDrop(name, session->CurrentDatabase());
}

Status DropViewOf(Session* session, const spark::connect::DropView& call) {
  const SessionCatalog catalog = session->catalog();
  SLUICE_ASSIGN(const auto name, ParseNameParts(call.view_name()));
  TempViews& views = name.size() == 1 ? catalog.views() : catalog.global_views();
  if (catalog.FindView(name) != nullptr && views.Drop(name.back())) return Status::OK();
  SLUICE_ASSIGN(const auto record, catalog.FindRecord(name));
  if (record && record->view) return catalog.warehouse().DropTable(*record);
  return call.if_exists() ? Status::OK() : NothingToDrop(name, session->CurrentDatabase());
}

Status TruncateTableOf(Session* session, const std::string& text) {
  SLUICE_ASSIGN(const auto name, ParseNameParts(text));
  SLUICE_ASSIGN(const TableRecord table, session->catalog().GetTable(name));
  if (table.is_external()) return NotSupported("truncateTable of an external table is not supported.");
  return session->catalog().TruncateTable(table);
}

// Folders of partitions are found by each query, so there is nothing to recover; a table without them has none.
Status RecoverPartitions(Session* session, const std::string& text) {
  SLUICE_ASSIGN(const auto name, ParseNameParts(text));
  SLUICE_ASSIGN(const TableRecord table, session->catalog().GetTable(name));
  if (!table.partition_columns.empty()) return Status::OK();
  return UserError(
      "NOT_A_PARTITIONED_TABLE",
      fmt::format("The operation recoverPartitions is not for {}, which has no partitions.",
                  QuotedName(table.name.Parts())),
      {{"operation", "ALTER TABLE RECOVER PARTITIONS"}, {"tableIdentWithDB", QuotedName(table.name.Parts())}});
}

// Calls that change the catalog.
Rows Change(Session* session, const Catalog& call) {
  const SessionCatalog catalog = session->catalog();
  switch (call.cat_type_case()) {
    case Catalog::kSetCurrentDatabase: {
      SLUICE_ASSIGN(const std::string name, DatabaseOf(*session, true, call.set_current_database().db_name()));
      return Nothing(catalog.UseDatabase(name));
    }
    case Catalog::kSetCurrentCatalog:
      return Nothing(UseCatalog(call.set_current_catalog().catalog_name()));
    case Catalog::kCreateTable:
      return CreateTableOf(session, call.create_table(), call.create_table().description());
    case Catalog::kCreateExternalTable:
      return CreateTableOf(session, call.create_external_table(), "");
    case Catalog::kDropTempView:
      return Bool(catalog.views().Drop(call.drop_temp_view().view_name()));
    case Catalog::kDropGlobalTempView:
      return Bool(catalog.global_views().Drop(call.drop_global_temp_view().view_name()));
    case Catalog::kDropTable:
      return Nothing(DropTableOf(session, call.drop_table()));
    case Catalog::kDropView:
      return Nothing(DropViewOf(session, call.drop_view()));
    case Catalog::kCreateDatabase:
      return CreateDatabaseOf(session, call.create_database());
    case Catalog::kDropDatabase:
      return DropDatabaseOf(session, call.drop_database());
    case Catalog::kTruncateTable:
      return Nothing(TruncateTableOf(session, call.truncate_table().table_name()));
    case Catalog::kRecoverPartitions:
      return Nothing(RecoverPartitions(session, call.recover_partitions().table_name()));
    case Catalog::kCacheTable: {
      SLUICE_ASSIGN(const std::string key, CacheKeyOf(session, call.cache_table().table_name()));
      catalog.cached().Add(key);
      return Nothing(Status::OK());
    }
    case Catalog::kUncacheTable: {
      SLUICE_ASSIGN(const std::string key, CacheKeyOf(session, call.uncache_table().table_name()));
      catalog.cached().Remove(key);
      return Nothing(Status::OK());
    }
    // Nothing is kept in memory, and every query looks at the files anew.
    case Catalog::kRefreshTable:
      return Nothing(MustExist(session, call.refresh_table().table_name()));
    case Catalog::kClearCache:
      catalog.cached().Clear();
      return Nothing(Status::OK());
    case Catalog::kRefreshByPath:
      return Nothing(Status::OK());
    default: {
      const auto* field = Catalog::descriptor()->FindFieldByNumber(call.cat_type_case());
      return NotSupported(
          fmt::format("The call {} of the catalog is not supported.", field == nullptr ? "(none)" : field->name()));
    }
  }
}

// Calls about functions.
Rows Functions(Session* session, const Catalog& call) {
  if (call.has_list_functions()) {
    const auto& list = call.list_functions();
    SLUICE_ASSIGN(const std::string database, DatabaseOf(*session, list.has_db_name(), list.db_name()));
    SLUICE_RETURN_IF_ERROR(session->catalog().warehouse().GetDatabase(database).status());
    return ListFunctions(session, PatternOf(list));
  }
  if (call.has_function_exists()) {
    const auto& exists = call.function_exists();
    SLUICE_ASSIGN(const auto name, NameIn(exists.has_db_name() ? exists.db_name() : "", exists.function_name()));
    return Bool(FunctionExists(session, name));
  }
  const auto& get = call.get_function();
  SLUICE_ASSIGN(const auto name, NameIn(get.has_db_name() ? get.db_name() : "", get.function_name()));
  return GetFunction(session, name);
}

// Calls about tables and views.
Rows Tables(Session* session, const Catalog& call) {
  switch (call.cat_type_case()) {
    case Catalog::kListTables: {
      const auto& list = call.list_tables();
      SLUICE_ASSIGN(const std::string database, DatabaseOf(*session, list.has_db_name(), list.db_name()));
      return ListTables(session, database, PatternOf(list));
    }
    case Catalog::kListViews: {
      const auto& list = call.list_views();
      SLUICE_ASSIGN(const std::string database, DatabaseOf(*session, list.has_db_name(), list.db_name()));
      return ListViews(session, database, PatternOf(list));
    }
    case Catalog::kGetTable: {
      const auto& get = call.get_table();
      SLUICE_ASSIGN(const auto name, NameIn(get.has_db_name() ? get.db_name() : "", get.table_name()));
      return GetTable(session, name);
    }
    case Catalog::kListColumns: {
      const auto& list = call.list_columns();
      SLUICE_ASSIGN(const auto name, NameIn(list.has_db_name() ? list.db_name() : "", list.table_name()));
      return ListColumns(session, name);
    }
    case Catalog::kTableExists: {
      const auto& exists = call.table_exists();
      SLUICE_ASSIGN(const auto name, NameIn(exists.has_db_name() ? exists.db_name() : "", exists.table_name()));
      SLUICE_ASSIGN(const bool found, Exists(session, name));
      return Bool(found);
    }
    case Catalog::kGetTableProperties: {
      SLUICE_ASSIGN(const auto name, ParseNameParts(call.get_table_properties().table_name()));
      return TableProperties(session, name);
    }
    case Catalog::kListPartitions: {
      SLUICE_ASSIGN(const auto name, ParseNameParts(call.list_partitions().table_name()));
      return Partitions(session, name);
    }
    case Catalog::kGetCreateTableString: {
      const auto& get = call.get_create_table_string();
      SLUICE_ASSIGN(const auto name, ParseNameParts(get.table_name()));
      SLUICE_ASSIGN(const std::string statement, CreateStatementOf(session, name, get.as_serde()));
      return Text(statement);
    }
    default: {
      SLUICE_ASSIGN(const std::string key, CacheKeyOf(session, call.is_cached().table_name()));
      return Bool(session->catalog().cached().Has(key));
    }
  }
}

}  // namespace

Rows CatalogRows(Session* session, const Catalog& call) {
  const SessionCatalog catalog = session->catalog();
  switch (call.cat_type_case()) {
    case Catalog::kCurrentDatabase:
      return Text(catalog.current_database());
    case Catalog::kCurrentCatalog:
      return Text(kCatalogName);
    case Catalog::kListCatalogs:
      return ListCatalogs(PatternOf(call.list_catalogs()));
    case Catalog::kListDatabases:
      return ListDatabases(session, PatternOf(call.list_databases()));
    case Catalog::kGetDatabase: {
      SLUICE_ASSIGN(const std::string name, DatabaseOf(*session, true, call.get_database().db_name()));
      return GetDatabase(session, name);
    }
    case Catalog::kDatabaseExists: {
      SLUICE_ASSIGN(const std::string name, DatabaseOf(*session, true, call.database_exists().db_name()));
      SLUICE_ASSIGN(const auto found, catalog.warehouse().FindDatabase(name));
      return Bool(found.has_value());
    }
    case Catalog::kListFunctions:
    case Catalog::kFunctionExists:
    case Catalog::kGetFunction:
      return Functions(session, call);
    case Catalog::kListTables:
    case Catalog::kListViews:
    case Catalog::kGetTable:
    case Catalog::kListColumns:
    case Catalog::kTableExists:
    case Catalog::kGetTableProperties:
    case Catalog::kListPartitions:
    case Catalog::kGetCreateTableString:
    case Catalog::kIsCached:
      return Tables(session, call);
    default:
      return Change(session, call);
  }
}

}  // namespace sluice::service
