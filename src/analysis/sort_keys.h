// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <spark/connect/expressions.pb.h>

#include <vector>

#include "base/status.h"
#include "expr/expr.h"
#include "plan/window.h"

namespace sluice {

// The key that a sort order makes of its resolved value: ascending with NULL first, unless it says otherwise.
SortKey SortKeyOf(const spark::connect::Expression::SortOrder& order, ExprPtr value);
// DATATYPE_MISMATCH.INVALID_ORDERING_TYPE when a key's type has no order.
Status CheckOrderable(const std::vector<SortKey>& keys);

}  // namespace sluice
