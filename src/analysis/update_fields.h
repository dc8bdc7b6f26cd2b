// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "conf/session_options.h"
#include "expr/expr.h"

namespace sluice {

// A struct with one field more or another one in its place (Column.withField), or without it where `value` is null
// (Column.dropFields). The name may lead into structs inside: "a.b". A NULL struct stays NULL.
Result<ExprPtr> UpdateField(const ExprPtr& structure, const std::string& name, const ExprPtr& value,
                            const SessionOptions& options);

}  // namespace sluice
