// SPDX-License-Identifier: Apache-2.0
#include <arrow/api.h>
#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "analysis/file_columns.h"
#include "analysis/name_parts.h"
#include "analysis/relations.h"
#include "analysis/sql/token.h"
#include "base/spark_error.h"

namespace sluice {
namespace {

// All columns of a relation, as a SELECT * would name them.
std::vector<NamedExpr> AllColumns(const Scope& scope) {
  std::vector<NamedExpr> columns;
  for (const ScopeColumn& column : scope.columns()) {
    columns.push_back({column.name, column.value, column.qualifier, false, column.plan_ids});
  }
  return columns;
}

// Expressions as they were given, or with names in place of calls that ask for the file of a row.
template <typename Item>
class FileItems {
 public:
  using Items = google::protobuf::RepeatedPtrField<Item>;

  // Puts the files' columns behind those of the input where one of the expressions names them. `given` stays.
  static Result<FileItems> Of(const Items& given, PlanPtr* input, const SessionOptions& options) {
    FileItems result(given);
    FileNaming naming = FileNaming::kNone;
    for (const Item& item : given) naming = std::max(naming, NamesFile(item));
    if (naming == FileNaming::kNone) return result;
    result.changed_ = given;
    for (Item& item : *result.changed_) SLUICE_RETURN_IF_ERROR(NameFileCalls(&item, options));
    SLUICE_ASSIGN(result.columns_, AddFileColumns(input, naming, options));
    return result;
  }
  const Items& items() const { return changed_ ? *changed_ : *given_; }
  const Scope& columns() const { return columns_; }

 private:
  explicit FileItems(const Items& given) : given_(&given) {}

