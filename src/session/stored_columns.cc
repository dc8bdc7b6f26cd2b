// SPDX-License-Identifier: Apache-2.0
#include "session/stored_columns.h"

#include <arrow/api.h>
#include <fmt/format.h>

#include <algorithm>

#include "analysis/name_parts.h"
#include "analysis/sql/token_cursor.h"
#include "base/spark_error.h"
#include "expr/cast.h"
#include "expr/expr.h"
#include "types/spark_type.h"

namespace sluice {
namespace {

std::string NamesOf(const arrow::Schema& schema) {
  std::string names;
  for (const std::string& name : schema.field_names()) names += (names.empty() ? "" : ", ") + QuotedName({name});
  return names;
}

Status ArityMismatch(const PlanNode& plan, const TableRecord& table, const std::vector<std::string>& names) {
  const bool too_many = plan.schema->num_fields() > static_cast<int>(names.size());
  std::string columns;
  for (const std::string& name : names) columns += (columns.empty() ? "" : ", ") + QuotedName({name});
  const std::string data = NamesOf(*plan.schema);
  return UserError(too_many ? "INSERT_COLUMN_ARITY_MISMATCH.TOO_MANY_DATA_COLUMNS"
                            : "INSERT_COLUMN_ARITY_MISMATCH.NOT_ENOUGH_DATA_COLUMNS",
                   fmt::format("The query has {} columns for the table {}: its columns are {}, those of the data {}.",
                               too_many ? "too many" : "too few", QuotedName(table.name.Parts()), columns, data),
                   {{"tableName", QuotedName(table.name.Parts())}, {"tableColumns", columns}, {"dataColumns", data}});
}

bool IsNumber(const arrow::DataType& type) {
  return arrow::is_integer(type.id()) || arrow::is_floating(type.id()) || arrow::is_decimal(type.id());
}

bool IsTime(const arrow::DataType& type) {
  return type.id() == arrow::Type::DATE32 || type.id() == arrow::Type::TIMESTAMP;
}

// A number as a column's type holds it, or CAST_OVERFLOW_IN_TABLE_INSERT.
class StoredNumber : public Expr {
 public:
  StoredNumber(ExprPtr value, std::shared_ptr<arrow::DataType> type, std::string column)
      : Expr(std::move(type), true, {std::move(value)}), column_(std::move(column)) {}
  std::string ToString() const override { return children()[0]->ToString(); }
  std::string NodeKey() const override { return "stored:" + column_ + ":" + type()->ToString(); }
  ExprPtr WithChildren(std::vector<ExprPtr> children) const override {
    return std::make_shared<StoredNumber>(std::move(children[0]), type(), column_);
  }
  Result<std::shared_ptr<arrow::Array>> EvalImpl(Evaluation& evaluation) const override {
    SLUICE_ASSIGN(const auto values, evaluation.Eval(children()[0]));
    auto stored = CastColumn(values, type(), {CastMode::kAnsi, evaluation.context()});
    const SparkErrorDetail* detail = FindSparkError(stored.status());
    if (detail == nullptr || detail->kind != ErrorKind::kUser) return stored;
    const std::string from = "\"" + SparkTypeName(*values->type()) + "\"";
    const std::string to = "\"" + SparkTypeName(*type()) + "\"";
    const std::string column = QuotedName({column_});
    const Status error = UserError(
        "CAST_OVERFLOW_IN_TABLE_INSERT",
        fmt::format("A value of the type {} is too large for the column {} of the type {}.", from, column, to),
        {{"sourceType", from}, {"targetType", to}, {"columnName", column}});
    return detail->row ? WithRow(error, *detail->row) : error;
  }

 private:
  const std::string column_;
};

}  // namespace

bool CanStore(const arrow::DataType& from, const arrow::DataType& to) {
  if (SameSparkType(from, to) || from.id() == arrow::Type::NA) return true;
  if (IsNumber(from) && IsNumber(to)) return true;
  if (IsTime(from) && IsTime(to)) return true;
  if (to.id() == arrow::Type::STRING_VIEW) return !arrow::is_nested(from.id());
  if (from.id() != to.id() || !arrow::is_nested(from.id()) || from.num_fields() != to.num_fields()) return false;
  for (int i = 0; i < from.num_fields(); ++i) {
    if (!CanStore(*from.field(i)->type(), *to.field(i)->type())) return false;
  }
  return true;
}

Result<ColumnSources> SourcesByPosition(const PlanNode& plan, const TableRecord& table,
                                        const std::vector<std::string>& names) {
  if (plan.schema->num_fields() != static_cast<int>(names.size())) return ArityMismatch(plan, table, names);
  ColumnSources sources;
  for (size_t i = 0; i < names.size(); ++i) {
    const std::string name = sql::LowerCase(names[i]);
    const auto fields = table.schema->field_names();
    if (std::none_of(fields.begin(), fields.end(), [&](const auto& one) { return sql::LowerCase(one) == name; })) {
      return UserError("UNRESOLVED_COLUMN.WITH_SUGGESTION",
                       fmt::format("The table {} has no column {}; its columns are {}.", QuotedName(table.name.Parts()),
                                   QuotedName({names[i]}), NamesOf(*table.schema)),
                       {{"objectName", QuotedName({names[i]})}, {"proposal", NamesOf(*table.schema)}});
    }
    if (!sources.emplace(name, static_cast<int>(i)).second) {
      return UserError("COLUMN_ALREADY_EXISTS", fmt::format("The column {} is named twice.", QuotedName({name})),
                       {{"columnName", QuotedName({name})}});
    }
  }
  return sources;
}

Result<ColumnSources> SourcesByName(const PlanNode& plan, const TableRecord& table) {
  return SourcesByPosition(plan, table, plan.schema->field_names());
}

Result<PlanPtr> AsTableColumns(const PlanPtr& plan, const TableRecord& table, const ColumnSources& sources) {
  std::vector<ExprPtr> exprs;
  arrow::FieldVector fields;
  for (const auto& column : table.schema->fields()) {
    const std::string name = sql::LowerCase(column->name());
    ExprPtr value = std::make_shared<LiteralExpr>(arrow::MakeNullScalar(arrow::null()));
    if (const auto found = sources.find(name); found != sources.end()) {
      const auto& field = plan->schema->field(found->second);
      value = std::make_shared<ColumnExpr>(found->second, field->name(), field->type(), field->nullable());
    }
    if (!CanStore(*value->type(), *column->type())) {
      const std::string from = "\"" + SparkTypeName(*value->type()) + "\"";
      const std::string to = "\"" + SparkTypeName(*column->type()) + "\"";
      return UserError(
          "INCOMPATIBLE_DATA_FOR_TABLE.CANNOT_SAFELY_CAST",
          fmt::format("The data do not fit the table {}: {} cannot safely be cast to {} for the column {}.",
                      QuotedName(table.name.Parts()), from, to, QuotedName({column->name()})),
          {{"tableName", QuotedName(table.name.Parts())},
           {"colName", QuotedName({column->name()})},
           {"srcType", from},
           {"targetType", to}});
    }
    if (IsNumber(*value->type()) && IsNumber(*column->type()) && !value->type()->Equals(*column->type())) {
      value = std::make_shared<StoredNumber>(std::move(value), column->type(), column->name());
    } else {
      SLUICE_ASSIGN(value, MakeImplicitCast(std::move(value), column->type(), /*ansi=*/true));
    }
    fields.push_back(column->WithNullable(value->nullable()));
    exprs.push_back(std::move(value));
  }
  return MakeProject(plan, std::move(exprs), arrow::schema(std::move(fields)));
}

}  // namespace sluice
