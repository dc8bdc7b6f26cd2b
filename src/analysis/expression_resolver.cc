// SPDX-License-Identifier: Apache-2.0
#include "analysis/expression_resolver.h"

#include <arrow/api.h>
#include <fmt/format.h>

#include <algorithm>

#include "analysis/column_pattern.h"
#include "analysis/connect_types.h"
#include "analysis/name_parts.h"
#include "analysis/python_functions.h"
#include "analysis/relation_context.h"
#include "analysis/shown_expr.h"
#include "analysis/sql/parser.h"
#include "analysis/sql/query_parser.h"
#include "analysis/sql/token_cursor.h"
#include "analysis/update_fields.h"
#include "base/logging.h"
#include "base/spark_error.h"
#include "types/datetime_text.h"
#include "types/interval_type.h"
#include "types/spark_type.h"

namespace sluice {
namespace {

using spark::connect::Expression;

constexpr int kMaxDepth = 400;

std::string KindName(const Expression& expression) {
  const auto* field = Expression::descriptor()->FindFieldByNumber(expression.expr_type_case());
  return field == nullptr ? "(empty)" : field->name();
}

// Names that are functions without parentheses when no column has them.
bool IsLiteralFunction(const std::string& name) {
  static const std::initializer_list<const char*> kNames = {
      "current_timestamp", "current_date", "localtimestamp", "current_user", "user", "session_user", "current_time"};
  return std::any_of(kNames.begin(), kNames.end(), [&](const char* known) { return SameName(name, known); });
}

// A column under the name by which the query calls it: names of results are spelled as in the query.
ExprPtr SpelledAs(const ExprPtr& value, const std::string& name) {
  const auto* column = dynamic_cast<const ColumnExpr*>(value.get());
  if (column == nullptr || column->name() == name) return value;
  return std::make_shared<ColumnExpr>(column->index(), name, column->type(), column->nullable());
}

TextPlace PlaceOf(const spark::connect::JvmOrigin& origin) {
  return TextPlace{origin.object_name(), origin.line(), origin.start_position() + 1, origin.sql_text()};
}

// A node just made, with its place in the SQL text.
ExprPtr Placed(ExprPtr value, const Expression& expression) {
  if (!expression.common().origin().has_jvm_origin()) return value;
  return AtPlace(std::move(value),
                 std::make_shared<const TextPlace>(PlaceOf(expression.common().origin().jvm_origin())));
}

Result<ExprPtr> FieldOf(ExprPtr value, const std::string& field, const ResolveOptions& options) {
  auto name =
      std::make_shared<LiteralExpr>(std::make_shared<arrow::StringViewScalar>(arrow::Buffer::FromString(field)));
  return ResolveFunction("getitem", {std::move(value), std::move(name)}, options);
}

}  // namespace

Status AtOrigin(const Status& status, const spark::connect::Origin& origin) {
  if (origin.has_python_origin() && !origin.python_origin().fragment().empty()) {
    // A call in a Python program has no place in a SQL text: the file is the call site, and there is no line.
    return WithPlace(status, {origin.python_origin().call_site(), 0, 0, Redact(origin.python_origin().fragment())});
  }
  if (!origin.has_jvm_origin() || origin.jvm_origin().line() <= 0) return status;
  TextPlace place = PlaceOf(origin.jvm_origin());
  place.fragment = Redact(place.fragment);
  return WithPlace(status, std::move(place));
}

Result<ExprPtr> ExpressionResolver::Resolve(const Expression& expression) {
  SLUICE_ASSIGN(const ExprPtr value, ResolveShown(expression));
  return WithoutShown(value);
}

Result<ExprPtr> ExpressionResolver::ResolveShown(const Expression& expression) {
  if (++depth_ > kMaxDepth) {
    --depth_;
    return UserError("FAILED_TO_PARSE_TOO_COMPLEX", "An expression is nested too deep; simplify it.");
  }
  Result<ExprPtr> result = ResolveNode(expression);
  --depth_;
  if (!result.ok()) return AtOrigin(result.status(), expression.common().origin());
  if ((*result)->children().empty()) return result;
  return Placed(result.MoveValueUnsafe(), expression);
}

Result<ExprPtr> ExpressionResolver::ResolveNode(const Expression& expression) {
  switch (expression.expr_type_case()) {
    case Expression::kLiteral:
      return ResolveLiteral(expression.literal());
    case Expression::kUnresolvedAttribute: {
      SLUICE_ASSIGN(NamedExpr named, ResolveAttribute(expression.unresolved_attribute()));
      return named.expr;
    }
    case Expression::kUnresolvedFunction: {
      const auto& call = expression.unresolved_function();
      SLUICE_ASSIGN(ExprPtr value, ResolveCall(call.function_name(), call));
      // The operator is shown otherwise than the function of the same meaning.
      const bool minus = call.function_name() == "negative" && call.arguments_size() == 1 &&
                         expression.common().origin().jvm_origin().sql_text().rfind('-', 0) == 0;
      if (!minus) return value;
      value = Placed(std::move(value), expression);
      std::string text = fmt::format("(- {})", DisplayName(value->children().empty() ? value : value->children()[0]));
      return std::make_shared<ShownExpr>(std::move(value), std::move(text));
    }
    case Expression::kCallFunction: {
      Expression::UnresolvedFunction call;
      *call.mutable_arguments() = expression.call_function().arguments();
      return ResolveCall(expression.call_function().function_name(), call);
    }
    case Expression::kExpressionString: {
      SLUICE_ASSIGN(const Expression parsed,
                    ParseExpressionSql(expression.expression_string().expression(), ParseOptions{options_, ""}));
      return ResolveShown(parsed);
    }
    case Expression::kAlias:
      return ResolveShown(expression.alias().expr());
    case Expression::kCast:
      return ResolveCast(expression.cast());
    case Expression::kUnresolvedExtractValue:
      return ResolveExtract(expression.unresolved_extract_value());
    case Expression::kUnresolvedStar:
      return UserError("INVALID_USAGE_OF_STAR_OR_REGEX", "A star has no meaning in this place.", {{"elem", "'*'"}});
    case Expression::kWindow:
      return ResolveWindow(expression.window());
    case Expression::kLambdaFunction:
      return UserError("INVALID_LAMBDA_FUNCTION_CALL.NON_HIGHER_ORDER_FUNCTION",
                       "A lambda function stands where no function takes one.");
    case Expression::kUnresolvedNamedLambdaVariable:
      return ResolveVariable(expression.unresolved_named_lambda_variable());
    case Expression::kSubqueryExpression:
      return ResolveSubquery(expression.subquery_expression());
    case Expression::kUpdateFields: {
      const auto& update = expression.update_fields();
      SLUICE_ASSIGN(const ExprPtr structure, ResolveShown(update.struct_expression()));
      ExprPtr value;
      if (update.has_value_expression()) {
        SLUICE_ASSIGN(value, ResolveShown(update.value_expression()));
      }
      return UpdateField(structure, update.field_name(), value, options_);
    }
    case Expression::kCommonInlineUserDefinedFunction: {
      const auto& call = expression.common_inline_user_defined_function();
      SLUICE_ASSIGN(const auto function, PythonFunctionOf(call, *catalog_));
      return ResolvePython(function, call.arguments());
    }
    default:
      return NotSupported(fmt::format("The expression {} is not supported by Sluice.", KindName(expression)));
  }
}

namespace {

Status MergedAway(const std::vector<std::string>& parts) {
  return NotSupported(fmt::format(
      "{} after a join by USING, where another column stands for it: name {} alone, or join by ON to keep both.",
      QuotedName(parts), QuotedName({parts.back()})));
}

}  // namespace

Result<NamedExpr> ExpressionResolver::ResolveAttribute(const Expression::UnresolvedAttribute& attribute) {
  SLUICE_ASSIGN(const auto parts, ParseNameParts(attribute.unparsed_identifier()));
  for (const Scope* scope : scopes()) {
    Scope::Match match;
    if (attribute.has_plan_id()) {
      match = scope->FindOfPlan(attribute.plan_id(), parts);
      if (match.columns.empty() && scope->IsMergedOfPlan(attribute.plan_id(), parts)) return MergedAway(parts);
    }
    if (match.columns.empty()) match = scope->Find(parts);
    if (match.columns.empty()) continue;
    if (match.columns.size() > 1 && scope == aliases_) {
      return UserError(
          "AMBIGUOUS_LATERAL_COLUMN_ALIAS",
          fmt::format("The alias {} is given {} times in this SELECT list.", QuotedName(parts), match.columns.size()),
          {{"name", QuotedName(parts)}, {"n", std::to_string(match.columns.size())}});
    }
    if (match.columns.size() > 1) return AmbiguousReference(parts, match.columns);
    ExprPtr value = SpelledAs(match.columns[0]->value, parts[match.used - 1]);
    if (scope == aliases_) {
      value = std::make_shared<ShownExpr>(value, fmt::format("lateralAliasReference({})", match.columns[0]->name));
    }
    for (size_t i = match.used; i < parts.size(); ++i) {
      SLUICE_ASSIGN(value, FieldOf(std::move(value), parts[i], options_));
    }
    if (parts.size() > match.used) return NamedExpr{parts.back(), std::move(value), {}};
    return NamedExpr{parts[match.used - 1], std::move(value), match.columns[0]->qualifier, false,
                     match.columns[0]->plan_ids};
  }
  if (parts.size() == 1 && IsLiteralFunction(parts[0])) {
    SLUICE_ASSIGN(ExprPtr value, ResolveFunction(sql::LowerCase(parts[0]), {}, options_));
    std::string name = value->ToString();
    return NamedExpr{std::move(name), std::move(value), {}};
  }
  for (const Scope* scope : scopes()) {
    if (scope->IsMerged(parts)) return MergedAway(parts);
  }
  if (context_ != nullptr) {
    size_t used = 0;
    const int64_t plan_id = attribute.plan_id();
    SLUICE_ASSIGN(ExprPtr value, context_->FindOuter(parts, attribute.has_plan_id() ? &plan_id : nullptr, &used));
    if (value != nullptr) {
      for (size_t i = used; i < parts.size(); ++i) {
        SLUICE_ASSIGN(value, FieldOf(std::move(value), parts[i], options_));
      }
      return NamedExpr{parts.back(), std::move(value), {}};
    }
  }
  return UnresolvedColumn(parts, *scopes().front());
}

Result<std::vector<NamedExpr>> ExpressionResolver::ExpandStar(const Expression::UnresolvedStar& star) {
  std::vector<std::string> target;
  if (star.has_unparsed_target() && !star.unparsed_target().empty()) {
    std::string text = star.unparsed_target();
    if (text.size() >= 2 && text.substr(text.size() - 2) == ".*") text.resize(text.size() - 2);
    SLUICE_ASSIGN(target, ParseNameParts(text));
  }
  std::vector<NamedExpr> columns;
  const Scope& scope = *scopes().front();
  if (scope.HasMergedOf(target)) {
    return NotSupported(
        fmt::format("{}.* after a join by USING, which left out a column of it. Join by ON, or name the "
                    "columns.",
                    QuotedName(target)));
  }
  for (const ScopeColumn* column : scope.Star(target))
    columns.push_back({column->name, column->value, column->qualifier, false, column->plan_ids});
  if (!columns.empty() || target.empty()) return columns;
  // "s.*" of a struct column.
  const Scope::Match match = scope.Find(target);
  if (match.columns.size() == 1 && match.used == target.size() &&
      match.columns[0]->value->type()->id() == arrow::Type::STRUCT) {
    for (const auto& field : match.columns[0]->value->type()->fields()) {
      SLUICE_ASSIGN(ExprPtr value, FieldOf(match.columns[0]->value, field->name(), options_));
      columns.push_back({field->name(), std::move(value), {}});
    }
    return columns;
  }
  return UserError("CANNOT_RESOLVE_STAR_EXPAND",
                   fmt::format("{}.* names no relation and no struct column here.", QuotedName(target)),
                   {{"targetString", QuotedName(target)}});
}

Result<std::vector<NamedExpr>> ExpressionResolver::ExpandStarExcept(const Expression::UnresolvedFunction& call) {
  SLUICE_ASSIGN(std::vector<NamedExpr> columns, ExpandStar(call.arguments(0).unresolved_star()));
  for (int i = 1; i < call.arguments_size(); ++i) {
    const Expression& named = call.arguments(i);
    const Result<NamedExpr> column = ResolveAttribute(named.unresolved_attribute());
    if (!column.ok()) return AtOrigin(column.status(), named.common().origin());
    const ExprPtr plain = WithoutShown(column->expr);
    const auto* taken = dynamic_cast<const ColumnExpr*>(plain.get());
    if (taken == nullptr) return NotSupported("* EXCEPT of a struct's field is not supported by Sluice.");
    const size_t removed = std::erase_if(columns, [&](const NamedExpr& of_star) {
      const ExprPtr value = WithoutShown(of_star.expr);
      const auto* its = dynamic_cast<const ColumnExpr*>(value.get());
      return its != nullptr && its->index() == taken->index();
    });
    if (removed > 0) continue;
    const std::string& name = named.unresolved_attribute().unparsed_identifier();
    return AtOrigin(UserError("EXCEPT_OVERLAPPING_COLUMNS",
                              fmt::format("EXCEPT names {} twice, or it is none of the star's columns.", name),
                              {{"columns", name}}),
                    named.common().origin());
  }
  return columns;
}

Result<std::vector<NamedExpr>> ExpressionResolver::ResolveNamed(const Expression& expression) {
  if (expression.has_unresolved_function() && expression.unresolved_function().is_internal() &&
      expression.unresolved_function().function_name() == sql::kStarExcept &&
      expression.unresolved_function().arguments_size() > 1) {
    return ExpandStarExcept(expression.unresolved_function());
  }
  switch (expression.expr_type_case()) {
    case Expression::kExpressionString: {
      SLUICE_ASSIGN(const Expression parsed,
                    ParseExpressionSql(expression.expression_string().expression(), ParseOptions{options_, ""}));
      return ResolveNamed(parsed);
    }
    case Expression::kUnresolvedStar: {
      Result<std::vector<NamedExpr>> columns = ExpandStar(expression.unresolved_star());
      if (!columns.ok()) return AtOrigin(columns.status(), expression.common().origin());
      return columns;
    }
    case Expression::kUnresolvedRegex: {
      const auto& regex = expression.unresolved_regex();
      SLUICE_ASSIGN(const std::optional<ColumnPattern> pattern, ColumnPattern::Of(regex.col_name()));
      if (!pattern) {
        Expression column;
        column.mutable_unresolved_attribute()->set_unparsed_identifier(regex.col_name());
        if (regex.has_plan_id()) column.mutable_unresolved_attribute()->set_plan_id(regex.plan_id());
        return ResolveNamed(column);
      }
      SLUICE_ASSIGN(const auto found, pattern->ColumnsIn(*scopes().front()));
      std::vector<NamedExpr> columns;
      columns.reserve(found.size());
      for (const ScopeColumn* column : found)
        columns.push_back({column->name, column->value, column->qualifier, false, column->plan_ids});
      return columns;
    }
    case Expression::kUnresolvedAttribute: {
      Result<NamedExpr> named = ResolveAttribute(expression.unresolved_attribute());
      if (!named.ok()) return AtOrigin(named.status(), expression.common().origin());
      named->expr = WithoutShown(named->expr);
      return std::vector<NamedExpr>{named.MoveValueUnsafe()};
    }
    case Expression::kUnresolvedFunction:
      if (IsGenerator(sql::LowerCase(expression.unresolved_function().function_name()))) {
        Result<std::vector<NamedExpr>> columns = ResolveGenerator(expression.unresolved_function(), {});
        if (!columns.ok()) return AtOrigin(columns.status(), expression.common().origin());
        return columns;
      }
      break;
    case Expression::kAlias: {
      const auto& aliased = expression.alias().expr();
      if (aliased.has_unresolved_function() &&
          IsGenerator(sql::LowerCase(aliased.unresolved_function().function_name()))) {
        Result<std::vector<NamedExpr>> columns = ResolveGenerator(
            aliased.unresolved_function(), {expression.alias().name().begin(), expression.alias().name().end()});
        if (!columns.ok()) return AtOrigin(columns.status(), expression.common().origin());
        return columns;
      }
      if (expression.alias().name_size() != 1)
        return NotSupported("An alias with several names is not supported by Sluice.");
      SLUICE_ASSIGN(ExprPtr value, Resolve(expression.alias().expr()));
      return std::vector<NamedExpr>{{expression.alias().name(0), std::move(value), {}, true}};
    }
    default:
      break;
  }
  SLUICE_ASSIGN(const ExprPtr value, ResolveShown(expression));
  std::string name = DisplayName(value);
  if (expression.has_cast() && expression.cast().expr().has_unresolved_attribute()) {
    // A cast of a column keeps the column's name.
    SLUICE_ASSIGN(const NamedExpr column, ResolveAttribute(expression.cast().expr().unresolved_attribute()));
    if (dynamic_cast<const ColumnExpr*>(column.expr.get()) != nullptr ||
        dynamic_cast<const ShownExpr*>(column.expr.get()) != nullptr) {
      name = column.name;
    }
  }
  return std::vector<NamedExpr>{{std::move(name), WithoutShown(value), {}}};
}

Result<ExprPtr> ExpressionResolver::ResolveCondition(const Expression& expression, const std::string& error_class) {
  SLUICE_ASSIGN(ExprPtr condition, Resolve(expression));
  if (condition->type()->id() == arrow::Type::BOOL) return condition;
  const std::string type = SparkTypeName(*condition->type());
  return AtOrigin(
      UserError(error_class, fmt::format("The condition {} must be BOOLEAN, but is {}.", condition->ToString(), type),
                {{"sqlExpr", "\"" + condition->ToString() + "\""}, {"type", "\"" + type + "\""}}),
      expression.common().origin());
}

Result<ExprPtr> ExpressionResolver::ResolveCast(const Expression::Cast& cast) {
  SLUICE_ASSIGN(ExprPtr value, ResolveShown(cast.expr()));
  std::shared_ptr<arrow::DataType> type;
  if (cast.has_type()) {
    SLUICE_ASSIGN(type, TypeFromConnect(cast.type()));
  } else {
    SLUICE_ASSIGN(type, ParseSparkType(cast.type_str()));
  }
  // The message of a literal does not say which fields it has.
  const bool literal = cast.expr().literal().has_day_time_interval() || cast.expr().literal().has_year_month_interval();
  if (literal && cast.eval_mode() == Expression::Cast::EVAL_MODE_UNSPECIFIED && type->Equals(value->type())) {
    const int64_t number = cast.expr().literal().day_time_interval();
    if (IsDayTimeInterval(*type))
      return std::make_shared<LiteralExpr>(std::make_shared<arrow::DurationScalar>(number, type));
    return std::make_shared<LiteralExpr>(
        std::make_shared<arrow::MonthIntervalScalar>(cast.expr().literal().year_month_interval(), type));
  }
  switch (cast.eval_mode()) {
    case Expression::Cast::EVAL_MODE_TRY:
      return MakeCast(std::move(value), std::move(type), CastMode::kTry);
    case Expression::Cast::EVAL_MODE_LEGACY:
      return MakeCast(std::move(value), std::move(type), CastMode::kLegacy);
    case Expression::Cast::EVAL_MODE_ANSI:
      return MakeCast(std::move(value), std::move(type), CastMode::kAnsi);
    default:
      return MakeCast(std::move(value), std::move(type), options_.ansi ? CastMode::kAnsi : CastMode::kLegacy);
  }
}

Result<ExprPtr> ExpressionResolver::ResolveSubquery(const spark::connect::SubqueryExpression& subquery) {
  using spark::connect::SubqueryExpression;
  if (context_ == nullptr) return NotSupported("A subquery in this expression is not supported by Sluice.");
  if (subquery.subquery_type() == SubqueryExpression::SUBQUERY_TYPE_TABLE_ARG) {
    return NotSupported("A table as the argument of a function is not supported by Sluice.");
  }
  std::vector<ExprPtr> outer;
  SLUICE_ASSIGN(PlanPtr plan, context_->ResolveReference(subquery.plan_id(), scopes(), &outer));
  const auto columns = static_cast<size_t>(plan->schema->num_fields());
  if (subquery.subquery_type() == SubqueryExpression::SUBQUERY_TYPE_EXISTS) {
    return std::make_shared<SubqueryExpr>(SubqueryKind::kExists, plan, std::vector<ExprPtr>(), outer);
  }
  if (subquery.subquery_type() != SubqueryExpression::SUBQUERY_TYPE_IN) {
    if (columns == 1) {
      return std::make_shared<SubqueryExpr>(SubqueryKind::kScalar, plan, std::vector<ExprPtr>(), outer);
    }
    return UserError("INVALID_SUBQUERY_EXPRESSION.SCALAR_SUBQUERY_RETURN_MORE_THAN_ONE_OUTPUT_COLUMN",
                     fmt::format("A subquery that stands for one value must have one column, but has {}.", columns),
                     {{"number", std::to_string(columns)}});
  }
  std::vector<ExprPtr> values;
  std::vector<NamedExpr> outputs;
  for (const Expression& value : subquery.in_subquery_values()) {
    SLUICE_ASSIGN(ExprPtr resolved, ResolveShown(value));
    values.push_back(WithoutShown(resolved));
  }
  if (values.size() != columns) {
    return UserError("DATATYPE_MISMATCH.IN_SUBQUERY_LENGTH_MISMATCH",
                     fmt::format("IN compares {} values with a subquery of {} columns.", values.size(), columns),
                     {{"leftLength", std::to_string(values.size())}, {"rightLength", std::to_string(columns)}});
  }
  bool cast = false;
  for (size_t i = 0; i < columns; ++i) {
    const auto& field = *plan->schema->field(static_cast<int>(i));
    ExprPtr output = std::make_shared<ColumnExpr>(static_cast<int>(i), field.name(), field.type(), field.nullable());
    const auto common = CommonType(values[i]->type(), field.type(), options_.ansi);
    if (common == nullptr) {
      return UserError("DATATYPE_MISMATCH.IN_SUBQUERY_DATA_TYPE_MISMATCH",
                       fmt::format("IN cannot compare {} with {}.", SparkTypeName(*values[i]->type()),
                                   SparkTypeName(*field.type())));
    }
    cast = cast || !common->Equals(*field.type());
    SLUICE_ASSIGN(values[i], MakeImplicitCast(values[i], common, options_.ansi));
    SLUICE_ASSIGN(output, MakeImplicitCast(output, common, options_.ansi));
    outputs.push_back({field.name(), std::move(output), {}});
  }
  if (cast) plan = MakeProject(std::move(plan), outputs);
  return std::make_shared<SubqueryExpr>(SubqueryKind::kIn, plan, values, outer);
}

// A timestamp is shown in the session's zone, which a literal by itself does not know.
Result<ExprPtr> ExpressionResolver::ResolveLiteral(const Expression::Literal& literal) {
  SLUICE_ASSIGN(ExprPtr value, LiteralFromConnect(literal, options_));
  if (!literal.has_timestamp()) return value;
  SLUICE_ASSIGN(TimeZone zone, TimeZone::Find(options_.time_zone));
  std::string text = "TIMESTAMP '";
  AppendLocalTimestamp(zone.ToLocal(literal.timestamp()), &text);
  return std::make_shared<ShownExpr>(std::move(value), text + "'");
}

Result<ExprPtr> ExpressionResolver::ResolveExtract(const Expression::UnresolvedExtractValue& extract) {
  SLUICE_ASSIGN(ExprPtr child, ResolveShown(extract.child()));
  SLUICE_ASSIGN(ExprPtr extraction, ResolveShown(extract.extraction()));
  return ResolveFunction("getitem", {std::move(child), std::move(extraction)}, options_);
}

}  // namespace sluice
