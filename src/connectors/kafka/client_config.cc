// SPDX-License-Identifier: Apache-2.0
#include "connectors/kafka/client_config.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/logging.h"
#include "base/spark_error.h"
#include "connectors/kafka/client_security.h"

namespace sluice {
namespace {

constexpr const char* kPrefix = "kafka.";

const ClientProperty* FindProperty(const std::string& name) {
  const auto& rows = ClientProperties();
  const auto found =
      std::find_if(rows.begin(), rows.end(), [&](const ClientProperty& row) { return name == row.name; });
  return found == rows.end() ? nullptr : &*found;
}

// Java's "-1: as the operating system has it" is 0 in librdkafka.
std::string Translated(const ClientProperty& row, const std::string& value) {
  const std::string target = row.target;
  const bool buffer = target == "socket.receive.buffer.bytes" || target == "socket.send.buffer.bytes";
  return buffer && value == "-1" ? "0" : value;
}

// A smaller fetch than librdkafka can make is refused here by the option's own name.
Status CheckFetchBytes(const Options& options) {
  constexpr int64_t kLeast = 1000;
  SLUICE_ASSIGN(const int64_t bytes, options.GetInt("kafka.fetch.max.bytes", kLeast));
  if (bytes >= kLeast) return Status::OK();
  return UserError(
      "SLUICE_INVALID_OPTION",
      fmt::format("Option 'kafka.fetch.max.bytes' is {}: the Kafka client here asks for {} bytes at least.", bytes,
                  kLeast));
}

Status SetIsolation(const Options& options, ClientConfig* config) {
  // librdkafka's own default is read_committed; the Java client's, and so Spark's, is not.
  const std::string level = options.Get("kafka.isolation.level", "read_uncommitted");
  if (level != "read_uncommitted" && level != "read_committed") {
    return UserError(
        "SLUICE_INVALID_OPTION",
        fmt::format("Option 'kafka.isolation.level' is read_uncommitted or read_committed, not '{}'.", level));
  }
  config->properties["isolation.level"] = level;
  config->read_committed = level == "read_committed";
  SLUICE_ASSIGN(config->api_timeout_ms, options.GetInt("kafka.default.api.timeout.ms", config->api_timeout_ms));
  return Status::OK();
}

}  // namespace

Result<ClientConfig> MakeClientConfig(const Options& options, ClientScope role, Env* env) {
  ClientConfig config;
  for (const auto& [lower, entry] : options.entries()) {
    if (!lower.starts_with(kPrefix)) continue;
    const std::string name = lower.substr(std::string_view(kPrefix).size());
    const ClientProperty* row = FindProperty(name);
    if (row == nullptr) {
      return NotSupported(
          fmt::format("Option '{}' is not a property of the Kafka client that is known here.", entry.name));
    }
    if (row->use == ClientUse::kRefused) {
      return NotSupported(fmt::format("Option '{}' is not supported: {}.", entry.name, row->doc));
    }
    const bool other_role = row->scope != ClientScope::kBoth && row->scope != role;
    if (row->use == ClientUse::kMeaningless || other_role) {
      Log(LogLevel::kWarn, "Option '{}' has no meaning here; it is ignored", entry.name);
    } else if (row->use == ClientUse::kMapped) {
      config.properties[row->target] = Translated(*row, entry.value);
    }
  }
  if (config.properties["bootstrap.servers"].empty()) {
    return UserError("SLUICE_INVALID_OPTION",
                     "Option 'kafka.bootstrap.servers' is missing: it names the Kafka brokers.");
  }
  // Such a text is not shown: it may well hold a password.
  if (config.properties["bootstrap.servers"].find('@') != std::string::npos) {
    return UserError("SLUICE_INVALID_OPTION",
                     "Option 'kafka.bootstrap.servers' takes host:port pairs, without a user: logins go into "
                     "'kafka.sasl.jaas.config'.");
  }
  SLUICE_RETURN_IF_ERROR(SetSecurity(options, env, &config.properties));
  if (role != ClientScope::kConsumer) return config;
  SLUICE_RETURN_IF_ERROR(CheckFetchBytes(options));
  SLUICE_RETURN_IF_ERROR(SetIsolation(options, &config));
  return config;
}

}  // namespace sluice
