// SPDX-License-Identifier: Apache-2.0
#include "expr/functions/text_arguments.h"

#include <arrow/api.h>
#include <fmt/format.h>

#include <algorithm>

#include "expr/cast.h"
#include "expr/coercion.h"
#include "expr/column_io.h"
#include "expr/function_expr.h"
#include "types/interval_type.h"
#include "types/spark_type.h"

namespace sluice {
namespace {

// All inside may be NULL, whatever the schema says.
TypePtr Nullable(const TypePtr& type) {
  switch (type->id()) {
    case arrow::Type::LIST:
      return ArrayType(Nullable(type->field(0)->type()));
    case arrow::Type::MAP: {
      const auto& map = static_cast<const arrow::MapType&>(*type);
      return MapOf(Nullable(map.key_type()), Nullable(map.item_type()));
    }
    case arrow::Type::STRUCT: {
      arrow::FieldVector fields;
      for (const auto& field : type->fields()) fields.push_back(arrow::field(field->name(), Nullable(field->type())));
      return arrow::struct_(std::move(fields));
    }
    default:
      return type;
  }
}

bool IsWord(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) || c == '_';
}

// Whether a DDL text has a type CHAR(n) or VARCHAR(n) outside of `quoted names`.
bool NamesCharType(std::string_view ddl) {
  for (size_t i = 0; i < ddl.size(); ++i) {
    if (ddl[i] == '`') i = std::min(ddl.find('`', i + 1), ddl.size());
    if (i >= ddl.size() || !IsWord(ddl[i])) continue;
    const size_t begin = i;
    while (i < ddl.size() && IsWord(ddl[i])) ++i;
    std::string word(ddl.substr(begin, i - begin));
    for (char& c : word) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    const size_t next = ddl.find_first_not_of(" \t\r\n", i);
    const bool sized = next != std::string_view::npos && ddl[next] == '(';
    if (sized && (word == "char" || word == "varchar" || word == "character")) return true;
    --i;
  }
  return false;
}

bool IsConstant(const Expr& expr) {
  if (expr.children().empty()) return dynamic_cast<const LiteralExpr*>(&expr) != nullptr;
  return expr.deterministic() && std::all_of(expr.children().begin(), expr.children().end(),
                                             [](const ExprPtr& child) { return IsConstant(*child); });
}

// The text of a constant; nothing when it is NULL.
Result<std::optional<std::string>> TextOf(const ExprPtr& expr) {
  SLUICE_ASSIGN(auto scalar, EvalConstant(expr, EvalContext()));
  if (!scalar->is_valid) return std::nullopt;
  return LiteralExpr(std::move(scalar)).ToString();
}

// The text of an argument that must be constant.
Result<std::string> ConstantArgument(const char* function, const char* name, const ExprPtr& arg) {
  if (!IsConstant(*arg)) {
    return UserError("DATATYPE_MISMATCH.NON_FOLDABLE_INPUT",
                     fmt::format("The argument {} of {} must be a constant.", name, function));
  }
  SLUICE_ASSIGN(auto text, TextOf(arg));
  if (!text) {
    return UserError("DATATYPE_MISMATCH.UNEXPECTED_NULL",
                     fmt::format("The argument {} of {} must not be NULL.", name, function));
  }
  return *text;
}

// A constant STRING that is shown as function(argument).
ExprPtr ConstantResult(const char* function, std::string text, ExprPtr argument) {
  auto scalar = std::make_shared<arrow::StringViewScalar>(std::move(text));
  return std::make_shared<TextFunctionExpr>(
      function, scalar->ToString(), StringType(), std::move(argument),
      [scalar](const ArrayPtr& column, const TypePtr&, const EvalContext& context) -> Result<ArrayPtr> {
        return arrow::MakeArrayFromScalar(*scalar, column->length(), PoolOf(context));
      });
}

}  // namespace

TextFunctionExpr::TextFunctionExpr(std::string name, std::string options_key, TypePtr type, ExprPtr child, Body body)
    : Expr(std::move(type), true, {std::move(child)}),
      name_(std::move(name)),
      options_key_(std::move(options_key)),
      body_(std::move(body)) {}

std::string TextFunctionExpr::ToString() const {
  return fmt::format("{}({})", name_, children()[0]->ToString());
}

Result<ArrayPtr> TextFunctionExpr::EvalImpl(Evaluation& evaluation) const {
  SLUICE_ASSIGN(const auto column, evaluation.Eval(children()[0]));
  return body_(column, type(), evaluation.context());
}

ExprPtr TextFunctionExpr::WithChildren(std::vector<ExprPtr> children) const {
  return std::make_shared<TextFunctionExpr>(name_, options_key_, type(), std::move(children[0]), body_);
}

std::string TextFunctionExpr::NodeKey() const {
  return fmt::format("text function:{}:{}:{}", name_, type()->ToString(), options_key_);
}

