// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <arrow/type_fwd.h>

#include <cstdint>

#include "base/status.h"

namespace sluice {

struct EvalContext;

// Bounds what the evaluations of `context` make: a value by an eighth of the memory budget, as a record is, and all of
// Arrow's bytes in the process by the whole budget. 0: only the values, by a default.
void BoundResults(int64_t memory_budget, EvalContext* context);

// Arrow's default pool, which gives nothing more (SLUICE_MEMORY_BUDGET) when all of Arrow's bytes in the process would
// exceed the budget. Small pieces are always given. Lives as long as the process, since any buffer may.
arrow::MemoryPool* BoundedPool(int64_t memory_budget);

// Room for an index and a value of each of so many elements of lists; Arrow's lists hold 2^31 - 1 in a column.
Status CheckElements(arrow::MemoryPool* pool, int64_t elements);

// The same error for bytes that are taken beside the pool, before they are. Other pools have room for everything.
Status CheckRoom(arrow::MemoryPool* pool, int64_t bytes);

}  // namespace sluice
