// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>

#include "expr/aggregate.h"

namespace sluice {

// histogram_numeric over DOUBLEs: at most so many bins {x, y}, of which x has the type that the call's result gives it.
std::unique_ptr<Accumulator> MakeHistogram(const AggregateCall& call, int32_t bins);

}  // namespace sluice
