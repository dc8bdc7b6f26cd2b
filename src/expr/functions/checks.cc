// SPDX-License-Identifier: Apache-2.0
// assert_true and raise_error; equal_null, nullifzero, zeroifnull; who and where the session is; to_binary.
#include <arrow/api.h>
#include <fmt/format.h>
#include <pwd.h>
#include <unistd.h>

#include "expr/branch.h"
#include "expr/foldable.h"
#include "expr/functions/renamed.h"
#include "expr/map_rows.h"
#include "expr/signature.h"
#include "expr/try_expr.h"
#include "types/spark_type.h"

namespace sluice {
namespace {

using ArrayPtr = std::shared_ptr<arrow::Array>;
using Text = std::string_view;

// The first row with a text fails with it; a NULL is an empty message.
Result<ArrayPtr> RaiseError(const KernelCall& call) {
  const bool text = call.args[0]->type_id() != arrow::Type::NA;
  if (call.rows > 0) {
    const std::string message =
        text && call.args[0]->IsValid(0) ? std::string(ColumnReader<Text>(*call.args[0])[0]) : "null";
    return WithRow(UserError("USER_RAISED_EXCEPTION", message, {{"errorMessage", message}}), 0);
  }
  return std::make_shared<arrow::NullArray>(0);
}

Result<ExprPtr> ResolveRaise(std::vector<ExprPtr> args, const ResolveOptions& options) {
  SLUICE_RETURN_IF_ERROR(CheckCount("raise_error", args.size(), 1, 2));
  if (args.size() == 2) return NotSupported("raise_error with an error class is not supported by Sluice.");
  SLUICE_ASSIGN(args[0], CoerceArgument("raise_error", 0, std::move(args[0]), Arg::kString, options.ansi));
  const auto display = [](const FunctionExpr& node) {
    return fmt::format("raise_error(USER_RAISED_EXCEPTION, map(errorMessage, {}))", node.children()[0]->ToString());
  };
  return std::make_shared<FunctionExpr>(
      FunctionTraits{.name = "raise_error", .kernel = RaiseError, .display = display, .ansi = options.ansi},
      arrow::null(), true, std::move(args));
}

// NULL where the condition holds; else an error.
Result<ExprPtr> ResolveAssert(std::vector<ExprPtr> args, const ResolveOptions& options) {
  SLUICE_RETURN_IF_ERROR(CheckCount("assert_true", args.size(), 1, 2));
  if (args.size() < 2) {
    args.push_back(StringLiteral(fmt::format("'{}' is not true!", args[0]->ToString()).c_str()));
  }
  std::string shown = fmt::format("assert_true({}, {})", args[0]->ToString(), args[1]->ToString());
  SLUICE_ASSIGN(args[0], CoerceArgument("assert_true", 0, std::move(args[0]), Arg::kBoolean, options.ansi));
  SLUICE_ASSIGN(ExprPtr raise, ResolveRaise({args[1]}, options));
  ExprPtr null = std::make_shared<LiteralExpr>(arrow::MakeNullScalar(arrow::null()));
  return std::make_shared<BranchExpr>(BranchExpr::Kind::kCase, "if", arrow::null(), true,
                                      std::vector<ExprPtr>{args[0], std::move(null), std::move(raise)},
                                      std::move(shown));
}

std::string ShowCall(const char* name, const std::vector<ExprPtr>& args) {
  std::string text;
  for (const auto& arg : args) text += (text.empty() ? "" : ", ") + arg->ToString();
  return fmt::format("{}({})", name, text);
}

Result<ExprPtr> Renamed(Result<ExprPtr> call, std::string shown) {
  SLUICE_RETURN_IF_ERROR(call.status());
  ExprPtr value = call.MoveValueUnsafe();
  const bool nullable = value->nullable();
  return std::make_shared<RenamedExpr>(std::move(value), std::move(shown), nullable);
}

Result<ExprPtr> ResolveEqualNull(std::vector<ExprPtr> args, const ResolveOptions& options) {
  SLUICE_RETURN_IF_ERROR(CheckCount("equal_null", args.size(), 2, 2));
  std::string shown = ShowCall("equal_null", args);
  return Renamed(ResolveFunction("<=>", std::move(args), options), std::move(shown));
}

Result<ExprPtr> ResolveNullIfZero(std::vector<ExprPtr> args, const ResolveOptions& options) {
  SLUICE_RETURN_IF_ERROR(CheckCount("nullifzero", args.size(), 1, 1));
  std::string shown = ShowCall("nullifzero", args);
  SLUICE_ASSIGN(ExprPtr zero, ResolveFunction("=", {args[0], IntLiteral(0)}, options));
  ExprPtr null = std::make_shared<LiteralExpr>(arrow::MakeNullScalar(arrow::null()));
  return Renamed(ResolveFunction("if", {std::move(zero), std::move(null), args[0]}, options), std::move(shown));
}

Result<ExprPtr> ResolveZeroIfNull(std::vector<ExprPtr> args, const ResolveOptions& options) {
  SLUICE_RETURN_IF_ERROR(CheckCount("zeroifnull", args.size(), 1, 1));
  std::string shown = ShowCall("zeroifnull", args);
  args.push_back(IntLiteral(0));
  return Renamed(ResolveFunction("nvl", std::move(args), options), std::move(shown));
}

Result<ArrayPtr> RepeatText(const KernelCall& call, Text text) {
  ViewWriter writer(call.rows, PoolOf(call.context));
  SLUICE_RETURN_IF_ERROR(writer.Allocate());
  for (int64_t row = 0; row < call.rows; ++row) SLUICE_RETURN_IF_ERROR(writer.Set(row, text));
  return writer.Finish(StringType());
}

// The user that the process runs as.
Result<ArrayPtr> CurrentUser(const KernelCall& call) {
  passwd entry{};
  passwd* found = nullptr;
  char buffer[4096];
  if (getpwuid_r(geteuid(), &entry, buffer, sizeof(buffer), &found) == 0 && found != nullptr) {
    return RepeatText(call, found->pw_name);
  }
  return RepeatText(call, std::to_string(geteuid()));
}

Result<ArrayPtr> CurrentCatalog(const KernelCall& call) {
  return RepeatText(call, "spark_catalog");
}
Result<ArrayPtr> CurrentSchema(const KernelCall& call) {
  return RepeatText(call, "default");
}
std::string DisplayCurrentSchema(const FunctionExpr& /*node*/) {
  return "current_schema()";
}

Result<ArrayPtr> Version(const KernelCall& call) {
  return RepeatText(call, "4.2.0 sluice");
}

// A constant format of to_binary: hex, utf-8, base64; NULL gives NULL.
Result<ExprPtr> ToBinary(const char* name, std::vector<ExprPtr> args, const ResolveOptions& options) {
  SLUICE_RETURN_IF_ERROR(CheckCount(name, args.size(), 1, 2));
  if (args.size() < 2) args.push_back(StringLiteral("hex"));
  SLUICE_ASSIGN(args[0], CoerceArgument(name, 0, std::move(args[0]), Arg::kString, options.ansi));
  SLUICE_ASSIGN(args[1], CoerceArgument(name, 1, std::move(args[1]), Arg::kString, options.ansi));
  if (!IsFoldable(*args[1])) {
    return UserError("DATATYPE_MISMATCH.NON_FOLDABLE_INPUT", fmt::format("The format of {} must be a constant.", name),
                     {{"inputName", "`fmt`"}, {"inputType", "\"STRING\""}, {"inputExpr", args[1]->ToString()}});
  }
  SLUICE_ASSIGN(auto value, EvalConstant(args[1], EvalContext()));
  if (!value->is_valid) return std::make_shared<LiteralExpr>(arrow::MakeNullScalar(BinaryType()));
  std::string format = value->ToString();
  for (char& c : format) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  if (format == "utf-8" || format == "utf8") {
    return ResolveFunction("encode", {args[0], StringLiteral("UTF-8")}, options);
  }
  if (format == "base64") return ResolveFunction("unbase64", {args[0]}, options);
  if (format != "hex") {
    return UserError("DATATYPE_MISMATCH.INVALID_ARG_VALUE",
                     fmt::format("The format of {} is hex, utf-8 or base64, and not '{}'.", name, format),
                     {{"inputName", "fmt"}, {"requireType", "case-insensitive STRING"}});
  }
  SLUICE_ASSIGN(ExprPtr bytes, ResolveFunction("unhex", {args[0]}, options));
  // What is no hex is an error here.
  SLUICE_ASSIGN(ExprPtr bad, ResolveFunction("isnull", {bytes}, options));
  SLUICE_ASSIGN(ExprPtr given, ResolveFunction("isnotnull", {args[0]}, options));
  SLUICE_ASSIGN(bad, ResolveFunction("and", {std::move(given), std::move(bad)}, options));
  ExprPtr failure = std::make_shared<FunctionExpr>(
      FunctionTraits{.name = "to_binary",
                     .kernel = [](const KernelCall& call) -> Result<ArrayPtr> {
                       if (call.rows == 0) return arrow::MakeEmptyArray(BinaryType());
                       return WithRow(
                           UserError("CONVERSION_INVALID_INPUT", "The text is no hex. Use try_to_binary to get NULL."),
                           0);
                     }},
      BinaryType(), true, std::vector<ExprPtr>{args[0]});
  return std::make_shared<BranchExpr>(BranchExpr::Kind::kCase, "if", BinaryType(), true,
                                      std::vector<ExprPtr>{std::move(bad), std::move(failure), std::move(bytes)});
}

Result<ExprPtr> ResolveToBinary(std::vector<ExprPtr> args, const ResolveOptions& options) {
  std::string shown = ShowCall("to_binary", args);
  return Renamed(ToBinary("to_binary", std::move(args), options), std::move(shown));
}

Result<ExprPtr> ResolveTryToBinary(std::vector<ExprPtr> args, const ResolveOptions& options) {
  std::string shown = ShowCall("try_to_binary", args);
  SLUICE_ASSIGN(ExprPtr value, ToBinary("try_to_binary", std::move(args), options));
  return std::make_shared<TryExpr>(std::move(value), std::move(shown));
}

}  // namespace

void AddChecks(FunctionTable* table) {
  table->push_back({"assert_true", "assert_true(condition[, message])",
                    "NULL; an error where the condition does not hold.", "assert_true(0 < 1)", "2.0.0", ResolveAssert});
  table->push_back({"raise_error", "raise_error(message)", "An error.", "if(1 = 1, 'a', raise_error('never'))", "3.1.0",
                    ResolveRaise});
  table->push_back({"equal_null", "equal_null(a, b)", "Whether both are equal or both NULL.", "equal_null(NULL, NULL)",
                    "3.4.0", ResolveEqualNull});
  table->push_back(
      {"nullifzero", "nullifzero(a)", "NULL where a is zero.", "nullifzero(0)", "4.0.0", ResolveNullIfZero});
  table->push_back(
      {"zeroifnull", "zeroifnull(a)", "Zero where a is NULL.", "zeroifnull(NULL)", "4.0.0", ResolveZeroIfNull});
  table->push_back({"to_binary", "to_binary(str[, format])", "The bytes of a text: hex, utf-8 or base64.",
                    "to_binary('abc', 'utf-8')", "3.3.0", ResolveToBinary});
  table->push_back({"try_to_binary", "try_to_binary(str[, format])", "As to_binary, but NULL for what is malformed.",
                    "try_to_binary('a!', 'base64')", "3.3.0", ResolveTryToBinary});
  for (const char* name : {"current_user", "user", "session_user"}) {
    table->push_back(Function(name, "current_user()", "The user that the process runs as.",
                              "current_user() IS NOT NULL", "3.2.0",
                              {.type = StringType(), .kernel = CurrentUser, .nulls = Nulls::kNever}));
  }
  table->push_back(Function("current_catalog", "current_catalog()", "The catalog of names that have none.",
                            "current_catalog() = 'spark_catalog'", "3.1.0",
                            {.type = StringType(), .kernel = CurrentCatalog, .nulls = Nulls::kNever}));
  for (const char* name : {"current_schema", "current_database"}) {
    table->push_back(Function(
        name, "current_schema()", "The database of names that have none.", "current_schema() = 'default'",
        name == std::string_view("current_schema") ? "3.4.0" : "1.6.0",
        {.type = StringType(), .kernel = CurrentSchema, .nulls = Nulls::kNever, .display = DisplayCurrentSchema}));
  }
  table->push_back(Function("version", "version()", "The version of Spark whose answers these are.",
                            "version() LIKE '4.2.0%'", "3.0.0",
                            {.type = StringType(), .kernel = Version, .nulls = Nulls::kNever}));
}

}  // namespace sluice
