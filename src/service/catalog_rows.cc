// SPDX-License-Identifier: Apache-2.0
#include "service/catalog_rows.h"

#include <arrow/api.h>
#include <fmt/format.h>

#include "analysis/name_parts.h"
#include "base/spark_error.h"
#include "exec/local.h"
#include "session/session.h"
#include "types/spark_type.h"

namespace sluice::service {
namespace {

using spark::connect::Catalog;

constexpr char kCatalog[] = "spark_catalog";
constexpr char kDatabase[] = "default";

std::unique_ptr<Operator> RowsOf(std::shared_ptr<arrow::RecordBatch> batch) {
  auto schema = batch->schema();
  std::vector<std::shared_ptr<arrow::RecordBatch>> batches;
  if (batch->num_rows() > 0) batches.push_back(std::move(batch));
  return std::make_unique<LocalOperator>(std::move(schema), std::move(batches));
}

Result<std::unique_ptr<Operator>> OneValue(const std::shared_ptr<arrow::Scalar>& value) {
  SLUICE_ASSIGN(auto column, arrow::MakeArrayFromScalar(*value, 1));
  const auto schema = arrow::schema({arrow::field("value", value->type, false)});
  return RowsOf(arrow::RecordBatch::Make(schema, 1, {std::move(column)}));
}

Result<std::unique_ptr<Operator>> Bool(bool value) {
  return OneValue(std::make_shared<arrow::BooleanScalar>(value));
}

Result<std::unique_ptr<Operator>> Text(const std::string& value) {
  return OneValue(std::make_shared<arrow::StringViewScalar>(arrow::Buffer::FromString(value)));
}

std::unique_ptr<Operator> Nothing() {
  return RowsOf(arrow::RecordBatch::Make(arrow::schema({}), 0, std::vector<std::shared_ptr<arrow::Array>>()));
}

// A view has no catalog and no namespace.
Result<std::unique_ptr<Operator>> Views(const Session& session) {
  arrow::StringViewBuilder names;
  arrow::StringViewBuilder types;
  arrow::BooleanBuilder temporary;
  const std::vector<std::string> views = session.ViewNames();
  for (const std::string& view : views) {
    SLUICE_RETURN_IF_ERROR(names.Append(view));
    SLUICE_RETURN_IF_ERROR(types.Append("TEMPORARY"));
    SLUICE_RETURN_IF_ERROR(temporary.Append(true));
  }
  const auto count = static_cast<int64_t>(views.size());
  const auto space_type = ArrayType(StringType());
  SLUICE_ASSIGN(auto name, names.Finish());
  SLUICE_ASSIGN(auto type, types.Finish());
  SLUICE_ASSIGN(auto is_temporary, temporary.Finish());
  SLUICE_ASSIGN(auto none, arrow::MakeArrayOfNull(StringType(), count));
  SLUICE_ASSIGN(auto no_space, arrow::MakeArrayOfNull(space_type, count));
  const auto schema = arrow::schema({arrow::field("name", StringType()), arrow::field("catalog", StringType()),
                                     arrow::field("namespace", space_type), arrow::field("description", StringType()),
                                     arrow::field("tableType", StringType(), false),
                                     arrow::field("isTemporary", arrow::boolean(), false)});
  return RowsOf(arrow::RecordBatch::Make(schema, count, {name, none, no_space, none, type, is_temporary}));
}

Result<bool> Exists(Session* session, const spark::connect::TableExists& call) {
  if (call.has_db_name() && !call.db_name().empty() && call.db_name() != kDatabase) return false;
  SLUICE_ASSIGN(const auto parts, ParseNameParts(call.table_name()));
  SLUICE_ASSIGN(const PlanPtr view, session->FindView(parts));
  return view != nullptr;
}

}  // namespace

Result<std::unique_ptr<Operator>> CatalogRows(Session* session, const Catalog& call) {
  switch (call.cat_type_case()) {
    case Catalog::kCurrentDatabase:
      return Text(kDatabase);
    case Catalog::kCurrentCatalog:
      return Text(kCatalog);
    case Catalog::kDatabaseExists:
      return Bool(call.database_exists().db_name() == kDatabase);
    case Catalog::kTableExists: {
      SLUICE_ASSIGN(const bool exists, Exists(session, call.table_exists()));
      return Bool(exists);
    }
    case Catalog::kListTables:
      if (call.list_tables().has_pattern()) return NotSupported("listTables with a pattern is not supported.");
      return Views(*session);
    case Catalog::kDropTempView:
      return Bool(session->DropView(call.drop_temp_view().view_name()));
    case Catalog::kIsCached:
      return Bool(false);
    // Nothing is cached, and every query looks at the files anew.
    case Catalog::kCacheTable:
    case Catalog::kUncacheTable:
    case Catalog::kClearCache:
    case Catalog::kRefreshTable:
    case Catalog::kRefreshByPath:
      return Nothing();
    default: {
      const auto* field = Catalog::descriptor()->FindFieldByNumber(call.cat_type_case());
      return NotSupported(
          fmt::format("The call {} of the catalog is not supported by Sluice, which has no tables of "
                      "its own.",
                      field == nullptr ? "(none)" : field->name()));
    }
  }
}

}  // namespace sluice::service
