// SPDX-License-Identifier: Apache-2.0
#include "session/stored_views.h"

#include <arrow/api.h>
#include <fmt/format.h>

#include <optional>
#include <set>
#include <utility>

#include "analysis/analyzer.h"
#include "analysis/name_parts.h"
#include "analysis/sql/parser.h"
#include "analysis/sql/token_cursor.h"
#include "base/spark_error.h"
#include "catalog/catalog_errors.h"
#include "expr/cast.h"
#include "session/session.h"
#include "types/column_comment.h"

namespace sluice {
namespace {

constexpr int kMostNested = 100;  // as spark.sql.view.maxNestedViewDepth
// What decides the meaning of a query's text.
constexpr const char* kViewSettings[] = {"spark.sql.ansi.enabled", "spark.sql.ansi.doubleQuotedIdentifiers",
                                         "spark.sql.parser.escapedStringLiterals"};

// Where a view's query is resolved: below how many other views, and for which new one. Not owned.
struct Nesting {
  int depth = 0;
  const TableName* made = nullptr;
};

Result<PlanPtr> RowsOf(Session* session, const TableRecord& record, const Nesting& nesting);

Status Recursive(const TableName& name) {
  return UserError("RECURSIVE_VIEW", fmt::format("The view {} cannot stand on itself.", QuotedName(name.Parts())),
                   {{"viewIdent", QuotedName(name.Parts())}, {"newPath", QuotedName(name.Parts())}});
}

// The catalog as the names in a view's query see it: without what a session keeps for itself.
class ViewCatalog : public Catalog {
 public:
  ViewCatalog(Session* session, std::string database, const Nesting& nesting)
      : session_(session), database_(std::move(database)), nesting_(nesting) {}

  Result<PlanPtr> FindView(const std::vector<std::string>& name) override {
    if (session_->catalog().FindView(name) != nullptr && !used_temporary_) used_temporary_ = name;
    return PlanPtr();
  }
  Result<PlanPtr> FindTable(const std::vector<std::string>& name, const std::map<std::string, std::string>& options,
                            bool streaming) override {
    std::vector<std::string> full = name;
    if (full.size() == 1) full.insert(full.begin(), database_);
    SLUICE_ASSIGN(const auto record, session_->catalog().FindRecord(full));
    if (!record || !record->view) return session_->FindTable(full, options, streaming);
    const TableName* made = nesting_.made;
    if (made != nullptr && made->Parts() == record->name.Parts()) return Recursive(*made);
    return RowsOf(session_, *record, {nesting_.depth + 1, made});
  }
  std::string CurrentDatabase() const override { return database_; }
  Result<PlanPtr> ResolveScan(ScanSpec spec, std::shared_ptr<arrow::Schema> schema) override {
    return session_->ResolveScan(std::move(spec), std::move(schema));
  }
  Result<std::vector<std::shared_ptr<arrow::RecordBatch>>> Collect(const PlanPtr& plan, int64_t most) override {
    return session_->Collect(plan, most);
  }
  bool HasFormat(const std::string& format) const override { return session_->HasFormat(format); }
  std::shared_ptr<const PythonFunction> FindFunction(const std::string& name) override {
    auto function = session_->FindFunction(name);
    if (function != nullptr && used_function_.empty()) used_function_ = name;
    return function;
  }
  Result<PythonHome> Python() override { return session_->Python(); }

  // The first temporary view whose name the query has, and the first function that its session registered.
  const std::optional<std::vector<std::string>>& used_temporary() const { return used_temporary_; }
  const std::string& used_function() const { return used_function_; }

