// SPDX-License-Identifier: Apache-2.0
#include "channel/connection_string.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <string_view>

#include "base/redaction.h"
#include "base/spark_error.h"
#include "env/percent_encoding.h"

namespace sluice {
namespace {

constexpr std::string_view kScheme = "sc://";
constexpr size_t kLongestUserAgent = 2048;
constexpr char kFormat[] =
    "Please update the URL to follow the correct format, e.g., 'sc://hostname:port/;token=abc;use_ssl=true'.";

Status InvalidUrl(const std::string& detail) {
  return UserError("INVALID_CONNECT_URL", fmt::format("Invalid URL for Spark Connect: {} {}", detail, kFormat),
                   {{"detail", detail}});
}

Status CheckUuid(const std::string& text) {
  constexpr std::string_view kForm = "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx";
  const bool valid = text.size() == kForm.size() &&
                     std::equal(text.begin(), text.end(), kForm.begin(), [](unsigned char c, char form) {
                       return form == '-' ? c == '-' : std::isxdigit(c) != 0;
                     });
  if (valid) return Status::OK();
  return UserError("INVALID_SESSION_UUID_ID", "Parameter value session_id must be a valid UUID format.",
                   {{"arg_name", "session_id"}});
}

// What gRPC takes as the name and as the value of a header.
bool IsHeader(const std::string& name, const std::string& value) {
  const auto in_name = [](unsigned char c) {
    return std::islower(c) != 0 || std::isdigit(c) != 0 || c == '-' || c == '_' || c == '.';
  };
  const auto in_value = [](unsigned char c) { return c >= 0x20 && c < 0x7F; };
  return !name.empty() && std::all_of(name.begin(), name.end(), in_name) &&
         std::all_of(value.begin(), value.end(), in_value);
}

std::string Lower(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(), [](unsigned char c) { return std::tolower(c); });
  return text;
}

Status SetParameter(const std::string& name, const std::string& value, ConnectionString* connection) {
  if (name == "use_ssl") {
    connection->use_ssl = Lower(value) == "true";
  } else if (name == "token") {
    connection->token = value;
  } else if (name == "user_id") {
    connection->user_id = value;
  } else if (name == "user_agent") {
    if (value.size() > kLongestUserAgent) {
      return InvalidUrl(fmt::format("user_agent has more than {} characters.", kLongestUserAgent));
    }
    connection->user_agent = value;
  } else if (name == "session_id") {
    SLUICE_RETURN_IF_ERROR(CheckUuid(value));
    connection->session_id = value;
  } else if (IsHeader(Lower(name), value)) {
    connection->headers.emplace_back(Lower(name), value);
  } else {
    return InvalidUrl("A parameter that the client does not know becomes a header, and one of them cannot be one.");
  }
  return Status::OK();
}

Status ReadParameters(std::string_view text, ConnectionString* connection) {
  while (!text.empty()) {
    const size_t end = std::min(text.find(';'), text.size());
    const std::string_view pair = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    const size_t equals = pair.find('=');
    if (equals == std::string_view::npos || equals == 0 || pair.find('=', equals + 1) != std::string_view::npos) {
      // What stands there may be a secret.
      return InvalidUrl("Each parameter should be a key-value pair separated by one equal sign (=).");
    }
    SLUICE_RETURN_IF_ERROR(
        SetParameter(std::string(pair.substr(0, equals)), PercentDecode(pair.substr(equals + 1)), connection));
  }
  return Status::OK();
}

Status ReadAddress(std::string_view text, ConnectionString* connection) {
  if (text.find('@') != std::string_view::npos) {
    return InvalidUrl("A user is given by the parameter user_id, not before the hostname.");
  }
  size_t end = text.find(':');
  if (text.starts_with('[')) {
    end = text.find(']');
    if (end == std::string_view::npos) return InvalidUrl("The bracket of the IPv6 address is not closed.");
    ++end;
  }
  const std::string_view host = text.substr(0, std::min(end, text.size()));
  text.remove_prefix(host.size());
  if (host.empty() || host == "[]") return InvalidUrl("Hostname is missing in the URL.");
  connection->host = Lower(std::string(host));
  if (text.empty() || text == ":") return Status::OK();
  text.remove_prefix(1);
  constexpr int kMostDigits = 5;
  constexpr int kMostPort = 65535;
  const bool digits = text.size() <= kMostDigits &&
                      std::all_of(text.begin(), text.end(), [](unsigned char c) { return std::isdigit(c) != 0; });
  connection->port = digits ? std::stoi(std::string(text)) : 0;
  if (connection->port < 1 || connection->port > kMostPort) {
    return InvalidUrl("The port should be a number from 1 to 65535.");
  }
  return Status::OK();
}

}  // namespace

Result<ConnectionString> ParseConnectionString(const std::string& url, const VariableOf& variable) {
  std::string_view rest = url;
  if (!rest.starts_with(kScheme)) return InvalidUrl("The URL must start with 'sc://'.");
  rest.remove_prefix(kScheme.size());
  ConnectionString connection;
  const std::string_view address = rest.substr(0, rest.find('/'));
  if (address.find_first_of(";?#") != std::string_view::npos) {
    return InvalidUrl("Parameters begin with '/;' behind the hostname and port.");
  }
  SLUICE_RETURN_IF_ERROR(ReadAddress(address, &connection));
  rest.remove_prefix(address.size());
  if (!rest.empty()) rest.remove_prefix(1);
  const std::string_view path = rest.substr(0, rest.find(';'));
  if (!path.empty()) return InvalidUrl("The path component must be empty.");
  if (!rest.empty()) SLUICE_RETURN_IF_ERROR(ReadParameters(rest.substr(1), &connection));
  if (connection.token.empty()) connection.token = variable("SPARK_CONNECT_AUTHENTICATE_TOKEN").value_or("");
  if (!IsHeader("authorization", connection.token)) {
    return InvalidUrl("The token has characters that no header can have.");
  }
  RegisterSecret(connection.token);
  for (const char* name : {"SPARK_USER", "USER"}) {
    if (connection.user_id.empty()) connection.user_id = variable(name).value_or("");
  }
  return connection;
}

}  // namespace sluice
