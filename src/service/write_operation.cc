// SPDX-License-Identifier: Apache-2.0
#include "service/write_operation.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>

#include "analysis/name_parts.h"
#include "base/spark_error.h"
#include "connectors/options.h"
#include "session/batch_write.h"
#include "session/session.h"
#include "types/spark_type.h"

namespace sluice::service {
namespace {

using spark::connect::WriteOperation;

Status RefuseWhatIsNotThere(const WriteOperation& write) {
  if (write.has_bucket_by()) return NotSupported("bucketBy is not supported.");
  if (write.sort_column_names_size() > 0) return NotSupported("sortBy is not supported.");
  if (write.clustering_columns_size() > 0) return NotSupported("clusterBy is not supported.");
  return Status::OK();
}

SaveMode ModeOf(const WriteOperation& write) {
  switch (write.mode()) {
    case WriteOperation::SAVE_MODE_APPEND:
      return SaveMode::kAppend;
    case WriteOperation::SAVE_MODE_OVERWRITE:
      return SaveMode::kOverwrite;
    case WriteOperation::SAVE_MODE_IGNORE:
      return SaveMode::kIgnore;
    default:
      return SaveMode::kErrorIfExists;
  }
}

// The one name of a table that a session can have. The table is a folder that the session knows by this name.
Result<std::string> TableName(Session* session, const WriteOperation& write, const BatchWrite& rows) {
  const auto& table = write.table();
  if (table.save_method() == WriteOperation::SaveTable::TABLE_SAVE_METHOD_INSERT_INTO) {
    return NotSupported("insertInto is not supported: write to the folder of the table.");
  }
  SLUICE_ASSIGN(const std::vector<std::string> parts, ParseNameParts(table.table_name()));
  if (parts.size() != 1) return NotSupported("A table in a schema is not supported: there is no catalog of tables.");
  if (rows.path.empty()) {
    return NotSupported(
        "A table without a folder is not supported: there is no warehouse. Name one by LOCATION, or by "
        "the option path of saveAsTable.");
  }
  SLUICE_ASSIGN(const PlanPtr present, session->FindView(parts));
  if (present != nullptr && rows.mode == SaveMode::kErrorIfExists) {
    return UserError("TABLE_OR_VIEW_ALREADY_EXISTS",
                     fmt::format("Cannot create table or view `{}` because it already exists.", parts[0]),
                     {{"relationName", "`" + parts[0] + "`"}});
  }
  return parts[0];
}

Status NameTable(Session* session, const std::string& name, const BatchWrite& rows) {
  spark::connect::Relation relation;
  auto* source = relation.mutable_read()->mutable_data_source();
  source->set_format(rows.format);
  source->add_paths(rows.path);
  for (const auto& [key, value] : rows.options) (*source->mutable_options())[key] = value;
  source->mutable_options()->erase("path");
  source->set_schema(SchemaToSparkJson(*rows.plan->schema));
  SLUICE_ASSIGN(PlanPtr plan, session->Resolve(relation));
  session->SetView(name, std::move(plan));
  return Status::OK();
}

}  // namespace

Result<Responses> WriteRelation(Session* session, const WriteOperation& write) {
  SLUICE_RETURN_IF_ERROR(RefuseWhatIsNotThere(write));
  BatchWrite rows;
  rows.format =
      write.has_source() && !write.source().empty() ? write.source() : session->conf().Get("spark.sql.sources.default");
  rows.mode = ModeOf(write);
  for (const auto& [name, value] : write.options()) rows.options[name] = value;
  rows.path = write.path().empty() ? Options(rows.options).Get("path", "") : write.path();
  rows.partition_columns.assign(write.partitioning_columns().begin(), write.partitioning_columns().end());
  std::string table;
  if (write.has_table()) {
    SLUICE_ASSIGN(table, TableName(session, write, rows));
  }
  SLUICE_ASSIGN(rows.plan, session->Resolve(write.input()));
  if (IsStreaming(*rows.plan)) {
    return UserError("WRITE_STREAM_NOT_ALLOWED", "A streaming relation is written by writeStream, not by write.");
  }
  SLUICE_RETURN_IF_ERROR(WriteBatch(session, rows));
  if (!table.empty()) SLUICE_RETURN_IF_ERROR(NameTable(session, table, rows));
  return Responses{};
}

}  // namespace sluice::service
