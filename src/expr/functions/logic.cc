// SPDX-License-Identifier: Apache-2.0
#include <arrow/api.h>
#include <fmt/format.h>

#include "expr/branch.h"
#include "expr/map_rows.h"
#include "expr/signature.h"

namespace sluice {
namespace {

using ArrayPtr = std::shared_ptr<arrow::Array>;

Result<ExprPtr> ResolveBinary(BranchExpr::Kind kind, const char* name, std::vector<ExprPtr> args,
                              const ResolveOptions& options) {
  SLUICE_RETURN_IF_ERROR(CheckCount(name, args.size(), 2, 2));
  const bool texts[2] = {IsStringType(*args[0]->type()), IsStringType(*args[1]->type())};
  for (size_t i = 0; i < 2; ++i) {
    if (args[i]->type()->id() != arrow::Type::BOOL && args[i]->type()->id() != arrow::Type::NA &&
        !(options.ansi && IsStringType(*args[i]->type()))) {
      // Under ANSI a STRING takes the type of what stands beside it.
      const bool same = args[0]->type()->Equals(args[1]->type()) ||
                        (options.ansi && texts[1 - i] && args[i]->type()->num_fields() == 0);
      return UserError(same ? "DATATYPE_MISMATCH.BINARY_OP_WRONG_TYPE" : "DATATYPE_MISMATCH.BINARY_OP_DIFF_TYPES",
                       fmt::format("{} needs BOOLEAN arguments, but has \"{}\".", name, args[i]->ToString()));
    }
    SLUICE_ASSIGN(args[i], MakeImplicitCast(args[i], arrow::boolean(), options.ansi));
  }
  const bool nullable = args[0]->nullable() || args[1]->nullable();
  return std::make_shared<BranchExpr>(kind, name, arrow::boolean(), nullable, std::move(args));
}

Result<ExprPtr> ResolveAnd(std::vector<ExprPtr> args, const ResolveOptions& options) {
  return ResolveBinary(BranchExpr::Kind::kAnd, "and", std::move(args), options);
}

Result<ExprPtr> ResolveOr(std::vector<ExprPtr> args, const ResolveOptions& options) {
  return ResolveBinary(BranchExpr::Kind::kOr, "or", std::move(args), options);
}

Result<ArrayPtr> Not(const KernelCall& call) {
  return MapRows<bool, bool>(call, [](RowOutput<bool>& out, bool value) { return out.Set(!value); });
}

// `of_null`: what a NULL gives.
Result<ArrayPtr> NullTest(const KernelCall& call, bool of_null) {
  ColumnWriter<bool> writer(call.rows, PoolOf(call.context));
  SLUICE_RETURN_IF_ERROR(writer.Allocate());
  for (int64_t row = 0; row < call.rows; ++row) {
    SLUICE_RETURN_IF_ERROR(writer.Set(row, call.args[0]->IsNull(row) == of_null));
  }
  return writer.Finish(arrow::boolean());
}

Result<ArrayPtr> IsNullKernel(const KernelCall& call) {
  return NullTest(call, true);
}
Result<ArrayPtr> IsNotNullKernel(const KernelCall& call) {
  return NullTest(call, false);
}

Result<ArrayPtr> IsNan(const KernelCall& call) {
  ColumnWriter<bool> writer(call.rows, PoolOf(call.context));
  SLUICE_RETURN_IF_ERROR(writer.Allocate());
  const ColumnReader<double> values(*call.args[0]);
  for (int64_t row = 0; row < call.rows; ++row) {
    SLUICE_RETURN_IF_ERROR(writer.Set(row, call.args[0]->IsValid(row) && values[row] != values[row]));
  }
  return writer.Finish(arrow::boolean());
}

std::string DisplayNot(const FunctionExpr& node) {
  return fmt::format("(NOT {})", node.children()[0]->ToString());
}
std::string DisplayIsNull(const FunctionExpr& node) {
  return fmt::format("({} IS NULL)", node.children()[0]->ToString());
}
std::string DisplayIsNotNull(const FunctionExpr& node) {
  return fmt::format("({} IS NOT NULL)", node.children()[0]->ToString());
}

}  // namespace

void AddLogic(FunctionTable* table) {
  const auto boolean = arrow::boolean();
  table->push_back({"and", "a AND b", "Whether both hold; b is not evaluated where a is false.", "true AND false",
                    "1.0.0", ResolveAnd});
  table->push_back(
      {"or", "a OR b", "Whether one holds; b is not evaluated where a is true.", "true OR false", "1.0.0", ResolveOr});
  table->push_back(Function("not", "NOT a", "Whether a does not hold.", "NOT true", "1.0.0",
                            {.args = {Arg::kBoolean}, .type = boolean, .kernel = Not, .display = DisplayNot}));
  table->push_back(Function("!", "! a", "Whether a does not hold.", "! true", "1.0.0",
                            {.args = {Arg::kBoolean}, .type = boolean, .kernel = Not, .display = DisplayNot}));
  table->push_back(Function("isnull", "isnull(a)", "Whether a is NULL.", "isnull(1)", "1.0.0",
                            {.args = {Arg::kAny},
                             .type = boolean,
                             .kernel = IsNullKernel,
                             .nulls = Nulls::kNever,
                             .display = DisplayIsNull}));
  table->push_back(Function("isnotnull", "isnotnull(a)", "Whether a is not NULL.", "isnotnull(1)", "1.0.0",
                            {.args = {Arg::kAny},
                             .type = boolean,
                             .kernel = IsNotNullKernel,
                             .nulls = Nulls::kNever,
                             .display = DisplayIsNotNull}));
  table->push_back(Function("isnan", "isnan(a)", "Whether a is NaN; false for NULL.", "isnan(cast('NaN' as double))",
                            "1.5.0",
                            {.args = {Arg::kDouble}, .type = boolean, .kernel = IsNan, .nulls = Nulls::kNever}));
}

}  // namespace sluice
