// SPDX-License-Identifier: Apache-2.0
// libFuzzer's program for all targets; FUZZ_TARGET names the one to run (tools/fuzz.sh).
#include <arrow/compute/initialize.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>

#include "base/logging.h"
#include "targets.h"

namespace {

const sluice::fuzz::Target* chosen = nullptr;

}  // namespace

extern "C" int LLVMFuzzerInitialize(int*, char***) {
  const char* name = std::getenv("FUZZ_TARGET");
  for (const auto& target : sluice::fuzz::Targets()) {
    if (name != nullptr && std::string(name) == target.name) chosen = &target;
  }
  if (chosen == nullptr) {
    std::fprintf(stderr, "FUZZ_TARGET names no target: %s\n", name == nullptr ? "" : name);
    std::exit(2);
  }
  if (!arrow::compute::Initialize().ok()) std::exit(2);
  return 0;
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  sluice::fuzz::RunWithinBudget(*chosen, {reinterpret_cast<const char*>(data), size});
  return 0;
}
