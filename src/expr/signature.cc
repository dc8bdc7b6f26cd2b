// SPDX-License-Identifier: Apache-2.0
#include "expr/signature.h"

#include <arrow/api.h>

#include <algorithm>

#include "types/spark_type.h"

namespace sluice {
namespace {

Result<ExprPtr> Resolve(const std::string& name, const Signature& how, std::vector<ExprPtr> args,
                        const ResolveOptions& options) {
  const int all = static_cast<int>(how.args.size());
  const int least = how.variadic ? all - 1 : how.required < 0 ? all : how.required;
  SLUICE_RETURN_IF_ERROR(CheckCount(name, args.size(), least, how.variadic ? -1 : all));
  // defaults[i] stands for argument `least + i`.
  for (size_t i = args.size() - static_cast<size_t>(least); !how.variadic && i < how.defaults.size(); ++i) {
    args.push_back(how.defaults[i]);
  }
  for (size_t i = 0; i < args.size(); ++i) {
    const Arg wanted = how.args[std::min(i, how.args.size() - 1)];
    SLUICE_ASSIGN(args[i], CoerceArgument(name, i, args[i], wanted, options.ansi));
  }
  TypePtr type = how.type;
  if (type == nullptr) {
    SLUICE_ASSIGN(type, how.type_of(args));
  }
  const bool nullable = how.nulls == Nulls::kAlways || (how.nulls == Nulls::kWithoutAnsi && !options.ansi) ||
                        (how.nulls != Nulls::kNever &&
                         std::any_of(args.begin(), args.end(), [](const ExprPtr& arg) { return arg->nullable(); }));
  FunctionTraits traits{name, how.kernel, how.display, options.ansi, how.deterministic, how.java_text, how.order};
  return std::make_shared<FunctionExpr>(std::move(traits), std::move(type), nullable, std::move(args));
}

}  // namespace

ScalarFunction Function(const char* name, const char* signature, const char* doc, const char* example,
                        const char* since, Signature how) {
  return {name,
          signature,
          doc,
          example,
          since,
          [name, how = std::move(how)](std::vector<ExprPtr> args, const ResolveOptions& options) {
            return Resolve(name, how, std::move(args), options);
          }};
}

ExprPtr IntLiteral(int32_t value) {
  return std::make_shared<LiteralExpr>(std::make_shared<arrow::Int32Scalar>(value));
}

ExprPtr StringLiteral(const char* text) {
  return std::make_shared<LiteralExpr>(
      std::make_shared<arrow::StringViewScalar>(arrow::Buffer::FromString(std::string(text)), StringType()));
}

}  // namespace sluice
