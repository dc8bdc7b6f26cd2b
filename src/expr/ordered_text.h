// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "expr/aggregate.h"

namespace sluice {

// How a key orders the texts of listagg.
struct TextOrder {
  bool ascending = true;
  bool nulls_first = true;
};

// listagg WITHIN GROUP (ORDER BY ..). The last arguments of the call are the keys, one an order.
std::unique_ptr<Accumulator> MakeOrderedText(const AggregateCall& call, std::string delimiter,
                                             std::vector<TextOrder> order);

}  // namespace sluice
