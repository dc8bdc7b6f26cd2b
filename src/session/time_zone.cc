// SPDX-License-Identifier: Apache-2.0
#include "session/time_zone.h"

#include <filesystem>

namespace sluice {

std::string MachineTimeZone(Env* env) {
  if (auto zone = env->Variable("TZ"); zone && !zone->empty()) return zone->front() == ':' ? zone->substr(1) : *zone;
  std::error_code error;
  const std::string target = std::filesystem::read_symlink("/etc/localtime", error).string();
  static constexpr std::string_view kFolder = "zoneinfo/";
  const size_t at = target.find(kFolder);
  return error || at == std::string::npos ? "UTC" : target.substr(at + kFolder.size());
}

}  // namespace sluice
