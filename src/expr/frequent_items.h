// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>

#include "expr/aggregate.h"

namespace sluice {

// collect_frequent_items(value, size): values that may come in more than one of `size` rows, and all that do.
std::unique_ptr<Accumulator> MakeFrequentItems(const AggregateCall& call, int32_t size);

}  // namespace sluice
