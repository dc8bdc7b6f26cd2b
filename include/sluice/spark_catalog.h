// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace sluice {

struct SessionHandle;

// The schemas, tables and views of a session: spark.catalog. A cheap value for any thread. Every call asks the catalog
// at once and throws SparkException; a name is "t", "schema.t" or "spark_catalog.schema.t".
class SparkCatalog {
 public:
  struct Database {
    std::string name;
    std::optional<std::string> catalog;
    std::optional<std::string> description;
    std::string location_uri;
  };
  struct Table {
    std::string name;
    std::optional<std::string> description;
    std::string table_type;  // "MANAGED", "EXTERNAL", "TEMPORARY"
    bool is_temporary = false;
  };
  struct ColumnInfo {
    std::string name;
    std::optional<std::string> description;
    std::string data_type;  // "bigint"
    bool nullable = true;
    bool is_partition = false;
  };

  explicit SparkCatalog(std::shared_ptr<SessionHandle> session) : session_(std::move(session)) {}
  std::string currentDatabase() const;
  void setCurrentDatabase(const std::string& name) const;
  // With a pattern, those that fit: "a*|b*".
  std::vector<Database> listDatabases(const std::string& pattern = "*") const;
  bool databaseExists(const std::string& name) const;
  // Of a schema, and the session's temporary views; without a name, of the current one.
  std::vector<Table> listTables(const std::string& database = "", const std::string& pattern = "*") const;
  Table getTable(const std::string& name) const;
  bool tableExists(const std::string& name) const;
  std::vector<ColumnInfo> listColumns(const std::string& name) const;
  bool functionExists(const std::string& name) const;
  // Whether there was such a view.
  bool dropTempView(const std::string& name) const;
  bool dropGlobalTempView(const std::string& name) const;

 private:
  std::shared_ptr<SessionHandle> session_;
};

}  // namespace sluice
