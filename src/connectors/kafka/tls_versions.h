// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "base/status.h"

namespace sluice {

// A property that RdKafkaClient takes besides librdkafka's own: the Java client's ssl.enabled.protocols, checked.
constexpr const char* kTlsVersionsProperty = "sluice.ssl.enabled.protocols";

// The versions of TLS that a client may speak, OpenSSL's numbers, both inclusive.
struct TlsVersions {
  int lowest;
  int highest;
};

// The Java client's ssl.enabled.protocols: "TLSv1.2,TLSv1.3" (its default), or one of them. An older version is
// refused, whatever else stands beside it.
Result<TlsVersions> ParseTlsVersions(const std::string& enabled_protocols);

// While it lives, contexts of TLS that this thread makes take these versions. librdkafka has no property for them; it
// makes its context inside rd_kafka_new. Contexts made without a scope take TLS 1.2 or newer.
class TlsVersionScope {
 public:
  explicit TlsVersionScope(TlsVersions versions);
  ~TlsVersionScope();
  TlsVersionScope(const TlsVersionScope&) = delete;
  TlsVersionScope& operator=(const TlsVersionScope&) = delete;
};

}  // namespace sluice
