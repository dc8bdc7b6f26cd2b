// SPDX-License-Identifier: Apache-2.0
#include "analysis/sort_keys.h"

#include <fmt/format.h>

#include <utility>

#include "analysis/relation_context.h"
#include "base/spark_error.h"

namespace sluice {

SortKey SortKeyOf(const spark::connect::Expression::SortOrder& order, ExprPtr value) {
  using Order = spark::connect::Expression::SortOrder;
  SortKey key;
  key.expr = std::move(value);
  key.ascending = order.direction() != Order::SORT_DIRECTION_DESCENDING;
  key.nulls_first = order.null_ordering() == Order::SORT_NULLS_UNSPECIFIED
                        ? key.ascending
                        : order.null_ordering() == Order::SORT_NULLS_FIRST;
  return key;
}

Status CheckOrderable(const std::vector<SortKey>& keys) {
  for (const SortKey& key : keys) {
    if (!ContainsMap(*key.expr->type())) continue;
    return UserError("DATATYPE_MISMATCH.INVALID_ORDERING_TYPE",
                     fmt::format("{} has a map inside, which has no order.", key.expr->ToString()));
  }
  return Status::OK();
}

}  // namespace sluice