  const Items* given_;
  std::optional<Items> changed_;
  Scope columns_;  // of the files
};

Result<ResolvedRelation> FinishSelect(ResolvedRelation input, std::vector<NamedExpr> items,
                                      std::shared_ptr<AggregateBuilder> builder) {
  SLUICE_RETURN_IF_ERROR(CheckPythonAggregates(*builder));
  SelectBlock block;
  if (builder->has_calls()) {
    for (NamedExpr& item : items) {
      SLUICE_ASSIGN(item.expr, builder->Lower(item.expr));
    }
    block.aggregate = std::move(builder);
  }
  block.input = std::move(input.plan);
  block.input_scope = std::move(input.scope);
  block.select = std::move(items);
  return FromBlock(std::move(block));
}

}  // namespace

Result<ResolvedRelation> ResolveProject(RelationContext& context, const spark::connect::Relation& relation) {
  const spark::connect::Project& project = relation.project();
  SLUICE_ASSIGN(ResolvedRelation input, context.ResolveInput(project.has_input(), project.input()));
  SLUICE_ASSIGN(const auto files,
                FileItems<spark::connect::Expression>::Of(project.expressions(), &input.plan, context.options()));
  auto builder = std::make_shared<AggregateBuilder>(std::vector<ExprPtr>(), std::vector<std::string>());
  std::vector<const google::protobuf::Message*> expressions;
  for (const auto& expression : files.items()) expressions.push_back(&expression);
  SLUICE_ASSIGN(const std::optional<InputWindow> window, FindWindow(context, &input, expressions));
  Scope aliases;
  ExpressionResolver resolver = context.Over(&input.scope);
  resolver.AddAliases(&aliases);
  resolver.AddFallback(&files.columns());
  if (window) resolver.AllowWindow(window->column);
  resolver.AllowAggregates(builder.get(), {&input.scope, &files.columns()});
  std::vector<NamedExpr> items;
  for (const auto& expression : files.items()) {
    SLUICE_ASSIGN(std::vector<NamedExpr> named, resolver.ResolveNamed(expression));
    for (NamedExpr& item : named) {
      // Later entries of the list may use an alias, unless a column of the input has that name.
      if (item.alias) aliases.Add({item.name, {}, item.expr});
      items.push_back(std::move(item));
    }
  }
  return FinishSelect(std::move(input), std::move(items), std::move(builder));
}

Result<ResolvedRelation> ResolveWithColumns(RelationContext& context, const spark::connect::Relation& relation) {
  const spark::connect::WithColumns& with = relation.with_columns();
  SLUICE_ASSIGN(ResolvedRelation input, context.Resolve(with.input()));
  SLUICE_ASSIGN(const auto files,
                FileItems<spark::connect::Expression::Alias>::Of(with.aliases(), &input.plan, context.options()));
  auto builder = std::make_shared<AggregateBuilder>(std::vector<ExprPtr>(), std::vector<std::string>());
  std::vector<const google::protobuf::Message*> values;
  for (const auto& alias : files.items()) values.push_back(&alias.expr());
  SLUICE_ASSIGN(const std::optional<InputWindow> window, FindWindow(context, &input, values));
  ExpressionResolver resolver = context.Over(&input.scope);
  resolver.AddFallback(&files.columns());
  if (window) resolver.AllowWindow(window->column);
  resolver.AllowAggregates(builder.get(), {&input.scope, &files.columns()});
  std::vector<NamedExpr> items = AllColumns(input.scope);
  const size_t old_columns = items.size();
  for (int i = 0; i < files.items().size(); ++i) {
    const auto& alias = files.items()[i];
    if (alias.name_size() != 1) return NotSupported("withColumn with several names is not supported by Sluice.");
    for (int j = 0; j < i; ++j) {
      if (SameName(files.items()[j].name(0), alias.name(0))) {
        return UserError("COLUMN_ALREADY_EXISTS",
                         fmt::format("The column {} is given twice.", sql::QuoteName(alias.name(0))),
                         {{"columnName", sql::QuoteName(alias.name(0))}});
      }
    }
    SLUICE_ASSIGN(ExprPtr value, resolver.Resolve(alias.expr()));
    const NamedExpr column{alias.name(0), std::move(value), {}, true};
    bool replaced = false;
    for (size_t j = 0; j < old_columns; ++j) {
      if (!SameName(items[j].name, column.name)) continue;
      items[j] = column;
      replaced = true;
    }
    if (!replaced) items.push_back(column);
  }
  return FinishSelect(std::move(input), std::move(items), std::move(builder));
}

Result<ResolvedRelation> ResolveRenamed(RelationContext& context, const spark::connect::Relation& relation) {
  const spark::connect::WithColumnsRenamed& renamed = relation.with_columns_renamed();
  SLUICE_ASSIGN(ResolvedRelation input, context.Resolve(renamed.input()));
  std::vector<NamedExpr> items = AllColumns(input.scope);
  const auto rename = [&](const std::string& from, const std::string& to) {
    for (NamedExpr& item : items) {
      if (!SameName(item.name, from)) continue;
      item.name = to;
      item.qualifier.clear();
    }
  };
  for (const auto& entry : renamed.renames()) rename(entry.col_name(), entry.new_col_name());
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"
  // Clients before 4.0 send a map.
  for (const auto& [from, to] : renamed.rename_columns_map()) rename(from, to);
#pragma GCC diagnostic pop
  SelectBlock block;
  block.input = std::move(input.plan);
  block.input_scope = std::move(input.scope);
  block.select = std::move(items);
  return FromBlock(std::move(block));
}

Result<ResolvedRelation> ResolveDrop(RelationContext& context, const spark::connect::Relation& relation) {
  const spark::connect::Drop& drop = relation.drop();
  SLUICE_ASSIGN(ResolvedRelation input, context.Resolve(drop.input()));
  std::vector<std::string> names(drop.column_names().begin(), drop.column_names().end());
  std::vector<const Expr*> dropped;
  for (const auto& column : drop.columns()) {
    if (!column.has_unresolved_attribute())
      return NotSupported("drop with anything but a column is not supported by Sluice.");
    SLUICE_ASSIGN(const auto parts, ParseNameParts(column.unresolved_attribute().unparsed_identifier()));
    const Scope::Match match = input.scope.Find(parts);
    if (match.columns.size() > 1) return AmbiguousReference(parts, match.columns);
    if (match.columns.size() == 1 && match.used == parts.size()) dropped.push_back(match.columns[0]->value.get());
  }
  std::vector<NamedExpr> kept;
  for (NamedExpr& item : AllColumns(input.scope)) {
    const bool by_name =
        std::any_of(names.begin(), names.end(), [&](const auto& name) { return SameName(name, item.name); });
    if (!by_name && std::find(dropped.begin(), dropped.end(), item.expr.get()) == dropped.end()) {
      kept.push_back(std::move(item));
    }
  }
  SelectBlock block;
  block.input = std::move(input.plan);
  block.input_scope = std::move(input.scope);
  block.select = std::move(kept);
  return FromBlock(std::move(block));
}

Result<ResolvedRelation> ResolveToDf(RelationContext& context, const spark::connect::Relation& relation) {
  const spark::connect::ToDF& to_df = relation.to_df();
  SLUICE_ASSIGN(ResolvedRelation input, context.Resolve(to_df.input()));
  std::vector<NamedExpr> items = AllColumns(input.scope);
  if (static_cast<size_t>(to_df.column_names_size()) != items.size()) {
    return UserError(
        "ASSIGNMENT_ARITY_MISMATCH",
        fmt::format("{} names are given for {} columns.", to_df.column_names_size(), items.size()),
        {{"numTarget", std::to_string(to_df.column_names_size())}, {"numExpr", std::to_string(items.size())}});
  }
  for (size_t i = 0; i < items.size(); ++i) {
    items[i].name = to_df.column_names(static_cast<int>(i));
    items[i].qualifier.clear();
  }
  ResolvedRelation result;
  result.plan = MakeProject(std::move(input.plan), items);
  result.scope = Scope::Of(*result.plan->schema);
  return result;
}

Result<ResolvedRelation> ResolveAlias(RelationContext& context, const spark::connect::Relation& relation) {
  const spark::connect::SubqueryAlias& alias = relation.subquery_alias();
  SLUICE_ASSIGN(ResolvedRelation input, context.Resolve(alias.input()));
  std::vector<std::string> qualifier(alias.qualifier().begin(), alias.qualifier().end());
  qualifier.push_back(alias.alias());
  ResolvedRelation result;
  result.scope = input.scope.Qualified(qualifier);
  result.plan = std::move(input.plan);
  return result;
}

}  // namespace sluice
