// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdlib>
#include <fstream>
#include <map>
#include <optional>
#include <sstream>
#include <string>

#include "env/env.h"

namespace sluice {

// For tests only: the settings of a real S3 server. SLUICE_TEST_S3_ENV names a file of KEY=VALUE lines with
// AWS_ENDPOINT_URL, AWS_REGION, the credentials and S3_BUCKET; nullopt without it.
inline std::optional<std::map<std::string, std::string>> TestS3Variables() {
  const char* file = std::getenv("SLUICE_TEST_S3_ENV");
  if (file == nullptr) return std::nullopt;
  std::stringstream text;
  text << std::ifstream(file).rdbuf();
  return ParseDotenv(text.str(), file).ValueOrDie();
}

// Looks names up in such a map.
inline std::function<std::optional<std::string>(const std::string&)> VariablesOf(
    std::map<std::string, std::string> variables) {
  return [variables = std::move(variables)](const std::string& name) -> std::optional<std::string> {
    const auto found = variables.find(name);
    if (found == variables.end()) return std::nullopt;
    return found->second;
  };
}

}  // namespace sluice
