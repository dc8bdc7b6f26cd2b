// SPDX-License-Identifier: Apache-2.0
// Functions that make several rows of one: in a SELECT list, in FROM, behind LATERAL.
#include <arrow/api.h>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "analysis/lower_rows.h"
#include "analysis/relations.h"
#include "analysis/shown_expr.h"
#include "analysis/sql/query_parser.h"
#include "analysis/sql/token_cursor.h"
#include "analysis/table_functions.h"
#include "base/spark_error.h"
#include "expr/foldable.h"
#include "expr/function_registry.h"
#include "expr/json_tuple.h"
#include "expr/session_context.h"
#include "types/spark_type.h"

namespace sluice {
namespace {

Status UnexpectedType(const std::string& name, const Expr& arg, const char* wanted) {
  return UserError(
      "DATATYPE_MISMATCH.UNEXPECTED_INPUT_TYPE",
      fmt::format("{} needs {}, but \"{}\" is {}.", name, wanted, arg.ToString(), SparkTypeName(*arg.type())),
      {{"sqlExpr", "\"" + name + "(" + arg.ToString() + ")\""},
       {"paramIndex", "first"},
       {"requiredType", wanted},
       {"inputSql", "\"" + arg.ToString() + "\""},
       {"inputType", "\"" + SparkTypeName(*arg.type()) + "\""}});
}

Status WrongCount(const std::string& name, const char* wanted, size_t given) {
  return UserError("WRONG_NUM_ARGS.WITHOUT_SUGGESTION",
                   fmt::format("{} takes {} arguments, but {} are given.", name, wanted, given),
                   {{"functionName", "`" + name + "`"}, {"expectedNum", wanted}, {"actualNum", std::to_string(given)}});
}

Status FillExplode(const Expr& arg, GeneratorCall* call) {
  const bool outer = call->spec.outer;
  if (call->spec.kind == GeneratorKind::kPosExplode) call->fields.push_back(arrow::field("pos", arrow::int32(), outer));
  if (arg.type()->id() == arrow::Type::MAP) {
    const auto& map = static_cast<const arrow::MapType&>(*arg.type());
    call->fields.push_back(arrow::field("key", map.key_type(), outer));
    call->fields.push_back(arrow::field("value", map.item_type(), outer || map.item_field()->nullable()));
    return Status::OK();
  }
  if (arg.type()->id() != arrow::Type::LIST) return UnexpectedType(call->name, arg, "an ARRAY or a MAP");
  const auto& element = *static_cast<const arrow::ListType&>(*arg.type()).value_field();
  call->fields.push_back(arrow::field("col", element.type(), outer || element.nullable()));
  return Status::OK();
}

Status FillInline(const Expr& arg, GeneratorCall* call) {
  const auto* list = dynamic_cast<const arrow::ListType*>(arg.type().get());
  if (list == nullptr || list->value_type()->id() != arrow::Type::STRUCT) {
    return UnexpectedType(call->name, arg, "an ARRAY of STRUCTs");
  }
  for (const auto& field : list->value_type()->fields()) {
    call->fields.push_back(
        field->WithNullable(call->spec.outer || field->nullable() || list->value_field()->nullable()));
  }
  return Status::OK();
}

Result<int32_t> RowsOfStack(const ExprPtr& count, const ResolveOptions& options) {
  if (!IsFoldable(*count)) {
    return UserError("DATATYPE_MISMATCH.NON_FOLDABLE_INPUT",
                     fmt::format("The number of rows of stack must be a constant, not {}.", count->ToString()),
                     {{"inputName", "`n`"}, {"inputType", "\"INT\""}, {"inputExpr", "\"" + count->ToString() + "\""}});
  }
  SLUICE_ASSIGN(const ExprPtr number, MakeCast(count, arrow::int32(), CastMode::kAnsi));
  SLUICE_ASSIGN(const auto value, EvalConstant(number, ContextOf(options, 0)));
  const int32_t rows = value->is_valid ? static_cast<const arrow::Int32Scalar&>(*value).value : 0;
  constexpr int32_t kMostRows = 1'000'000;
  if (rows > kMostRows) return NotSupported(fmt::format("stack of more than {} rows.", kMostRows));
  if (rows > 0) return rows;
  return UserError("DATATYPE_MISMATCH.VALUE_OUT_OF_RANGE", "The number of rows of stack must be positive.",
                   {{"exprName", "`n`"}, {"valueRange", "(0, 2147483647]"}, {"currentValue", std::to_string(rows)}});
}

ExprPtr NullOf(const std::shared_ptr<arrow::DataType>& type) {
  return std::make_shared<LiteralExpr>(arrow::MakeNullScalar(type));
}

// The rows of stack and of VALUES, one after the other, as columns of one type each.
Status FillStack(bool inline_table, std::vector<ExprPtr>* args, GeneratorCall* call, const ResolveOptions& options) {
  const auto rows = static_cast<size_t>(call->spec.stack_rows);
  args->erase(args->begin());
  const size_t width = (args->size() + rows - 1) / rows;
  args->resize(rows * width, nullptr);
  for (size_t column = 0; column < width; ++column) {
    std::shared_ptr<arrow::DataType> type = arrow::null();
    bool nullable = !inline_table;
    const std::string name = fmt::format("col{}", column + (inline_table ? 1 : 0));
    for (size_t row = 0; row < rows; ++row) {
      const ExprPtr& value = (*args)[row * width + column];
      if (value == nullptr) continue;
      nullable = nullable || value->nullable();
      const bool text = (type->id() == arrow::Type::STRING_VIEW) != (value->type()->id() == arrow::Type::STRING_VIEW);
      const bool either_null = type->id() == arrow::Type::NA || value->type()->id() == arrow::Type::NA;
      auto common = text && !either_null ? nullptr : CommonType(type, value->type(), options.ansi);
      if (!inline_table && !either_null && !type->Equals(*value->type())) common = nullptr;
      if (common == nullptr) {
        if (inline_table) {
          return UserError("INVALID_INLINE_TABLE.INCOMPATIBLE_TYPES_IN_INLINE_TABLE",
                           fmt::format("The column {} of VALUES has values of types that do not go together.", name),
                           {{"colName", "`" + name + "`"}});
        }
        return UserError("DATATYPE_MISMATCH.STACK_COLUMN_DIFF_TYPES",
                         fmt::format("The column {} of stack has values of different types.", name),
                         {{"columnIndex", std::to_string(column)},
                          {"leftType", "\"" + SparkTypeName(*type) + "\""},
                          {"rightType", "\"" + SparkTypeName(*value->type()) + "\""}});
      }
      type = std::move(common);
    }
    for (size_t row = 0; row < rows; ++row) {
      ExprPtr& value = (*args)[row * width + column];
      if (value == nullptr) value = NullOf(type);
      SLUICE_ASSIGN(value, MakeImplicitCast(value, type, options.ansi));
    }
    call->fields.push_back(arrow::field(name, type, nullable));
  }
  return Status::OK();
}

// json_tuple(json, 'a', 'b') is inline over an array of one struct.
Status FillJsonTuple(std::vector<ExprPtr>* args, const ResolveOptions& options) {
  if (args->size() < 2) return WrongCount("json_tuple", "> 1", args->size());
  for (ExprPtr& arg : *args) {
    const bool null = arg->type()->id() == arrow::Type::NA;
    if (!null && arg->type()->id() != arrow::Type::STRING_VIEW) {
      return UserError("DATATYPE_MISMATCH.NON_STRING_TYPE", "json_tuple needs texts.", {{"funcName", "`json_tuple`"}});
    }
    SLUICE_ASSIGN(arg, MakeImplicitCast(arg, StringType(), options.ansi));
  }
  *args = {MakeJsonTuple(std::move(*args))};
  return Status::OK();
}

Result<ResolvedRelation> Generated(RelationContext& context, ResolvedRelation input,
                                   const spark::connect::UnresolvedTableValuedFunction& function, bool outer) {
  const std::string name = sql::LowerCase(function.function_name());
  if (!IsGenerator(name)) {
    if (const auto python = context.catalog()->FindFunction(name); python != nullptr && IsTablePython(*python)) {
      const bool lateral = !input.scope.columns().empty();
      return CallTableFunction(input, {python, &function.arguments(), lateral}, context.options(), &context);
    }
    if (IsScalarFunction(name) || IsAggregateFunction(name)) {
      return UserError("UNSUPPORTED_GENERATOR.NOT_GENERATOR", fmt::format("The function {} makes no rows.", name),
                       {{"functionName", "`" + name + "`"}, {"classCanonicalName", name}});
    }
    return UserError("UNRESOLVABLE_TABLE_VALUED_FUNCTION",
                     fmt::format("There is no table function {} here; Sluice has read_files, read_kafka, range, "
                                 "generators such as explode, and those of Python that are registered.",
                                 name),
                     {{"name", sql::QuoteName(name)}});
  }
  ExpressionResolver resolver = context.Over(&input.scope);
  std::vector<ExprPtr> args;
  for (const auto& argument : function.arguments()) {
    SLUICE_ASSIGN(ExprPtr value, resolver.Resolve(argument));
    args.push_back(std::move(value));
  }
  SLUICE_ASSIGN(GeneratorCall call, MakeGenerator(name, &args, context.options()));
  plan::Generate node{call.spec, std::move(args)};
  node.generator.outer = call.spec.outer || outer;
  const int width = input.plan->schema->num_fields();
  arrow::FieldVector fields = input.plan->schema->fields();
  for (int i = 0; i < width; ++i) node.generator.kept.push_back(i);
  for (const auto& field : call.fields) fields.push_back(outer ? field->WithNullable(true) : field);
  ResolvedRelation result;
  result.plan = MakeNode(std::move(node), {input.plan}, arrow::schema(std::move(fields)));
  result.scope = std::move(input.scope);
  const arrow::Schema& schema = *result.plan->schema;
  for (int i = width; i < schema.num_fields(); ++i)
    result.scope.Add({schema.field(i)->name(), {}, ColumnOf(schema, i), {}});
  return result;
}

// A table function that is called with each row of what stands before it. One of a TABLE has that table's rows.
bool CallsOfEachRow(const spark::connect::Relation& relation) {
  using spark::connect::Expression;
  const bool inline_python = relation.has_common_inline_user_defined_table_function();
  if (!inline_python && !relation.has_unresolved_table_valued_function()) return false;
  const auto& arguments = inline_python ? relation.common_inline_user_defined_table_function().arguments()
                                        : relation.unresolved_table_valued_function().arguments();
  return std::none_of(arguments.begin(), arguments.end(), [](const Expression& given) {
    const Expression& value = given.has_named_argument_expression() ? given.named_argument_expression().value() : given;
    return value.has_subquery_expression() &&
           value.subquery_expression().subquery_type() == spark::connect::SubqueryExpression::SUBQUERY_TYPE_TABLE_ARG;
  });
}

// The rows of `left` with those that a function makes of each, which came with the call.
Result<ResolvedRelation> GeneratedInline(RelationContext& context, const ResolvedRelation& left,
                                         const spark::connect::CommonInlineUserDefinedTableFunction& call) {
  SLUICE_ASSIGN(auto function, TableFunctionOf(call, *context.catalog()));
  return CallTableFunction(left, {std::move(function), &call.arguments(), /*lateral=*/true}, context.options(),
                           &context);
}

}  // namespace

bool IsGenerator(const std::string& name) {
  static const std::string_view kNames[] = {"explode",      "explode_outer", "posexplode", "posexplode_outer", "inline",
                                            "inline_outer", "stack",         "json_tuple", sql::kInlineTable};
  return std::find(std::begin(kNames), std::end(kNames), name) != std::end(kNames);
}

Result<GeneratorCall> MakeGenerator(const std::string& name, std::vector<ExprPtr>* args,
                                    const ResolveOptions& options) {
  GeneratorCall call;
  call.name = name;
  call.spec.outer = name.ends_with("_outer");
  const bool inline_table = name == sql::kInlineTable;
  if (name == "stack" || inline_table) {
    if (args->size() < 2) return WrongCount(name, "> 1", args->size());
    call.spec.kind = GeneratorKind::kStack;
    SLUICE_ASSIGN(call.spec.stack_rows, RowsOfStack((*args)[0], options));
    SLUICE_RETURN_IF_ERROR(FillStack(inline_table, args, &call, options));
    return call;
  }
  if (name == "json_tuple") SLUICE_RETURN_IF_ERROR(FillJsonTuple(args, options));
  if (args->size() != 1) return WrongCount(name, "1", args->size());
  call.spec.kind = name.starts_with("inline") || name == "json_tuple" ? GeneratorKind::kInline
                   : name.starts_with("posex")                        ? GeneratorKind::kPosExplode
                                                                      : GeneratorKind::kExplode;
  const Expr& arg = *(*args)[0];
  SLUICE_RETURN_IF_ERROR(call.spec.kind == GeneratorKind::kInline ? FillInline(arg, &call) : FillExplode(arg, &call));
  return call;
}

Result<std::vector<NamedExpr>> ExpressionResolver::ResolveGenerator(const Expression::UnresolvedFunction& call,
                                                                    const std::vector<std::string>& names) {
  SLUICE_ASSIGN(std::vector<ExprPtr> args, ResolveArguments(call));
  for (ExprPtr& arg : args) arg = WithoutShown(arg);
  SLUICE_ASSIGN(GeneratorCall made, MakeGenerator(sql::LowerCase(call.function_name()), &args, options_));
  if (!names.empty() && names.size() != made.fields.size()) {
    return UserError("UDTF_ALIAS_NUMBER_MISMATCH",
                     fmt::format("{} makes {} columns, but AS names {}.", made.name, made.fields.size(), names.size()),
                     {{"aliasesSize", std::to_string(made.fields.size())},
                      {"aliasesNames", fmt::format("{}", fmt::join(names, ","))}});
  }
  const auto shared = std::make_shared<const GeneratorCall>(std::move(made));
  std::vector<NamedExpr> columns;
  for (size_t i = 0; i < shared->fields.size(); ++i) {
    columns.push_back({names.empty() ? shared->fields[i]->name() : names[i],
                       std::make_shared<GeneratedExpr>(shared, static_cast<int>(i), args),
                       {},
                       !names.empty()});
  }
  return columns;
}

Result<ResolvedRelation> ResolveTableFunction(RelationContext& context, const spark::connect::Relation& relation) {
  const spark::connect::UnresolvedTableValuedFunction& function = relation.unresolved_table_valued_function();
  SLUICE_ASSIGN(ResolvedRelation one_row, context.ResolveInput(false, spark::connect::Relation()));
  SLUICE_ASSIGN(ResolvedRelation generated, Generated(context, std::move(one_row), function, false));
  return WithoutHidden(generated);  // the one row has a column that nobody asked for
}

Result<ResolvedRelation> ResolveInlineTableFunction(RelationContext& context,
                                                    const spark::connect::Relation& relation) {
  const auto& call = relation.common_inline_user_defined_table_function();
  SLUICE_ASSIGN(auto function, TableFunctionOf(call, *context.catalog()));
  SLUICE_ASSIGN(const ResolvedRelation one_row, context.ResolveInput(false, spark::connect::Relation()));
  SLUICE_ASSIGN(const ResolvedRelation made,
                CallTableFunction(one_row, {std::move(function), &call.arguments()}, context.options(), &context));
  return WithoutHidden(made);
}

Result<ResolvedRelation> ResolveLateralJoin(RelationContext& context, const spark::connect::Relation& relation) {
  const spark::connect::LateralJoin& join = relation.lateral_join();
  using spark::connect::Join;
  const bool outer = join.join_type() == Join::JOIN_TYPE_LEFT_OUTER;
  if (!outer && join.join_type() != Join::JOIN_TYPE_INNER && join.join_type() != Join::JOIN_TYPE_CROSS &&
      join.join_type() != Join::JOIN_TYPE_UNSPECIFIED) {
    return UserError("UNSUPPORTED_JOIN_TYPE", "A lateral join is INNER, CROSS or LEFT OUTER.",
                     {{"typ", Join::JoinType_Name(join.join_type())}, {"supported", "'INNER', 'LEFT OUTER', 'CROSS'"}});
  }
  SLUICE_ASSIGN(ResolvedRelation left, context.Resolve(join.left()));
  left = PlainColumns(left);
  // The names that stand around a table function.
  const spark::connect::Relation* right = &join.right();
  std::vector<const spark::connect::Relation*> wrappers;
  while (right->has_subquery_alias() || right->has_to_df()) {
    wrappers.push_back(right);
    right = right->has_to_df() ? &right->to_df().input() : &right->subquery_alias().input();
  }
  const bool inline_python = right->has_common_inline_user_defined_table_function();
  const bool of_each_row = CallsOfEachRow(*right) && !(outer && join.has_join_condition());
  if (of_each_row) {
    const size_t width = left.scope.columns().size();
    Result<ResolvedRelation> generated =
        inline_python ? GeneratedInline(context, left, right->common_inline_user_defined_table_function())
                      : Generated(context, left, right->unresolved_table_valued_function(), outer);
    if (!generated.ok()) return AtOrigin(generated.status(), right->common().origin());
    std::vector<ScopeColumn> made(generated->scope.columns().begin() + static_cast<std::ptrdiff_t>(width),
                                  generated->scope.columns().end());
    for (auto wrapper = wrappers.rbegin(); wrapper != wrappers.rend(); ++wrapper) {
      if ((*wrapper)->has_subquery_alias()) {
        for (ScopeColumn& column : made) column.qualifier = {(*wrapper)->subquery_alias().alias()};
        continue;
      }
      const auto& names = (*wrapper)->to_df().column_names();
      if (static_cast<size_t>(names.size()) != made.size()) {
        return UserError(
            "UDTF_ALIAS_NUMBER_MISMATCH",
            fmt::format("The table function makes {} columns, but {} names are given.", made.size(), names.size()),
            {{"aliasesSize", std::to_string(made.size())}, {"aliasesNames", fmt::format("{}", fmt::join(names, ","))}});
      }
      for (size_t i = 0; i < made.size(); ++i) made[i].name = names[static_cast<int>(i)];
    }
    ResolvedRelation result;
    result.scope = left.scope;
    for (ScopeColumn& column : made) {
      if (right->common().has_plan_id()) column.plan_ids.push_back(right->common().plan_id());
      result.scope.Add(std::move(column));
    }
    result.plan = generated->plan;
    if (!join.has_join_condition()) return result;
    ExpressionResolver resolver = context.Over(&result.scope);
    SLUICE_ASSIGN(ExprPtr condition,
                  resolver.ResolveCondition(join.join_condition(), "JOIN_CONDITION_IS_NOT_BOOLEAN_TYPE"));
    result.plan = MakeFilter(std::move(result.plan), std::move(condition));
    return result;
  }
  const std::vector<const Scope*> scopes = {&left.scope};
  std::vector<ExprPtr> named;
  SLUICE_ASSIGN(const ResolvedRelation resolved, context.ResolveInside(join.right(), scopes, &named));
  const ResolvedRelation given = PlainColumns(resolved);
  const Scope both = BothScopes(left, given);
  ExprPtr condition;
  if (join.has_join_condition()) {
    ExpressionResolver resolver = context.Over(&both);
    SLUICE_ASSIGN(condition, resolver.ResolveCondition(join.join_condition(), "JOIN_CONDITION_IS_NOT_BOOLEAN_TYPE"));
  }
  ResolvedRelation result;
  SLUICE_ASSIGN(result.plan, JoinLateral(left.plan, given.plan, named, outer ? JoinType::kLeft : JoinType::kInner,
                                         condition, context.options()));
  for (const ScopeColumn& column : both.columns()) {
    const int index = static_cast<const ColumnExpr*>(column.value.get())->index();
    result.scope.Add({column.name, column.qualifier, ColumnOf(*result.plan->schema, index), column.plan_ids});
  }
  return result;
}

}  // namespace sluice
