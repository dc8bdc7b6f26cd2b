// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <string>

#include "base/status.h"

namespace sluice {

// The one login module of a `sasl.jaas.config` value.
struct JaasEntry {
  std::string module;  // full class name
  std::map<std::string, std::string> options;
};

// Reads "class flag name=value ... ;" as the Java client does: over several lines; values in double quotes, single
// quotes or none; backslash escapes inside quotes; // and /* */ comments. Every value but the user name is registered
// as a secret, and errors never show the text.
Result<JaasEntry> ParseJaas(const std::string& text);

}  // namespace sluice
