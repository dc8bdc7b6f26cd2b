// SPDX-License-Identifier: Apache-2.0
// Counts what a target takes: time of its thread, and bytes of operator new, which are counted for the whole program.
#include <malloc.h>

#include <atomic>
#include <cstdlib>
#include <ctime>
#include <new>
#include <string>

#include "check.h"
#include "targets.h"

namespace sluice::fuzz {
namespace {

std::atomic<int64_t> live{0};
std::atomic<int64_t> peak{0};

int64_t CpuMs() {
  timespec now{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return now.tv_sec * 1000 + now.tv_nsec / 1'000'000;
}

void* Taken(void* memory) {
  if (memory == nullptr) return nullptr;
  const int64_t now = live += static_cast<int64_t>(::malloc_usable_size(memory));
  if (now > peak.load(std::memory_order_relaxed)) peak = now;
  return memory;
}

void* Take(std::size_t size) {
  void* memory = Taken(std::malloc(size == 0 ? 1 : size));
  if (memory == nullptr) std::abort();
  return memory;
}

void Give(void* memory) {
  if (memory == nullptr) return;
  live -= static_cast<int64_t>(::malloc_usable_size(memory));
  std::free(memory);
}

}  // namespace

void RunWithinBudget(const Target& target, std::string_view input) {
  const int64_t began = CpuMs();
  const int64_t held = live;
  peak = held;
  target.run(input);
  const int64_t spent = CpuMs() - began;
  const int64_t taken = peak - held;
  FUZZ_CHECK(spent <= target.budget.cpu_ms, std::string(target.name) + ": " + std::to_string(spent) + " ms");
  FUZZ_CHECK(taken <= target.budget.bytes, std::string(target.name) + ": " + std::to_string(taken) + " bytes");
}

}  // namespace sluice::fuzz

void* operator new(std::size_t size) {
  return sluice::fuzz::Take(size);
}
void* operator new[](std::size_t size) {
  return sluice::fuzz::Take(size);
}
void* operator new(std::size_t size, const std::nothrow_t&) noexcept {
  return sluice::fuzz::Taken(std::malloc(size == 0 ? 1 : size));
}
void* operator new[](std::size_t size, const std::nothrow_t&) noexcept {
  return sluice::fuzz::Taken(std::malloc(size == 0 ? 1 : size));
}
void operator delete(void* memory) noexcept {
  sluice::fuzz::Give(memory);
}
void operator delete[](void* memory) noexcept {
  sluice::fuzz::Give(memory);
}
void operator delete(void* memory, std::size_t) noexcept {
  sluice::fuzz::Give(memory);
}
void operator delete[](void* memory, std::size_t) noexcept {
  sluice::fuzz::Give(memory);
}
void operator delete(void* memory, const std::nothrow_t&) noexcept {
  sluice::fuzz::Give(memory);
}
void operator delete[](void* memory, const std::nothrow_t&) noexcept {
  sluice::fuzz::Give(memory);
}
