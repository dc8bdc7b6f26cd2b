// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <spark/connect/expressions.pb.h>

#include <string>
#include <vector>

#include "conf/session_options.h"
#include "expr/aggregate.h"
#include "plan/window.h"

namespace sluice {

class ExpressionResolver;

// A call with WITHIN GROUP (ORDER BY ..) has the order behind its arguments.
bool HasOrder(const spark::connect::Expression::UnresolvedFunction& call);
Result<std::vector<SortKey>> OrderOf(const spark::connect::Expression::UnresolvedFunction& call,
                                     ExpressionResolver* resolver);
// The error of a function that takes no WITHIN GROUP.
Status OrderNotTaken(const std::string& name);

// The call of an aggregate over these arguments, in an order of its own where `order` is not empty.
// INVALID_WITHIN_GROUP_EXPRESSION where the order does not go with it, or is missing.
Result<AggregateCall> ResolveWrittenAggregate(const std::string& name, std::vector<ExprPtr> args,
                                              const std::vector<SortKey>& order, bool distinct,
                                              const SessionOptions& options);

// As Spark calls the function behind which IGNORE NULLS or RESPECT NULLS stands: first_value is first then.
std::string NameWithNulls(const std::string& name);
// Aggregates that take IGNORE NULLS because they leave NULLs out anyway.
bool CollectsValues(const std::string& name);

}  // namespace sluice
