// SPDX-License-Identifier: Apache-2.0
#include "env/ca_bundle.h"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/spark_error.h"

namespace sluice {
namespace {

constexpr const char* kUsualPlaces[] = {
    "/etc/ssl/certs/ca-certificates.crt",                 // Debian, Ubuntu, Alpine, Arch
    "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",  // Fedora, RHEL 7 and later, Amazon Linux
    "/etc/pki/tls/certs/ca-bundle.crt",                   // older RHEL
    "/etc/ssl/ca-bundle.pem",                             // SUSE
    "/etc/pki/tls/cacert.pem",
    "/etc/ssl/cert.pem",
};

bool Readable(const char* path) {
  struct stat info;
  return ::access(path, R_OK) == 0 && ::stat(path, &info) == 0 && S_ISREG(info.st_mode);
}

}  // namespace

Result<std::string> FindCaBundle(const std::string& given, std::string_view option, const std::string& ssl_cert_file) {
  if (!given.empty()) {
    if (Readable(given.c_str())) return given;
    return EnvironmentError("SLUICE_TLS.CA_BUNDLE",
                            fmt::format("The CA bundle {}, named by {}, cannot be read as a file.", given, option));
  }
  if (!ssl_cert_file.empty() && Readable(ssl_cert_file.c_str())) return ssl_cert_file;
  for (const char* place : kUsualPlaces) {
    if (Readable(place)) return std::string(place);
  }
  return EnvironmentError("SLUICE_TLS.CA_BUNDLE",
                          fmt::format("No bundle of certificate authorities was found in the usual places of this "
                                      "system; install ca-certificates or name a PEM file by {}.",
                                      option));
}

}  // namespace sluice
