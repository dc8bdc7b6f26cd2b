// SPDX-License-Identifier: Apache-2.0
#include "sluice/spark_catalog.h"

#include <spark/connect/catalog.pb.h>

#include "client/handles.h"

namespace sluice {
namespace {

// Sends a call that `fill` sets; its rows.
template <typename Fill>
std::vector<Row> Ask(const std::shared_ptr<SessionHandle>& session, Fill fill) {
  spark::connect::Relation relation;
  fill(relation.mutable_catalog());
  return MakeDataFrame(session, std::move(relation)).collect();
}

bool IsTrue(const std::optional<std::string>& value) {
  return value == "true";
}

SparkCatalog::Table TableOf(const Row& row) {
  return {row.at(0).value_or(""), row.at(3), row.at(4).value_or(""), IsTrue(row.at(5))};
}

}  // namespace

std::string SparkCatalog::currentDatabase() const {
  return Ask(session_, [](auto* call) { call->mutable_current_database(); }).at(0).at(0).value_or("");
}

void SparkCatalog::setCurrentDatabase(const std::string& name) const {
  Ask(session_, [&](auto* call) { call->mutable_set_current_database()->set_db_name(name); });
}

std::vector<SparkCatalog::Database> SparkCatalog::listDatabases(const std::string& pattern) const {
  std::vector<Database> databases;
  for (const Row& row : Ask(session_, [&](auto* call) { call->mutable_list_databases()->set_pattern(pattern); })) {
    databases.push_back({row.at(0).value_or(""), row.at(1), row.at(2), row.at(3).value_or("")});
  }
  return databases;
}

bool SparkCatalog::databaseExists(const std::string& name) const {
  return IsTrue(Ask(session_, [&](auto* call) { call->mutable_database_exists()->set_db_name(name); }).at(0).at(0));
}

std::vector<SparkCatalog::Table> SparkCatalog::listTables(const std::string& database,
                                                          const std::string& pattern) const {
  std::vector<Table> tables;
  const auto rows = Ask(session_, [&](auto* call) {
    if (!database.empty()) call->mutable_list_tables()->set_db_name(database);
    call->mutable_list_tables()->set_pattern(pattern);
  });
  for (const Row& row : rows) tables.push_back(TableOf(row));
  return tables;
}

SparkCatalog::Table SparkCatalog::getTable(const std::string& name) const {
  return TableOf(Ask(session_, [&](auto* call) { call->mutable_get_table()->set_table_name(name); }).at(0));
}

bool SparkCatalog::tableExists(const std::string& name) const {
  return IsTrue(Ask(session_, [&](auto* call) { call->mutable_table_exists()->set_table_name(name); }).at(0).at(0));
}

std::vector<SparkCatalog::ColumnInfo> SparkCatalog::listColumns(const std::string& name) const {
  std::vector<ColumnInfo> columns;
  for (const Row& row : Ask(session_, [&](auto* call) { call->mutable_list_columns()->set_table_name(name); })) {
    columns.push_back(
        {row.at(0).value_or(""), row.at(1), row.at(2).value_or(""), IsTrue(row.at(3)), IsTrue(row.at(4))});
  }
  return columns;
}

bool SparkCatalog::functionExists(const std::string& name) const {
  return IsTrue(
      Ask(session_, [&](auto* call) { call->mutable_function_exists()->set_function_name(name); }).at(0).at(0));
}

bool SparkCatalog::dropTempView(const std::string& name) const {
  return IsTrue(Ask(session_, [&](auto* call) { call->mutable_drop_temp_view()->set_view_name(name); }).at(0).at(0));
}

bool SparkCatalog::dropGlobalTempView(const std::string& name) const {
  return IsTrue(
      Ask(session_, [&](auto* call) { call->mutable_drop_global_temp_view()->set_view_name(name); }).at(0).at(0));
}

}  // namespace sluice
