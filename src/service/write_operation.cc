// SPDX-License-Identifier: Apache-2.0
#include "service/write_operation.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>

#include "analysis/name_parts.h"
#include "analysis/sql/token_cursor.h"
#include "base/spark_error.h"
#include "connectors/options.h"
#include "exec/observe.h"
#include "service/observed_metrics.h"
#include "session/batch_write.h"
#include "session/session.h"
#include "session/table_write.h"

namespace sluice::service {
namespace {

using spark::connect::WriteOperation;
using spark::connect::WriteOperationV2;

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

Result<PlanPtr> BatchPlanOf(Session* session, const spark::connect::Relation& relation, Measurements* measurements) {
  SLUICE_ASSIGN(PlanPtr plan, session->Resolve(relation));
  if (!IsStreaming(*plan)) return WithMeasurements(plan, &session->process().budget(), measurements);
  return UserError("WRITE_STREAM_NOT_ALLOWED", "A streaming relation is written by writeStream, not by write.");
}

Status InsertRelation(Session* session, const WriteOperation& write, Measurements* measurements) {
  const std::string& name = write.table().table_name();
  if (write.partitioning_columns_size() > 0) {
    return UserError("PARTITION_BY_NOT_ALLOWED_WITH_INSERT_INTO",
                     fmt::format("insertInto takes no partitionBy: the table {} has its own partitions.", name),
                     {{"tableName", name}});
  }
  TableInsert insert;
  SLUICE_ASSIGN(insert.name, ParseNameParts(name));
  insert.overwrite = write.mode() == WriteOperation::SAVE_MODE_OVERWRITE;
  SLUICE_ASSIGN(insert.plan, BatchPlanOf(session, write.input(), measurements));
  return InsertIntoTable(session, insert);
}

// The options of the format, and the place that the option path names.
void SetOptions(const google::protobuf::Map<std::string, std::string>& options, TableSpec* spec) {
  for (const auto& [name, value] : options) {
    (sql::EqualsIgnoringCase(name, "path") ? spec->location : spec->options[name]) = value;
  }
}

Status SaveRelation(Session* session, const WriteOperation& write, Measurements* measurements) {
  TableSpec spec;
  SLUICE_ASSIGN(spec.name, ParseNameParts(write.table().table_name()));
  spec.format = write.source();
  SetOptions(write.options(), &spec);
  spec.partition_columns.assign(write.partitioning_columns().begin(), write.partitioning_columns().end());
  SLUICE_ASSIGN(const PlanPtr plan, BatchPlanOf(session, write.input(), measurements));
  return SaveAsTable(session, spec, plan, ModeOf(write));
}

// partitionedBy(col("k"))
Result<std::string> PartitionColumn(const spark::connect::Expression& expression) {
  if (!expression.has_unresolved_attribute()) {
    return NotSupported("writeTo(..).partitionedBy with anything but columns is not supported.");
  }
  SLUICE_ASSIGN(auto parts, ParseNameParts(expression.unresolved_attribute().unparsed_identifier()));
  if (parts.size() == 1) return std::move(parts[0]);
  return NotSupported("writeTo(..).partitionedBy with a field of a column is not supported.");
}

// create, replace and createOrReplace: the table becomes what the query and the call say.
Status DefineTable(Session* session, const WriteOperationV2& write, Measurements* measurements) {
  TableSpec spec;
  SLUICE_ASSIGN(spec.name, ParseNameParts(write.table_name()));
  spec.format = write.provider();
  SetOptions(write.options(), &spec);
  spec.properties.insert(write.table_properties().begin(), write.table_properties().end());
  for (const auto& column : write.partitioning_columns()) {
    SLUICE_ASSIGN(spec.partition_columns.emplace_back(), PartitionColumn(column));
  }
  if (write.mode() == WriteOperationV2::MODE_REPLACE) {
    SLUICE_RETURN_IF_ERROR(session->catalog().GetTable(spec.name, Lookup::kQuery).status());
  }
  SLUICE_ASSIGN(const PlanPtr plan, BatchPlanOf(session, write.input(), measurements));
  const bool create = write.mode() == WriteOperationV2::MODE_CREATE;
  return SaveAsTable(session, spec, plan, create ? SaveMode::kErrorIfExists : SaveMode::kOverwrite);
}

// append, overwritePartitions, and overwrite of all rows. How an overwrite goes about partitions is the session's to
// say: another way than the call's is refused.
Status AddToTable(Session* session, const WriteOperationV2& write, Measurements* measurements) {
  TableInsert insert;
  SLUICE_ASSIGN(insert.name, ParseNameParts(write.table_name()));
  insert.by_name = true;
  insert.overwrite = write.mode() != WriteOperationV2::MODE_APPEND;
  const bool dynamic =
      sql::EqualsIgnoringCase(session->conf().Get("spark.sql.sources.partitionOverwriteMode"), "dynamic");
  if (write.mode() == WriteOperationV2::MODE_OVERWRITE_PARTITIONS && !dynamic) {
    return NotSupported(
        "writeTo(..).overwritePartitions() needs spark.sql.sources.partitionOverwriteMode=dynamic in the session.");
  }
  if (write.mode() == WriteOperationV2::MODE_OVERWRITE &&
      (!write.overwrite_condition().literal().boolean() || dynamic)) {
    SLUICE_ASSIGN(const TableRecord table, session->catalog().GetTable(insert.name, Lookup::kQuery));
    return UserError(
        "_LEGACY_ERROR_TEMP_1012",
        fmt::format("Rows of the table {} cannot be replaced by a condition. overwrite(lit(True)) replaces "
                    "all, with spark.sql.sources.partitionOverwriteMode=static in the session.",
                    QuotedName(table.name.Parts())),
        {{"identifier", QuotedName(table.name.Parts())}});
  }
  SLUICE_ASSIGN(insert.plan, BatchPlanOf(session, write.input(), measurements));
  return InsertIntoTable(session, insert);
}

}  // namespace

Result<Responses> WriteRelation(Session* session, const WriteOperation& write) {
  SLUICE_RETURN_IF_ERROR(RefuseWhatIsNotThere(write));
  Measurements measurements;
  if (write.has_table()) {
    const bool insert = write.table().save_method() == WriteOperation::SaveTable::TABLE_SAVE_METHOD_INSERT_INTO;
    SLUICE_RETURN_IF_ERROR(insert ? InsertRelation(session, write, &measurements)
                                  : SaveRelation(session, write, &measurements));
    return ObservedMetricsOf(measurements);
  }
  BatchWrite rows;
  rows.format =
      write.has_source() && !write.source().empty() ? write.source() : session->conf().Get("spark.sql.sources.default");
  rows.mode = ModeOf(write);
  for (const auto& [name, value] : write.options()) rows.options[name] = value;
  rows.path = write.path().empty() ? Options(rows.options).Get("path", "") : write.path();
  rows.partition_columns.assign(write.partitioning_columns().begin(), write.partitioning_columns().end());
  SLUICE_ASSIGN(rows.plan, BatchPlanOf(session, write.input(), &measurements));
  SLUICE_RETURN_IF_ERROR(WriteBatch(session, rows));
  return ObservedMetricsOf(measurements);
}

Result<Responses> WriteRelationV2(Session* session, const WriteOperationV2& write) {
  if (write.clustering_columns_size() > 0) return NotSupported("clusterBy is not supported.");
  Measurements measurements;
  switch (write.mode()) {
    case WriteOperationV2::MODE_CREATE:
    case WriteOperationV2::MODE_REPLACE:
    case WriteOperationV2::MODE_CREATE_OR_REPLACE:
      SLUICE_RETURN_IF_ERROR(DefineTable(session, write, &measurements));
      break;
    case WriteOperationV2::MODE_APPEND:
    case WriteOperationV2::MODE_OVERWRITE:
    case WriteOperationV2::MODE_OVERWRITE_PARTITIONS:
      SLUICE_RETURN_IF_ERROR(AddToTable(session, write, &measurements));
      break;
    default:
      return NotSupported(
          fmt::format("writeTo(..) with {} is not supported.", WriteOperationV2::Mode_Name(write.mode())));
  }
  return ObservedMetricsOf(measurements);
}

}  // namespace sluice::service
