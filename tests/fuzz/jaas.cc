// SPDX-License-Identifier: Apache-2.0
#include "connectors/kafka/jaas.h"

#include "check.h"
#include "targets.h"

namespace sluice::fuzz {

// An error never shows what stood between the quotes.
void Jaas(std::string_view input) {
  const auto entry = ParseJaas(std::string(input));
  if (entry.ok()) {
    FUZZ_CHECK(!entry->module.empty(), "");
    return;
  }
  const std::string secret = "T0pSecret";
  const auto torn = ParseJaas("M required password=\"" + secret + "\" " + std::string(input));
  if (!torn.ok() && input.find(secret) == std::string_view::npos)
    FUZZ_CHECK(torn.status().ToString().find(secret) == std::string::npos, torn.status().ToString());
}

}  // namespace sluice::fuzz
