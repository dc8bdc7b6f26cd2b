// SPDX-License-Identifier: Apache-2.0
#include "base/spark_error.h"
#include "check.h"
#include "env/env.h"
#include "targets.h"

namespace sluice::fuzz {

void Dotenv(std::string_view input) {
  const auto values = ParseDotenv(std::string(input), "fuzz.env");
  if (values.ok()) {
    for (const auto& [name, value] : *values) FUZZ_CHECK(!name.empty(), value);
  } else {
    FUZZ_CHECK(values.status().ToString().find("fuzz.env:") != std::string::npos, values.status().ToString());
  }
}

}  // namespace sluice::fuzz
