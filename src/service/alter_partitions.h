// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <spark/connect/relations.pb.h>

#include <optional>
#include <string>
#include <vector>

#include "analysis/sql/table_statements.h"
#include "base/status.h"
#include "catalog/catalog_records.h"

namespace sluice {

class Session;

namespace service {

// Makes the folders of partitions. PARTITIONS_ALREADY_EXIST unless IF NOT EXISTS.
Status AddPartitions(Session* session, const TableRecord& table, const sql::AlterTable::AddPartitions& add);
// Deletes the files of partitions. PARTITIONS_NOT_FOUND unless IF EXISTS. Refuses external tables, whose files stay.
Status DropPartitions(Session* session, const TableRecord& table, const sql::AlterTable::DropPartitions& drop);
// RECOVER PARTITIONS and MSCK REPAIR TABLE: every query finds the folders of partitions, so there is nothing to do for
// a table that has some. `operation`: as NOT_A_PARTITIONED_TABLE names it.
Status RecoverPartitions(const TableRecord& table, const std::string& operation);
Status RepairTable(Session* session, const sql::RepairTable& repair);
// The one that SHOW TABLE EXTENDED names: PARTITIONS_NOT_FOUND.
struct FoundPartition {
  TableRecord table;
  std::string values;  // "k=a, c=8"
  std::string folder;  // below the table's
};
Result<FoundPartition> FindPartition(Session* session, const sql::Name& name, const sql::PartitionSpec& spec);
// SHOW PARTITIONS: in order of their text.
Result<std::vector<std::string>> PartitionsOf(Session* session, const sql::Name& name,
                                              const std::optional<sql::PartitionSpec>& wanted);

}  // namespace service
}  // namespace sluice
