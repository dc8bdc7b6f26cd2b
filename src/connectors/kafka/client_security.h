// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <string>

#include "base/status.h"
#include "connectors/options.h"

namespace sluice {

class Env;

// Sets librdkafka's security.*, sasl.* and ssl.* properties, and kTlsVersionsProperty, from the Java client's:
// protocol, SASL login from the JAAS text, PEM trust and key stores. Without a trust store the system's usual CA
// bundles are probed (SSL_CERT_FILE first).
Status SetSecurity(const Options& options, Env* env, std::map<std::string, std::string>* properties);

}  // namespace sluice
