// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <arrow/api.h>

#include <string>
#include <utility>
#include <vector>

#include "expr/branch.h"
#include "expr/signature.h"

namespace sluice {

// trunc and date_trunc, whose argument kUnit names a unit: where it is a constant that names none, all is NULL, and
// the date is not evaluated.
template <size_t kUnit>
ScalarFunction UnitFirst(bool (*is_unit)(const std::string& unit), ScalarFunction function) {
  function.resolve = [is_unit, resolve = std::move(function.resolve)](
                         std::vector<ExprPtr> args, const ResolveOptions& options) -> Result<ExprPtr> {
    SLUICE_ASSIGN(auto call, resolve(std::move(args), options));
    const arrow::Scalar* unit = LiteralArgument(*call, kUnit);
    if (unit == nullptr || is_unit(unit->ToString())) return call;
    ExprPtr never = std::make_shared<LiteralExpr>(std::make_shared<arrow::BooleanScalar>(false));
    const auto type = call->type();
    std::string shown = call->ToString();
    return std::make_shared<BranchExpr>(BranchExpr::Kind::kCase, "if", type, true,
                                        std::vector<ExprPtr>{std::move(never), std::move(call)}, std::move(shown));
  };
  return function;
}

}  // namespace sluice
