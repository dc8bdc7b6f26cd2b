// SPDX-License-Identifier: Apache-2.0
#include "connectors/kafka/tls_versions.h"

#include <fmt/format.h>
#include <openssl/ssl.h>

#include <algorithm>

#include "base/spark_error.h"

namespace {
constexpr sluice::TlsVersions kUsual = {TLS1_2_VERSION, 0};  // 0: the newest that there is
thread_local sluice::TlsVersions wanted = kUsual;
}  // namespace

// librdkafka leaves the versions to the system's OpenSSL configuration, which may allow TLS 1.0. The linker sends its
// call here (--wrap, cmake/SluiceLayer.cmake).
extern "C" {
SSL_CTX* __real_SSL_CTX_new(const SSL_METHOD* method);
SSL_CTX* __wrap_SSL_CTX_new(const SSL_METHOD* method) {
  SSL_CTX* context = __real_SSL_CTX_new(method);
  if (context == nullptr) return nullptr;
  // A system that asks for more than we do keeps that.
  const auto lowest = std::max<long>(SSL_CTX_get_min_proto_version(context), wanted.lowest);
  SSL_CTX_set_min_proto_version(context, lowest);
  if (wanted.highest != 0) SSL_CTX_set_max_proto_version(context, wanted.highest);
  return context;
}
}

namespace sluice {

Result<TlsVersions> ParseTlsVersions(const std::string& enabled_protocols) {
  bool has_1_2 = false;
  bool has_1_3 = false;
  std::string name;
  for (const char c : enabled_protocols + ",") {
    if (c != ',') {
      if (c != ' ') name += c;
      continue;
    }
    if (name == "TLSv1.2") {
      has_1_2 = true;
    } else if (name == "TLSv1.3") {
      has_1_3 = true;
    } else if (!name.empty()) {
      return NotSupported(fmt::format(
          "Option 'kafka.ssl.enabled.protocols' names '{}', which is not supported: there are TLSv1.2 and TLSv1.3.",
          name));
    }
    name.clear();
  }
  if (!has_1_2 && !has_1_3) {
    return UserError("SLUICE_INVALID_OPTION", "Option 'kafka.ssl.enabled.protocols' names no version of TLS.");
  }
  return TlsVersions{has_1_2 ? TLS1_2_VERSION : TLS1_3_VERSION, has_1_3 ? 0 : TLS1_2_VERSION};
}

TlsVersionScope::TlsVersionScope(TlsVersions versions) {
  wanted = versions;
}

TlsVersionScope::~TlsVersionScope() {
  wanted = kUsual;
}

}  // namespace sluice