Result<TextOptions> OptionsArgument(const std::vector<ExprPtr>& args, size_t index) {
  if (index >= args.size()) return TextOptions();
  const auto* map = dynamic_cast<const FunctionExpr*>(args[index].get());
  if (map == nullptr || map->name() != "map")
    return UserError("INVALID_OPTIONS.NON_MAP_FUNCTION", "Options must be given by the function map(..).");
  std::vector<std::pair<std::string, std::string>> options;
  for (size_t i = 0; i + 1 < map->children().size(); i += 2) {
    std::string pair[2];
    for (size_t k = 0; k < 2; ++k) {
      const ExprPtr& part = map->children()[i + k];
      if (!IsStringType(*part->type())) {
        return UserError(
            "INVALID_OPTIONS.NON_STRING_TYPE",
            fmt::format("Keys and values of options must be strings, not {}.", SparkTypeName(*map->type())),
            {{"mapType", "\"" + SparkTypeName(*map->type()) + "\""}});
      }
      if (!IsConstant(*part)) return UserError("INVALID_OPTIONS.NON_MAP_FUNCTION", "Options must be constants.");
      SLUICE_ASSIGN(const auto text, TextOf(part));
      if (!text) return UserError("SLUICE_INVALID_OPTION", "A name or value of an option is NULL.");
      pair[k] = *text;
    }
    options.emplace_back(pair[0], pair[1]);
  }
  return TextOptions(options);
}

namespace {

// Texts of intervals are not read: a schema with one would give NULLs alone.
Status RefuseIntervals(const char* function, const arrow::DataType& type) {
  if (IsInterval(type)) return NotSupported(fmt::format("Intervals in the schema of {} are not supported.", function));
  for (const auto& field : type.fields()) SLUICE_RETURN_IF_ERROR(RefuseIntervals(function, *field->type()));
  return Status::OK();
}

}  // namespace

Result<TypePtr> SchemaArgument(const char* function, const ExprPtr& expr) {
  std::optional<std::string> text;
  if (IsConstant(*expr) && IsStringType(*expr->type())) {
    SLUICE_ASSIGN(text, TextOf(expr));
  }
  if (!text) {
    return UserError("INVALID_SCHEMA.NON_STRING_LITERAL",
                     fmt::format("The schema of {} must be a constant string.", function));
  }
  if (std::all_of(text->begin(), text->end(), [](unsigned char c) { return std::isspace(c); }))
    return UserError("PARSE_EMPTY_STATEMENT", fmt::format("The schema of {} is empty.", function));
  if (NamesCharType(*text)) {
    return UserError("UNSUPPORTED_CHAR_OR_VARCHAR_AS_STRING",
                     fmt::format("The schema '{}' of {} has CHAR or VARCHAR; write STRING.", *text, function));
  }
  auto type = ParseSparkType(*text);
  if (type.ok()) SLUICE_RETURN_IF_ERROR(RefuseIntervals(function, **type));
  if (type.ok()) return Nullable(*type);
  auto schema = ParseSparkSchema(*text);
  if (schema.ok()) SLUICE_RETURN_IF_ERROR(RefuseIntervals(function, *arrow::struct_((*schema)->fields())));
  if (schema.ok()) return Nullable(arrow::struct_((*schema)->fields()));
  // Spark tells what is wrong with the text as one type.
  const bool is_type = text->back() == '>' || text->back() == ')' || std::all_of(text->begin(), text->end(), IsWord);
  const SparkErrorDetail* detail = FindSparkError(is_type ? type.status() : schema.status());
  return UserError(is_type && detail != nullptr ? detail->error_class : "PARSE_SYNTAX_ERROR",
                   fmt::format("The schema '{}' of {} cannot be read. {}", *text, function,
                               detail == nullptr ? "" : detail->message));
}

Result<ExprPtr> StringArgument(const char* function, ExprPtr arg, bool ansi) {
  if (!IsStringType(*arg->type()) && arg->type()->id() != arrow::Type::NA)
    return UnexpectedInput(function, 0, *arg, "STRING");
  return MakeImplicitCast(std::move(arg), StringType(), ansi);
}

Result<ExprPtr> ResolveSchemaOf(const char* function, const char* argument, InferType infer, std::vector<ExprPtr> args,
                                const ResolveOptions& options) {
  SLUICE_RETURN_IF_ERROR(CheckCount(function, args.size(), 1, 2));
  SLUICE_ASSIGN(const auto text_options, OptionsArgument(args, 1));
  SLUICE_ASSIGN(auto child, StringArgument(function, args[0], options.ansi));
  SLUICE_ASSIGN(const auto text, ConstantArgument(function, argument, child));
  SLUICE_ASSIGN(const auto type, infer(text, text_options));
  return ConstantResult(function, SparkTypeName(*type), std::move(child));
}

Status CheckJsonType(const char* function, const arrow::DataType& type) {
  const bool nested = type.id() == arrow::Type::STRUCT || type.num_fields() > 0;
  if (!nested) {
    return UserError("DATATYPE_MISMATCH.INVALID_JSON_SCHEMA",
                     fmt::format("{} takes a STRUCT, ARRAY or MAP, not a {}.", function, SparkTypeName(type)));
  }
  return Status::OK();
}

Status CheckMode(const char* function, ParseMode mode) {
  if (mode != ParseMode::kDropMalformed) return Status::OK();
  return UserError("PARSE_MODE_UNSUPPORTED",
                   fmt::format("{} has the modes PERMISSIVE and FAILFAST, not DROPMALFORMED.", function));
}

}  // namespace sluice
