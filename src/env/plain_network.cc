// SPDX-License-Identifier: Apache-2.0
#include "env/plain_network.h"

#include <arpa/inet.h>

#include <algorithm>
#include <cctype>
#include <cstring>
#include <mutex>
#include <set>

#include "base/logging.h"

namespace sluice {

bool IsLoopbackHost(const std::string& host) {
  in_addr four{};
  if (::inet_pton(AF_INET, host.c_str(), &four) == 1) return (ntohl(four.s_addr) >> 24) == 127;
  in6_addr six{};
  if (::inet_pton(AF_INET6, host.c_str(), &six) == 1) return std::memcmp(&six, &in6addr_loopback, sizeof(six)) == 0;
  std::string name = host;
  std::transform(name.begin(), name.end(), name.begin(), [](unsigned char c) { return std::tolower(c); });
  return name == "localhost" || name.ends_with(".localhost");
}

void WarnOnce(const std::string& text) {
  static auto* mutex = new std::mutex();
  static auto* warned = new std::set<std::string>();
  std::lock_guard lock(*mutex);
  if (warned->insert(text).second) Log(LogLevel::kWarn, "{}", text);
}

}  // namespace sluice
