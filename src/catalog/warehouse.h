// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/status.h"
#include "catalog/catalog_records.h"
#include "catalog/table_name.h"
#include "conf/conf.h"
#include "env/env.h"

namespace sluice {

// The schemas and tables below the folder spark.sql.warehouse.dir, which every process that has the folder sees.
//   <warehouse>/orders/              files of the table `orders` of the schema default
//   <warehouse>/sales.db/orders/     files of the table sales.orders
//   <warehouse>/_catalog/default/orders.json, _catalog/sales.json, _catalog/sales/orders.json      their records
// Readers of folders, such as Athena, pass over names that begin with _. A record is written whole or not at all, and
// created only if absent: of two processes that create one table, one gets TABLE_OR_VIEW_ALREADY_EXISTS. Where the
// folder may not be used (Env::Locate refuses it) there is nothing, and nothing can be made. Thread-safe; holds no
// state.
class Warehouse {
 public:
  Warehouse(std::shared_ptr<Env> env, const Conf& conf);

  // Names in order; `default` is always there.
  Result<std::vector<std::string>> DatabaseNames() const;
  Result<std::optional<DatabaseRecord>> FindDatabase(const std::string& name) const;
  // SCHEMA_NOT_FOUND.
  Result<DatabaseRecord> GetDatabase(const std::string& name) const;
  // SCHEMA_ALREADY_EXISTS.
  Status CreateDatabase(const DatabaseRecord& record) const;
  // Takes the place of the schema's record.
  Status ReplaceDatabase(const DatabaseRecord& record) const;
  // SCHEMA_NOT_FOUND, SCHEMA_NOT_EMPTY unless `cascade`.
  Status DropDatabase(const std::string& name, bool cascade) const;
  // The folder in which the schema's tables are, as a URI.
  Result<std::string> LocationOf(const DatabaseRecord& record) const;

  // In order, empty for a schema that is not there.
  Result<std::vector<std::string>> TableNames(const std::string& database) const;
  Result<std::optional<TableRecord>> FindTable(const TableName& name) const;
  // TABLE_OR_VIEW_ALREADY_EXISTS, SCHEMA_NOT_FOUND; LOCATION_ALREADY_EXISTS when there are files in the folder of a
  // table that is not external.
  Status CreateTable(const TableRecord& record) const;
  // Takes the place of the table's record.
  Status ReplaceTable(const TableRecord& record) const;
  // Gives the table another name of its schema: TABLE_OR_VIEW_ALREADY_EXISTS. Its files stay where they are.
  Status RenameTable(const TableRecord& record, const std::string& table) const;
  // What TableRecord::folder must be for a new table: a table that was renamed may have the folder of its name.
  Result<std::string> FreeFolder(const TableName& name) const;
  // Forgets the table, and deletes its files unless it is external or a view.
  Status DropTable(const TableRecord& record) const;
  // Deletes the files, and keeps the table.
  Status DeleteFiles(const TableRecord& record) const;
  Result<bool> HasFiles(const TableRecord& record) const;
  // A streaming query writes the table: its readers see what the query's log names.
  Result<bool> HasSinkLog(const TableRecord& record) const;
  // The folder of the table's files, as a URI.
  Result<std::string> LocationOf(const TableRecord& record) const;
  // A place as the user gave it, made absolute: relative ones are below the schema's folder.
  Result<std::string> Absolute(const std::string& location, const std::string& database) const;

 private:
  // Nothing when the warehouse may not be used.
  Result<std::optional<Location>> Records() const;
  Result<std::vector<std::string>> RecordsIn(const std::string& folder) const;
  Result<std::optional<std::string>> ReadRecord(const std::string& name) const;
  Status Forget(const std::string& record) const;
  Status ReplaceRecord(const std::string& name, const std::string& text) const;

  const std::shared_ptr<Env> env_;
  const Conf conf_;
  const std::string root_;  // as the settings have it
};

}  // namespace sluice
