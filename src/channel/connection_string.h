// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/status.h"

namespace sluice {

// Where a Spark Connect server is and who asks, as `sc://host:port/;token=..;use_ssl=true` says it.
struct ConnectionString {
  static constexpr int kDefaultPort = 15002;

  std::string host;  // lower case; an IPv6 address in brackets
  int port = kDefaultPort;
  bool use_ssl = false;
  std::string token;       // empty: none
  std::string session_id;  // a UUID; empty: the client makes one
  std::string user_id;     // empty: none
  std::string user_agent;  // what the client calls itself; empty: its own name
  // Parameters without a meaning to the client travel as headers of every call.
  std::vector<std::pair<std::string, std::string>> headers;

  std::string address() const { return host + ":" + std::to_string(port); }
  // A token never travels in plain text, except to a host that is written `localhost`, as in Spark's own clients.
  bool tls() const { return use_ssl || (!token.empty() && host != "localhost"); }
};

// Value of an environment variable, or nothing.
using VariableOf = std::function<std::optional<std::string>(const std::string& name)>;

// Reads a connection string. SPARK_CONNECT_AUTHENTICATE_TOKEN serves as the token and SPARK_USER, then USER, as the
// user where the string names none. Errors are INVALID_CONNECT_URL and INVALID_SESSION_UUID_ID; they never show the
// value of a parameter. The token becomes a registered secret.
Result<ConnectionString> ParseConnectionString(const std::string& url, const VariableOf& variable);

}  // namespace sluice
