// SPDX-License-Identifier: Apache-2.0
#include "service/alter_partitions.h"

#include <fmt/format.h>

#include <algorithm>

#include "analysis/name_parts.h"
#include "base/spark_error.h"
#include "catalog/catalog_errors.h"
#include "session/session.h"
#include "session/table_partitions.h"

namespace sluice::service {
namespace {

using Wanted = TablePartitions::Wanted;

// `operation`: "ALTER TABLE ADD PARTITION".
Status CheckPartitioned(const TableRecord& table, const std::string& operation) {
  if (!table.partition_columns.empty()) return Status::OK();
  return UserError("_LEGACY_ERROR_TEMP_1251",
                   fmt::format("{} is not for {}, which has no partitions.", operation, table.name.table),
                   {{"action", operation}, {"tableName", table.name.table}});
}

// Readers of a table that a streaming query writes see what its log names, and not its folders.
Status CheckNoLog(Session* session, const TableRecord& table) {
  SLUICE_ASSIGN(const bool streamed, session->catalog().warehouse().HasSinkLog(table));
  if (!streamed) return Status::OK();
  return UserError("SLUICE_SINK_IN_USE",
                   fmt::format("A streaming query writes the table {}, whose readers see what its log names: its "
                               "partitions are those of the log.",
                               QuotedName(table.name.Parts())));
}

Result<std::vector<Wanted>> ResolveAll(const TablePartitions& partitions,
                                       const std::vector<sql::PartitionSpec>& specs) {
  std::vector<Wanted> all;
  for (const sql::PartitionSpec& spec : specs) {
    SLUICE_ASSIGN(all.emplace_back(), partitions.Resolve(spec));
    if (!all.back().HasEmptyText()) continue;
    const std::string details =
        fmt::format("The spec ([{}]) contains an empty partition column value", all.back().Listed());
    return UserError("_LEGACY_ERROR_TEMP_1076", fmt::format("PARTITION is not valid here. {}.", details),
                     {{"details", details}});
  }
  return all;
}

// "`s`.`t`": as these errors name a table.
std::string ShortName(const TableRecord& table) {
  return QuotedName({table.name.database, table.name.table});
}

std::string ShownAll(const std::vector<Wanted>& all) {
  std::string shown;
  for (const Wanted& wanted : all) shown += (shown.empty() ? "" : ", ") + wanted.Shown();
  return shown;
}

Status NotFound(const TableRecord& table, const std::vector<Wanted>& missing, const char* advice) {
  const std::string shown = ShownAll(missing);
  return UserError("PARTITIONS_NOT_FOUND", fmt::format("The table {} has no {}.{}", ShortName(table), shown, advice),
                   {{"partitionList", shown}, {"tableName", ShortName(table)}});
}

Status CheckComplete(const TableRecord& table, const Wanted& wanted) {
  if (wanted.IsComplete()) return Status::OK();
  std::string columns;
  for (const std::string& column : table.partition_columns) columns += (columns.empty() ? "" : ", ") + column;
  const std::string name = QuotedName(table.name.Parts());
  return UserError(
      "_LEGACY_ERROR_TEMP_1232",
      fmt::format("PARTITION names ({}), but the partitions of {} have ({}).", wanted.Names(), name, columns),
      {{"specKeys", wanted.Names()}, {"partitionColumnNames", columns}, {"tableName", name}});
}

}  // namespace

Status AddPartitions(Session* session, const TableRecord& table, const sql::AlterTable::AddPartitions& add) {
  SLUICE_RETURN_IF_ERROR(CheckPartitioned(table, "ALTER TABLE ADD PARTITION"));
  SLUICE_RETURN_IF_ERROR(CheckFinished(table));
  SLUICE_RETURN_IF_ERROR(CheckNoLog(session, table));
  SLUICE_ASSIGN(TablePartitions partitions, TablePartitions::Make(session, table));
  SLUICE_ASSIGN(const std::vector<Wanted> all, ResolveAll(partitions, add.partitions));
  std::vector<Wanted> present;
  std::vector<Wanted> absent;
  for (const Wanted& wanted : all) {
    SLUICE_RETURN_IF_ERROR(CheckComplete(table, wanted));
    (partitions.Names(&wanted).empty() ? absent : present).push_back(wanted);
  }
  if (!present.empty() && !add.if_not_exists) {
    const std::string shown = ShownAll(present);
    return UserError("PARTITIONS_ALREADY_EXIST",
                     fmt::format("The table {} has {} already. Add IF NOT EXISTS to pass over what is there.",
                                 ShortName(table), shown),
                     {{"partitionList", shown}, {"tableName", ShortName(table)}});
  }
  for (const Wanted& wanted : absent) SLUICE_RETURN_IF_ERROR(partitions.Add(wanted));
  return Status::OK();
}

Status DropPartitions(Session* session, const TableRecord& table, const sql::AlterTable::DropPartitions& drop) {
  SLUICE_RETURN_IF_ERROR(CheckPartitioned(table, "ALTER TABLE DROP PARTITION"));
  SLUICE_RETURN_IF_ERROR(CheckFinished(table));
  SLUICE_RETURN_IF_ERROR(CheckNoLog(session, table));
  SLUICE_ASSIGN(TablePartitions partitions, TablePartitions::Make(session, table));
  SLUICE_ASSIGN(const std::vector<Wanted> all, ResolveAll(partitions, drop.partitions));
  std::vector<Wanted> present;
  std::vector<Wanted> missing;
  for (const Wanted& wanted : all) {
    const bool found = wanted.IsComplete() && !partitions.Names(&wanted).empty();
    (found ? present : missing).push_back(wanted);
  }
  if (!missing.empty() && !drop.if_exists) {
    return NotFound(table, missing, " Add IF EXISTS to drop what may not be there.");
  }
  if (table.is_external() && !present.empty()) {
    return NotSupported(
        fmt::format("DROP PARTITION of {} is not supported by Sluice: the files of an external table stay where they "
                    "are, and its partitions are what is found there. Delete the folder itself.",
                    QuotedName(table.name.Parts())));
  }
  for (const Wanted& wanted : present) SLUICE_RETURN_IF_ERROR(partitions.Drop(wanted));
  return Status::OK();
}

Status RecoverPartitions(const TableRecord& table, const std::string& operation) {
  if (!table.partition_columns.empty()) return Status::OK();
  const std::string name = QuotedName(table.name.Parts());
  return UserError("NOT_A_PARTITIONED_TABLE",
                   fmt::format("{} is not for {}, which has no partitions.", operation, name),
                   {{"operation", operation}, {"tableIdentWithDB", name}});
}

Status RepairTable(Session* session, const sql::RepairTable& repair) {
  const SessionCatalog catalog = session->catalog();
  SLUICE_RETURN_IF_ERROR(catalog.CheckNoView(repair.name, "MSCK REPAIR TABLE"));
  SLUICE_ASSIGN(const TableRecord table, catalog.GetTable(repair.name));
  return RecoverPartitions(table, "MSCK REPAIR TABLE");
}

Result<FoundPartition> FindPartition(Session* session, const sql::Name& name, const sql::PartitionSpec& spec) {
  const SessionCatalog catalog = session->catalog();
  SLUICE_RETURN_IF_ERROR(catalog.CheckNoView(name, "SHOW TABLE EXTENDED ... PARTITION ..."));
  SLUICE_ASSIGN(TableRecord table, catalog.GetTable(name));
  SLUICE_RETURN_IF_ERROR(CheckPartitioned(table, "SHOW TABLE EXTENDED"));
  SLUICE_RETURN_IF_ERROR(CheckFinished(table));
  SLUICE_ASSIGN(const TablePartitions partitions, TablePartitions::Make(session, table));
  SLUICE_ASSIGN(const std::vector<Wanted> wanted, ResolveAll(partitions, {spec}));
  SLUICE_RETURN_IF_ERROR(CheckComplete(table, wanted[0]));
  if (partitions.Names(wanted.data()).empty()) return NotFound(table, wanted, "");
  return FoundPartition{std::move(table), wanted[0].InOrder(), wanted[0].Folder()};
}

Result<std::vector<std::string>> PartitionsOf(Session* session, const sql::Name& name,
                                              const std::optional<sql::PartitionSpec>& wanted) {
  const SessionCatalog catalog = session->catalog();
  SLUICE_RETURN_IF_ERROR(catalog.CheckNoView(name, "SHOW PARTITIONS"));
  SLUICE_ASSIGN(const TableRecord table, catalog.GetTable(name));
  if (table.partition_columns.empty()) {
    const std::string full = QuotedName(table.name.Parts());
    return UserError("INVALID_PARTITION_OPERATION.PARTITION_SCHEMA_IS_EMPTY",
                     fmt::format("The table {} has no partitions.", full), {{"name", full}});
  }
  SLUICE_RETURN_IF_ERROR(CheckFinished(table));
  SLUICE_ASSIGN(const TablePartitions partitions, TablePartitions::Make(session, table));
  if (!wanted) return partitions.Names();
  SLUICE_ASSIGN(const Wanted values, partitions.Resolve(*wanted));
  return partitions.Names(&values);
}

}  // namespace sluice::service
