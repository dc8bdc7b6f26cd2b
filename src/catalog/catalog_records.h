// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <arrow/type_fwd.h>

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/status.h"
#include "catalog/table_name.h"

namespace sluice {

// What the catalog keeps of a schema.
struct DatabaseRecord {
  std::string name;
  std::string comment;
  std::string location;  // of the folder of its tables; empty: <warehouse>/<name>.db
  std::map<std::string, std::string> properties;
};

// The query of a view, and what its text means. Everybody who reads the view resolves it anew.
struct ViewText {
  std::string query;
  std::string database;                         // of names without a schema
  std::vector<std::string> query_columns;       // in the order of the view's columns, which may have other names
  std::map<std::string, std::string> settings;  // of the session that made the view
};

// What the catalog keeps of a table, or of a view that outlasts its session.
struct TableRecord {
  TableName name;
  std::optional<ViewText> view;           // none: a table
  std::string format;                     // "parquet"; empty: a view
  std::shared_ptr<arrow::Schema> schema;  // engine types; the partition columns are its last
  std::vector<std::string> partition_columns;
  std::map<std::string, std::string> options;  // of the format
  std::string location;                        // of an external table; empty: a folder of the schema's
  std::string folder;                          // of a table that is not external; empty: as the table is named
  std::string comment;
  std::map<std::string, std::string> properties;
  int64_t created_ms = 0;  // since 1970 UTC
  // Its first rows are being written, or their writer ended before they were: nobody reads it.
  bool unfinished = false;

  bool is_external() const { return !location.empty(); }
};

// The text of the file that holds a record: JSON, a key a line.
std::string FormatTableRecord(const TableRecord& record);
std::string FormatDatabaseRecord(const DatabaseRecord& record);
// `path`: of the file, for errors (SLUICE_CATALOG_DAMAGED). The name is the file's, not the text's.
Result<TableRecord> ParseTableRecord(const std::string& text, TableName name, const std::string& path);
Result<DatabaseRecord> ParseDatabaseRecord(const std::string& text, std::string name, const std::string& path);

}  // namespace sluice
