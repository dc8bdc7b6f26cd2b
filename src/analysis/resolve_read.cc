// SPDX-License-Identifier: Apache-2.0
#include <arrow/api.h>
#include <arrow/io/memory.h>
#include <arrow/ipc/reader.h>
#include <fmt/format.h>

#include <algorithm>

#include "analysis/name_parts.h"
#include "analysis/relations.h"
#include "analysis/sql/parser.h"
#include "analysis/sql/token_cursor.h"
#include "base/spark_error.h"
#include "expr/session_context.h"
#include "types/spark_type.h"

namespace sluice {
namespace {

ResolvedRelation WithQualifier(PlanPtr plan, const std::vector<std::string>& qualifier) {
  ResolvedRelation result;
  result.scope = Scope::Of(*plan->schema, qualifier);
  result.plan = std::move(plan);
  return result;
}

// The rows under the names and types of a wanted schema.
Result<std::shared_ptr<arrow::RecordBatch>> WithSchema(const std::shared_ptr<arrow::RecordBatch>& batch,
                                                       const std::shared_ptr<arrow::Schema>& schema,
                                                       const SessionOptions& options) {
  if (schema->num_fields() != batch->num_columns()) {
    return UserError("SLUICE_LOCAL_RELATION.COLUMN_COUNT", fmt::format("The local data have {} columns, the schema {}.",
                                                                       batch->num_columns(), schema->num_fields()));
  }
  std::vector<ExprPtr> casts;
  const EvalContext context = ContextOf(options, 0);
  Evaluation evaluation(*batch, context);
  std::vector<std::shared_ptr<arrow::Array>> columns;
  for (int i = 0; i < schema->num_fields(); ++i) {
    const auto& field = *batch->schema()->field(i);
    ExprPtr column = std::make_shared<ColumnExpr>(i, field.name(), field.type(), field.nullable());
    if (!field.type()->Equals(*schema->field(i)->type())) {
      SLUICE_ASSIGN(column, MakeCast(std::move(column), schema->field(i)->type(), CastMode::kAnsi));
    }
    SLUICE_ASSIGN(auto values, evaluation.Eval(column));
    columns.push_back(std::move(values));
    casts.push_back(std::move(column));
  }
  return arrow::RecordBatch::Make(schema, batch->num_rows(), std::move(columns));
}

// Formats of files that Spark reads by their path, itself or with a package.
bool IsFileFormat(const std::string& name) {
  for (const char* format : {"orc", "avro", "xml", "delta", "iceberg", "hudi", "binaryFile"}) {
    if (sql::EqualsIgnoringCase(name, format)) return true;
  }
  return false;
}

// A view, or format.`path`.
Result<ResolvedRelation> ResolveNamedTable(RelationContext& context, const spark::connect::Read& read) {
  const auto& table = read.named_table();
  SLUICE_ASSIGN(const std::vector<std::string> parts, ParseNameParts(table.unparsed_identifier()));
  if (parts.size() == 1) {
    // DataFrames that spark.sql was given by name.
    const spark::connect::Relation* given = context.FindView(parts[0]);
    if (given != nullptr) return context.Resolve(*given);
  }
  SLUICE_ASSIGN(PlanPtr view, context.catalog()->FindView(parts));
  if (view != nullptr) {
    if (read.is_streaming() && !IsStreaming(*view)) {
      return NotSupported(fmt::format("The view {} is no stream, so STREAM cannot read it.", QuotedName(parts)));
    }
    return WithQualifier(std::move(view), parts);
  }
  const std::map<std::string, std::string> options(table.options().begin(), table.options().end());
  SLUICE_ASSIGN(PlanPtr found, context.catalog()->FindTable(parts, options, read.is_streaming()));
  if (found != nullptr) {
    const std::string database = parts.size() > 1 ? parts[parts.size() - 2] : context.catalog()->CurrentDatabase();
    return WithQualifier(std::move(found), {"spark_catalog", database, parts.back()});
  }
  if (parts.size() == 2 && context.catalog()->HasFormat(parts[0])) {
    ScanSpec spec;
    spec.format = parts[0];
    spec.paths = {parts[1]};
    spec.options.insert(table.options().begin(), table.options().end());
    spec.streaming = read.is_streaming();
    SLUICE_ASSIGN(PlanPtr plan, context.catalog()->ResolveScan(std::move(spec), nullptr));
    return WithQualifier(std::move(plan), {});
  }
  if (parts.size() == 2 && IsFileFormat(parts[0])) {
    return NotSupported(
        fmt::format("Reading {0} files, as in {0}.`{1}`; there are csv, json, parquet and text.", parts[0], parts[1]));
  }
  if (parts.size() > 3 || (parts.size() == 3 && !sql::EqualsIgnoringCase(parts[0], "spark_catalog"))) {
    return UserError(
        "REQUIRES_SINGLE_PART_NAMESPACE",
        fmt::format("spark_catalog, the one catalog, needs a schema of one part: {} has another.", QuotedName(parts)),
        {{"sessionCatalog", "spark_catalog"}, {"identifier", QuotedName(parts)}});
  }
  return UserError(
      "TABLE_OR_VIEW_NOT_FOUND",
      fmt::format("The table or view {} cannot be found. Check its spelling, and that of its schema; a name without a "
                  "schema is looked for in the current one. A folder is read by its path, as in parquet.`/path`.",
                  QuotedName(parts)),
      {{"relationName", QuotedName(parts)},
       {"searchPath", "[`system`.`builtin`, `system`.`session`, " +
                          QuotedName({"spark_catalog", context.catalog()->CurrentDatabase()}) + "]"}});
}

}  // namespace

Result<ResolvedRelation> ResolveRead(RelationContext& context, const spark::connect::Relation& relation) {
  const spark::connect::Read& read = relation.read();
  if (read.has_named_table()) return ResolveNamedTable(context, read);
  const auto& source = read.data_source();
  if (source.predicates_size() > 0) return NotSupported("Predicates of a JDBC source are not supported by Sluice.");
  ScanSpec spec;
  spec.format = source.format();
  spec.options.insert(source.options().begin(), source.options().end());
  spec.paths.assign(source.paths().begin(), source.paths().end());
  spec.streaming = read.is_streaming();
  std::shared_ptr<arrow::Schema> schema;
  if (source.has_schema() && !source.schema().empty()) {
    SLUICE_ASSIGN(schema, ParseSparkSchema(source.schema()));
  }
  SLUICE_ASSIGN(PlanPtr plan, context.catalog()->ResolveScan(std::move(spec), std::move(schema)));
  return WithQualifier(std::move(plan), {});
}

Result<ResolvedRelation> ResolveLocal(RelationContext& context, const spark::connect::Relation& relation) {
  const spark::connect::LocalRelation& local = relation.local_relation();
  plan::LocalRows node;
  std::shared_ptr<arrow::Schema> schema;
  std::shared_ptr<arrow::Schema> wanted;
  if (local.has_schema() && !local.schema().empty()) {
    SLUICE_ASSIGN(wanted, ParseSparkSchema(local.schema()));
  }
  if (local.has_data() && !local.data().empty()) {
    auto buffer = arrow::Buffer::FromString(local.data());
    SLUICE_ASSIGN(auto reader, arrow::ipc::RecordBatchStreamReader::Open(
                                   std::make_shared<arrow::io::BufferReader>(std::move(buffer))));
    std::vector<std::shared_ptr<arrow::Field>> fields;
    for (const auto& field : reader->schema()->fields()) {
      SLUICE_ASSIGN(auto type, ToEngineType(field->type()));
      fields.push_back(arrow::field(field->name(), std::move(type), field->nullable()));
    }
    schema = arrow::schema(std::move(fields));
    while (true) {
      std::shared_ptr<arrow::RecordBatch> batch;
      SLUICE_RETURN_IF_ERROR(reader->ReadNext(&batch));
      if (batch == nullptr) break;
      SLUICE_RETURN_IF_ERROR(batch->ValidateFull());
      SLUICE_ASSIGN(batch, ToEngineBatch(batch));
      if (wanted != nullptr) {
        SLUICE_ASSIGN(batch, WithSchema(batch, wanted, context.options()));
      }
      node.rows.push_back(std::move(batch));
    }
  }
  if (wanted != nullptr) schema = wanted;
  if (schema == nullptr) {
    return UserError("SLUICE_LOCAL_RELATION.EMPTY", "A local relation has neither data nor a schema.");
  }
  return WithQualifier(MakeNode(std::move(node), {}, std::move(schema)), {});
}

Result<ResolvedRelation> ResolveRange(RelationContext&, const spark::connect::Relation& relation) {
  const spark::connect::Range& range = relation.range();
  if (range.step() == 0) return UserError("SLUICE_RANGE_STEP", "The step of a range must not be 0.");
  return WithQualifier(MakeNode(plan::Range{range.start(), range.end(), range.step()}, {},
                                arrow::schema({arrow::field("id", arrow::int64(), false)})),
                       {});
}

Result<ResolvedRelation> ResolveSql(RelationContext& context, const spark::connect::Relation& relation) {
  const spark::connect::SQL& sql = relation.sql();
  SLUICE_ASSIGN(const spark::connect::Relation query, ParseQuerySql(sql.query(), OptionsOf(sql, context.options())));
  return context.Resolve(query);
}

Result<ResolvedRelation> ResolveFrame(RelationContext& context, const spark::connect::Relation& relation) {
  ResolvedRelation result;
  SLUICE_ASSIGN(result.plan, context.catalog()->FindFrame(relation.cached_remote_relation().relation_id()));
  result.scope = Scope::Of(*result.plan->schema);
  return result;
}

}  // namespace sluice
