// SPDX-License-Identifier: Apache-2.0
#include <arrow/api.h>
#include <fmt/format.h>

#include <algorithm>

#include "expr/branch.h"
#include "expr/compare_values.h"
#include "expr/gather.h"
#include "expr/map_rows.h"
#include "expr/signature.h"
#include "types/spark_type.h"

namespace sluice {
namespace {

using ArrayPtr = std::shared_ptr<arrow::Array>;

std::string ShowCall(const char* name, const std::vector<ExprPtr>& args) {
  std::string text;
  for (const auto& arg : args) text += (text.empty() ? "" : ", ") + arg->ToString();
  return fmt::format("{}({})", name, text);
}

bool IsCondition(size_t index, size_t arguments) {
  return index % 2 == 0 && index + 1 < arguments;
}

// CASE takes no NULL for a condition, if() does.
Status CheckConditions(const std::string& name, const std::vector<ExprPtr>& args) {
  for (size_t i = 0; i < args.size(); ++i) {
    if (!IsCondition(i, args.size()) || args[i]->type()->id() == arrow::Type::BOOL) continue;
    if (args[i]->type()->id() != arrow::Type::NA || name == "when")
      return UnexpectedInput(name, i, *args[i], "BOOLEAN");
  }
  return Status::OK();
}

// condition, value, ..., [else]: the values take one type. if() looks at its condition before, CASE after that.
Result<ExprPtr> MakeCase(const std::string& name, std::vector<ExprPtr> args, const ResolveOptions& options,
                         std::string shown = {}) {
  std::vector<ExprPtr> values;
  for (size_t i = 0; i < args.size(); ++i) {
    if (!IsCondition(i, args.size())) values.push_back(args[i]);
  }
  if (name != "when") SLUICE_RETURN_IF_ERROR(CheckConditions(name, args));
  SLUICE_ASSIGN(values, CastToCommonType(name, std::move(values), options.ansi));
  SLUICE_RETURN_IF_ERROR(CheckConditions(name, args));
  bool nullable = args.size() % 2 == 0;
  size_t next = 0;
  for (size_t i = 0; i < args.size(); ++i) {
    if (!IsCondition(i, args.size())) {
      nullable |= values[next]->nullable();
      args[i] = values[next++];
      continue;
    }
    SLUICE_ASSIGN(args[i], MakeImplicitCast(args[i], arrow::boolean(), options.ansi));
  }
  const auto type = values[0]->type();
  return std::make_shared<BranchExpr>(BranchExpr::Kind::kCase, name, type, nullable, std::move(args), std::move(shown));
}

Result<ExprPtr> ResolveWhen(std::vector<ExprPtr> args, const ResolveOptions& options) {
  SLUICE_RETURN_IF_ERROR(CheckCount("when", args.size(), 2, -1));
  return MakeCase("when", std::move(args), options);
}

Result<ExprPtr> ResolveIf(std::vector<ExprPtr> args, const ResolveOptions& options) {
  SLUICE_RETURN_IF_ERROR(CheckCount("if", args.size(), 3, 3));
  return MakeCase("if", std::move(args), options);
}

Result<ExprPtr> ResolveNvl2(std::vector<ExprPtr> args, const ResolveOptions& options) {
  SLUICE_RETURN_IF_ERROR(CheckCount("nvl2", args.size(), 3, 3));
  std::string shown = ShowCall("nvl2", args);
  SLUICE_ASSIGN(args[0], ResolveFunction("isnotnull", {args[0]}, options));
  return MakeCase("if", std::move(args), options, std::move(shown));
}

Result<ExprPtr> ResolveNullIf(std::vector<ExprPtr> args, const ResolveOptions& options) {
  SLUICE_RETURN_IF_ERROR(CheckCount("nullif", args.size(), 2, 2));
  std::string shown = ShowCall("nullif", args);
  SLUICE_ASSIGN(auto equal, ResolveFunction("=", args, options));
  ExprPtr null = std::make_shared<LiteralExpr>(arrow::MakeNullScalar(args[0]->type()));
  return MakeCase("if", {std::move(equal), std::move(null), args[0]}, options, std::move(shown));
}

ScalarFunction Coalescing(const char* name, const char* signature, const char* doc, const char* example,
                          const char* since, int least, int most) {
  return {name,
          signature,
          doc,
          example,
          since,
          [name, least, most](std::vector<ExprPtr> args, const ResolveOptions& options) -> Result<ExprPtr> {
            SLUICE_RETURN_IF_ERROR(CheckCount(name, args.size(), least, most));
            SLUICE_ASSIGN(args, CastToCommonType(name, std::move(args), options.ansi));
            const bool nullable =
                std::all_of(args.begin(), args.end(), [](const ExprPtr& arg) { return arg->nullable(); });
            const auto type = args[0]->type();
            return std::make_shared<BranchExpr>(BranchExpr::Kind::kCoalesce, name, type, nullable, std::move(args));
          }};
}

// The first of the greatest (sign 1) or least (sign -1) values of a row; NULLs are skipped.
Result<ArrayPtr> Extreme(const KernelCall& call, int sign) {
  const auto count = static_cast<int64_t>(call.args.size());
  std::vector<int64_t> picked(static_cast<size_t>(call.rows), -1);
  for (int64_t row = 0; row < call.rows; ++row) {
    int64_t best = -1;
    for (int64_t i = 0; i < count; ++i) {
      const auto& column = *call.args[static_cast<size_t>(i)];
      if (column.IsNull(row)) continue;
      if (best < 0 || CompareAt(column, row, *call.args[static_cast<size_t>(best)], row) * sign > 0) best = i;
    }
    if (best >= 0) picked[static_cast<size_t>(row)] = best * call.rows + row;
  }
  SLUICE_ASSIGN(auto all, arrow::Concatenate(call.args, PoolOf(call.context)));
  return TakeRows(all, picked, PoolOf(call.context));
}

Result<ArrayPtr> Greatest(const KernelCall& call) {
  return Extreme(call, 1);
}
Result<ArrayPtr> Least(const KernelCall& call) {
  return Extreme(call, -1);
}

// Strings are not widened here, unlike elsewhere.
Status CheckNoMixedStrings(const char* name, const std::vector<ExprPtr>& args) {
  bool strings = false;
  bool others = false;
  for (const auto& arg : args) {
    strings |= IsStringType(*arg->type());
    others |= !IsStringType(*arg->type()) && arg->type()->id() != arrow::Type::NA;
  }
  if (!strings || !others) return Status::OK();
  return UserError("DATATYPE_MISMATCH.DATA_DIFF_TYPES",
                   fmt::format("{} cannot compare strings with other types.", name));
}

ScalarFunction ExtremeRow(const char* name, const char* signature, const char* doc, const char* example,
                          Kernel kernel) {
  return {name,
          signature,
          doc,
          example,
          "1.5.0",
          [name, kernel](std::vector<ExprPtr> args, const ResolveOptions& options) -> Result<ExprPtr> {
            SLUICE_RETURN_IF_ERROR(CheckCount(name, args.size(), 2, -1));
            SLUICE_RETURN_IF_ERROR(CheckNoMixedStrings(name, args));
            SLUICE_ASSIGN(args, CastToCommonType(name, std::move(args), options.ansi));
            if (args[0]->type()->id() == arrow::Type::MAP) {
              return UserError("DATATYPE_MISMATCH.INVALID_ORDERING_TYPE",
                               fmt::format("{} cannot compare values of type MAP.", name));
            }
            const bool nullable =
                std::all_of(args.begin(), args.end(), [](const ExprPtr& arg) { return arg->nullable(); });
            const auto type = args[0]->type();
            return std::make_shared<FunctionExpr>(
                FunctionTraits{.name = name, .kernel = kernel, .ansi = options.ansi, .order = Order::kAll}, type,
                nullable, std::move(args));
          }};
}

}  // namespace

void AddConditionals(FunctionTable* table) {
  table->push_back({"when", "CASE WHEN c1 THEN v1 [WHEN c2 THEN v2 ...] [ELSE v] END",
                    "The value of the first condition that holds; values are evaluated only where they are taken.",
                    "CASE WHEN 1 = 1 THEN 'a' ELSE 'b' END", "1.0.1", ResolveWhen});
  table->push_back(
      {"if", "if(condition, a, b)", "a where the condition holds, else b.", "if(1 = 1, 'a', 'b')", "1.0.0", ResolveIf});
  table->push_back(Coalescing("coalesce", "coalesce(a, b, ...)", "The first that is not NULL.", "coalesce(NULL, 1)",
                              "1.0.0", 1, -1));
  table->push_back(Coalescing("nvl", "nvl(a, b)", "b where a is NULL.", "nvl(NULL, 1)", "2.0.0", 2, 2));
  table->push_back(Coalescing("ifnull", "ifnull(a, b)", "b where a is NULL.", "ifnull(NULL, 1)", "2.0.0", 2, 2));
  table->push_back(
      {"nvl2", "nvl2(a, b, c)", "b where a is not NULL, else c.", "nvl2(NULL, 2, 1)", "2.0.0", ResolveNvl2});
  table->push_back(
      {"nullif", "nullif(a, b)", "NULL where both are equal, else a.", "nullif(2, 2)", "2.0.0", ResolveNullIf});
  table->push_back(
      ExtremeRow("greatest", "greatest(a, b, ...)", "The greatest, NULLs apart.", "greatest(10, 9, 2)", Greatest));
  table->push_back(ExtremeRow("least", "least(a, b, ...)", "The least, NULLs apart.", "least(10, 9, 2)", Least));
}

}  // namespace sluice
