// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "catalog/catalog_records.h"
#include "connectors/batch_sink.h"
#include "plan/plan.h"

namespace sluice {

class Session;

// What a statement says of a table that may have to be made.
struct TableSpec {
  std::vector<std::string> name;
  std::string format;    // empty: the session's default, or that of the table that is there
  std::string location;  // empty: a folder of the warehouse
  std::map<std::string, std::string> options;
  std::vector<std::string> partition_columns;
  std::string comment;
  std::map<std::string, std::string> properties;
};

// The record of a new table, checked: the columns become nullable, as Spark's tables of files have them, and those of
// partitions come last. DATA_SOURCE_NOT_FOUND, COLUMN_NOT_DEFINED_IN_TABLE, ALL_PARTITION_COLUMNS_NOT_ALLOWED,
// COLUMN_ALREADY_EXISTS.
Result<TableRecord> NewTable(Session* session, const TableSpec& spec, const arrow::Schema& columns);
// Makes a table without rows. `columns` null: those of the files in its location.
Status CreateTable(Session* session, const TableSpec& spec, std::shared_ptr<arrow::Schema> columns);

// df.write.saveAsTable and CREATE TABLE .. AS: makes the table of the query's rows, or adds to it or replaces it by the
// mode. Rows are appended by the columns' names. The table is seen when its rows are written, and not if that fails.
Status SaveAsTable(Session* session, const TableSpec& spec, const PlanPtr& plan, SaveMode mode);

// INSERT INTO and df.write.insertInto: by position, or by name.
struct TableInsert {
  std::vector<std::string> name;
  PlanPtr plan;
  bool overwrite = false;
  bool by_name = false;
  std::vector<std::string> columns;  // that the rows have, in their order; empty: all of the table's
  // One row with the partition columns that have one value for all of the query's rows, which do not have them; null:
  // there are none.
  PlanPtr partition;
};
Status InsertIntoTable(Session* session, const TableInsert& insert);

// Refuses UNSUPPORTED_OVERWRITE.TABLE a query that reads the table which it replaces.
Status CheckOverwrite(Session* session, const PlanNode& plan, const TableRecord& table);

}  // namespace sluice
