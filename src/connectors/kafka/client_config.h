// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/status.h"
#include "connectors/options.h"

namespace sluice {

class Env;

enum class ClientUse {
  kMapped,       // to librdkafka's property of `target`
  kHandled,      // by client_config.cc itself (JAAS, trust and key stores) or by the connector
  kMeaningless,  // of the Java client, without meaning here: one warning
  kRefused,      // would change what is read or how; an error by name
};

// Which kind of client has the property; without meaning for the other kind.
enum class ClientScope { kBoth, kConsumer, kProducer };

// One row a property of the Java client (`kafka.` in front of it in options).
struct ClientProperty {
  const char* name;
  ClientScope scope;
  ClientUse use;
  const char* target;  // librdkafka's name
  const char* doc;     // for kRefused: why, and what to do instead
};

const std::vector<ClientProperty>& ClientProperties();

// What a librdkafka client is configured with. Secrets in it are registered.
struct ClientConfig {
  std::map<std::string, std::string> properties;  // librdkafka's names
  bool read_committed = false;
  int64_t api_timeout_ms = 60000;  // default.api.timeout.ms: for metadata and offsets
};

// Translates the `kafka.*` options. `env` finds trust stores and the system's CA bundle.
// `role`: kConsumer or kProducer.
Result<ClientConfig> MakeClientConfig(const Options& options, ClientScope role, Env* env);

}  // namespace sluice
