// SPDX-License-Identifier: Apache-2.0
#include "expr/result_pool.h"

#include <arrow/memory_pool.h>
#include <fmt/format.h>

#include <limits>
#include <map>
#include <memory>
#include <mutex>

#include "base/spark_error.h"
#include "expr/expr.h"

namespace sluice {
namespace {

// Looking at the process's bytes for each small buffer would cost more than it could save.
constexpr int64_t kSmall = 64 << 10;
constexpr int64_t kLarge = 8 << 20;
// Slices on their way are not accounted: a sort may fill the budget, and the slice that it reads comes on top.
constexpr int64_t kSlack = 16 << 20;

class Bounded : public arrow::ProxyMemoryPool {
 public:
  Bounded(arrow::MemoryPool* pool, int64_t budget) : ProxyMemoryPool(pool), pool_(pool), budget_(budget) {}

  arrow::Status Allocate(int64_t size, int64_t alignment, uint8_t** out) override {
    SLUICE_RETURN_IF_ERROR(Check(size));
    GiveBack(size);
    return ProxyMemoryPool::Allocate(size, alignment, out);
  }
  arrow::Status Reallocate(int64_t old_size, int64_t new_size, int64_t alignment, uint8_t** ptr) override {
    // The old bytes may be there until the new ones are filled.
    if (new_size > old_size) {
      SLUICE_RETURN_IF_ERROR(Check(new_size));
      GiveBack(new_size);
    }
    return ProxyMemoryPool::Reallocate(old_size, new_size, alignment, ptr);
  }

  // Before a large piece, the system gets back what the allocator keeps of pieces that were freed: the budget does not
  // see it.
  void GiveBack(int64_t bytes) {
    if (bytes >= kLarge) pool_->ReleaseUnused();
  }

  Status Check(int64_t bytes) const {
    if (bytes <= kSmall) return Status::OK();
    const int64_t used = pool_->bytes_allocated();
    if (bytes <= budget_ + kSlack - used) return Status::OK();
    return EnvironmentError(
        "SLUICE_MEMORY_BUDGET",
        fmt::format("The rows being computed need {} bytes more, beside {} that are in use: that does not fit the "
                    "memory budget of {} bytes. Raise spark.sluice.memory (or --memory), or compute smaller values.",
                    bytes, used, budget_));
  }

 private:
  arrow::MemoryPool* const pool_;
  const int64_t budget_;
};

}  // namespace

arrow::MemoryPool* BoundedPool(int64_t memory_budget) {
  static std::mutex mutex;
  static auto* pools = new std::map<int64_t, std::unique_ptr<Bounded>>();
  std::lock_guard lock(mutex);
  auto& pool = (*pools)[memory_budget];
  if (pool == nullptr) pool = std::make_unique<Bounded>(arrow::default_memory_pool(), memory_budget);
  return pool.get();
}

Status CheckRoom(arrow::MemoryPool* pool, int64_t bytes) {
  const auto* bounded = dynamic_cast<const Bounded*>(pool);
  return bounded == nullptr ? Status::OK() : bounded->Check(bytes);
}

Status CheckElements(arrow::MemoryPool* pool, int64_t elements) {
  if (elements > std::numeric_limits<int32_t>::max()) {
    return EnvironmentError("SLUICE_MEMORY_BUDGET",
                            fmt::format("The arrays of the rows being computed would have {} elements, and a column "
                                        "of arrays can have no more than 2^31 - 1.",
                                        elements));
  }
  return CheckRoom(pool, elements * static_cast<int64_t>(sizeof(int64_t)));
}

void BoundResults(int64_t memory_budget, EvalContext* context) {
  if (memory_budget <= 0) return;
  context->pool = BoundedPool(memory_budget);
  context->max_value_bytes = memory_budget / 8;
}

}  // namespace sluice