 private:
  Session* const session_;
  const std::string database_;
  const Nesting nesting_;
  std::optional<std::vector<std::string>> used_temporary_;
  std::string used_function_;
};

Result<PlanPtr> QueryOf(ViewCatalog* catalog, const std::string& query, const Conf& conf) {
  SLUICE_ASSIGN(const auto relation, ParseQuerySql(query, ParseOptions{SessionOptions::Of(conf), ""}));
  return Analyzer(*catalog, conf).Resolve(relation);
}

// A column of the query under the view's name and type.
Result<ExprPtr> ColumnOfView(const TableRecord& record, const PlanNode& query, int i) {
  const std::string& name = record.view->query_columns[static_cast<size_t>(i)];
  const auto& wanted = *record.schema->field(i);
  int found = -1;
  int count = 0;
  for (int j = 0; j < query.schema->num_fields(); ++j) {
    if (!sql::EqualsIgnoringCase(query.schema->field(j)->name(), name)) continue;
    found = j;
    ++count;
  }
  if (count != 1) {
    const std::string view = QuotedName(record.name.Parts());
    return UserError("INCOMPATIBLE_VIEW_SCHEMA_CHANGE",
                     fmt::format("The query of the view {} must give the column {} once, and gives it {} times: the "
                                 "tables behind it have changed. Make the view anew.",
                                 view, QuotedName({name}), count),
                     {{"viewName", view},
                      {"colName", QuotedName({name})},
                      {"expectedNum", "1"},
                      {"actualCols", "[" + (count == 0 ? "" : name) + "]"},
                      {"suggestion", fmt::format("CREATE OR REPLACE VIEW {} AS {}", view, record.view->query)}});
  }
  const auto& field = *query.schema->field(found);
  const ExprPtr column = std::make_shared<ColumnExpr>(found, field.name(), field.type(), field.nullable());
  if (field.type()->Equals(*wanted.type())) return column;
  return MakeCast(column, wanted.type(), CastMode::kAnsi);
}

Result<PlanPtr> RowsOf(Session* session, const TableRecord& record, const Nesting& nesting) {
  if (nesting.depth > kMostNested) {
    return UserError(
        "VIEW_EXCEED_MAX_NESTED_DEPTH",
        fmt::format("The view {} stands on more than {} views.", QuotedName(record.name.Parts()), kMostNested),
        {{"viewName", QuotedName(record.name.Parts())}, {"maxNestedDepth", std::to_string(kMostNested)}});
  }
  Conf conf = session->conf();
  for (const auto& [key, value] : record.view->settings) SLUICE_RETURN_IF_ERROR(conf.Set(key, value));
  ViewCatalog catalog(session, record.view->database, nesting);
  SLUICE_ASSIGN(PlanPtr query, QueryOf(&catalog, record.view->query, conf));
  std::vector<ExprPtr> columns;
  arrow::FieldVector fields;
  for (int i = 0; i < record.schema->num_fields(); ++i) {
    SLUICE_ASSIGN(ExprPtr column, ColumnOfView(record, *query, i));
    fields.push_back(record.schema->field(i)->WithNullable(column->nullable()));
    columns.push_back(std::move(column));
  }
  return MakeProject(std::move(query), std::move(columns), arrow::schema(std::move(fields)));
}

Status RefuseTemporary(const TableName& name, const std::string& kind, const std::string& what) {
  return UserError("INVALID_TEMP_OBJ_REFERENCE",
                   fmt::format("The view {} outlasts its session, and so cannot use the temporary {} {}.",
                               QuotedName(name.Parts()), kind, what),
                   {{"obj", "VIEW"},
                    {"objName", QuotedName(name.Parts())},
                    {"tempObj", kind == "view" ? "VIEW" : "FUNCTION"},
                    {"tempObjName", what}});
}

Status CheckArity(const TableName& name, const ViewSpec& spec, const arrow::Schema& query) {
  const auto given = static_cast<int>(spec.columns.size());
  if (given == 0 || given == query.num_fields()) return Status::OK();
  const bool few = given > query.num_fields();
  std::vector<std::string> names;
  for (const auto& column : spec.columns) names.push_back(QuotedName({column.first}));
  std::vector<std::string> has;
  for (const auto& field : query.fields()) has.push_back(QuotedName({field->name()}));
  return UserError(few ? "CREATE_VIEW_COLUMN_ARITY_MISMATCH.NOT_ENOUGH_DATA_COLUMNS"
                       : "CREATE_VIEW_COLUMN_ARITY_MISMATCH.TOO_MANY_DATA_COLUMNS",
                   fmt::format("The view {} names {} columns, and its query has {}.", QuotedName(name.Parts()), given,
                               query.num_fields()),
                   {{"viewName", QuotedName(name.Parts())},
                    {"viewColumns", fmt::format("{}", fmt::join(names, ", "))},
                    {"dataColumns", fmt::format("{}", fmt::join(has, ", "))}});
}

Result<std::shared_ptr<arrow::Schema>> ViewColumns(const ViewSpec& spec, const arrow::Schema& query) {
  arrow::FieldVector fields;
  std::set<std::string> seen;
  for (int i = 0; i < query.num_fields(); ++i) {
    std::shared_ptr<arrow::Field> field = query.field(i);
    if (!spec.columns.empty()) {
      const auto& [name, comment] = spec.columns[static_cast<size_t>(i)];
      field = field->WithName(name);
      if (!comment.empty()) field = WithColumnComment(*field, comment);
    }
    if (!seen.insert(sql::LowerCase(field->name())).second) {
      const std::string name = QuotedName({sql::LowerCase(field->name())});
      return UserError("COLUMN_ALREADY_EXISTS", fmt::format("The column {} is there already.", name),
                       {{"columnName", name}});
    }
    fields.push_back(std::move(field));
  }
  return arrow::schema(std::move(fields));
}

}  // namespace

Result<TableRecord> NewView(Session* session, const ViewSpec& spec) {
  const SessionCatalog its = session->catalog();
  TableRecord record;
  SLUICE_ASSIGN(record.name, NewTableName(spec.name, its.current_database()));
  const Conf conf = session->conf();
  ViewText text;
  text.query = spec.query;
  text.database = its.current_database();
  for (const char* key : kViewSettings) text.settings[key] = conf.Get(key);
  ViewCatalog catalog(session, text.database, {0, &record.name});
  const Result<PlanPtr> query = QueryOf(&catalog, spec.query, conf);
  if (catalog.used_temporary()) {
    return RefuseTemporary(record.name, "view", QuotedName(*catalog.used_temporary()));
  }
  SLUICE_RETURN_IF_ERROR(query.status());
  if (!catalog.used_function().empty()) {
    return RefuseTemporary(record.name, "function", QuotedName({catalog.used_function()}));
  }
  SLUICE_RETURN_IF_ERROR(CheckArity(record.name, spec, *(*query)->schema));
  SLUICE_ASSIGN(record.schema, ViewColumns(spec, *(*query)->schema));
  text.query_columns = (*query)->schema->field_names();
  record.view = std::move(text);
  record.comment = spec.comment;
  record.properties = spec.properties;
  record.created_ms = session->process().env()->clock().NowMillis();
  return record;
}

Result<PlanPtr> ResolveStoredView(Session* session, const TableRecord& record, bool streaming) {
  if (streaming) {
    return NotSupported(
        fmt::format("The view {} is no stream, so it cannot be read as one.", QuotedName(record.name.Parts())));
  }
  return RowsOf(session, record, {1, nullptr});
}

}  // namespace sluice
