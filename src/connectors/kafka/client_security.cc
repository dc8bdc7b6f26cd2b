// SPDX-License-Identifier: Apache-2.0
#include "connectors/kafka/client_security.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <optional>

#include "base/logging.h"
#include "base/spark_error.h"
#include "conf/conf.h"
#include "connectors/kafka/jaas.h"
#include "connectors/kafka/tls_versions.h"
#include "env/ca_bundle.h"
#include "env/env.h"
#include "env/plain_network.h"

namespace sluice {
namespace {

using Properties = std::map<std::string, std::string>;

Status BadOption(std::string text) {
  return UserError("SLUICE_INVALID_OPTION", std::move(text));
}

std::string Upper(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(), [](unsigned char c) { return std::toupper(c); });
  return text;
}

// "host:port,host:port", "[::1]:9092"
bool AllAreLoopback(const std::string& servers) {
  std::string server;
  for (const char c : servers + ",") {
    if (c != ',') {
      if (c != ' ') server += c;
      continue;
    }
    const size_t scheme = server.find("://");
    std::string host = scheme == std::string::npos ? server : server.substr(scheme + 3);
    if (host.starts_with('[')) {
      host = host.substr(1, host.find(']') - 1);
    } else {
      host = host.substr(0, host.rfind(':'));
    }
    if (!host.empty() && !IsLoopbackHost(host)) return false;
    server.clear();
  }
  return true;
}

Result<std::string> ReadLocalFile(Env* env, const std::string& path) {
  SLUICE_ASSIGN(const Location location, env->Locate(path, Conf()));
  return location.fs->ReadFile(location.path);
}

bool LooksLikePem(const std::string& content) {
  return content.find("-----BEGIN ") != std::string::npos;
}

// Checks that a store is a PEM file; `kind` is "truststore" or "keystore".
Status CheckPemStore(const Options& options, Env* env, const std::string& kind, const std::string& path,
                     const char* way_out) {
  const std::string type_option = "kafka.ssl." + kind + ".type";
  const std::string type = Upper(options.Get(type_option, ""));
  if (!type.empty() && type != "PEM") {
    return NotSupported(fmt::format("Option '{}' = '{}' is not supported: only PEM stores can be read. {}", type_option,
                                    type, way_out));
  }
  const Result<std::string> content = ReadLocalFile(env, path);
  if (!content.ok()) {
    return BadOption(fmt::format("The file '{}' of option 'kafka.ssl.{}.location' cannot be read: {}", path, kind,
                                 content.status().message()));
  }
  if (!LooksLikePem(*content)) {
    return NotSupported(
        fmt::format("The file '{}' of option 'kafka.ssl.{}.location' is not in PEM form. {}", path, kind, way_out));
  }
  return Status::OK();
}

Status SetTrust(const Options& options, Env* env, Properties* properties) {
  if (const auto inline_pem = options.Find("kafka.ssl.truststore.certificates")) {
    (*properties)["ssl.ca.pem"] = *inline_pem;
    return Status::OK();
  }
  if (const auto path = options.Find("kafka.ssl.truststore.location")) {
    SLUICE_RETURN_IF_ERROR(
        CheckPemStore(options, env, "truststore", *path,
                      "Export it once: keytool -exportcert -rfc -keystore STORE -alias CA -file ca.pem; "
                      "then set kafka.ssl.truststore.type=PEM and kafka.ssl.truststore.location=ca.pem."));
    (*properties)["ssl.ca.location"] = *path;
    return Status::OK();
  }
  SLUICE_ASSIGN((*properties)["ssl.ca.location"],
                FindCaBundle("", "kafka.ssl.truststore.location", env->Variable("SSL_CERT_FILE").value_or("")));
  return Status::OK();
}

Status SetClientCertificate(const Options& options, Env* env, Properties* properties) {
  if (const auto password = options.Find("kafka.ssl.key.password")) {
    RegisterSecret(*password);
    (*properties)["ssl.key.password"] = *password;
  }
  if (const auto chain = options.Find("kafka.ssl.keystore.certificate.chain")) {
    const auto key = options.Find("kafka.ssl.keystore.key");
    if (!key) return BadOption("kafka.ssl.keystore.certificate.chain needs kafka.ssl.keystore.key beside it.");
    RegisterSecret(*key);
    (*properties)["ssl.certificate.pem"] = *chain;
    (*properties)["ssl.key.pem"] = *key;
  } else if (const auto path = options.Find("kafka.ssl.keystore.location")) {
    SLUICE_RETURN_IF_ERROR(
        CheckPemStore(options, env, "keystore", *path,
                      "Convert it once: openssl pkcs12 -in STORE.p12 -nodes -out client.pem; then set "
                      "kafka.ssl.keystore.type=PEM and kafka.ssl.keystore.location=client.pem."));
    (*properties)["ssl.certificate.location"] = *path;
    (*properties)["ssl.key.location"] = *path;
  }
  return Status::OK();
}

Status SetTlsVersions(const Options& options, Properties* properties) {
  if (const auto enabled = options.Find("kafka.ssl.enabled.protocols")) {
    SLUICE_RETURN_IF_ERROR(ParseTlsVersions(*enabled).status());
    (*properties)[kTlsVersionsProperty] = *enabled;
  }
  // In Java it names the context that the enabled protocols are taken from, and changes nothing beside them.
  const std::string protocol = options.Get("kafka.ssl.protocol", "TLSv1.3");
  if (protocol != "TLS" && protocol != "TLSv1.2" && protocol != "TLSv1.3") {
    return NotSupported(fmt::format(
        "Option 'kafka.ssl.protocol' is '{}', which is not supported: there are TLS, TLSv1.2 and TLSv1.3.", protocol));
  }
  return Status::OK();
}

Status SetTls(const Options& options, Env* env, Properties* properties) {
  SLUICE_RETURN_IF_ERROR(SetTlsVersions(options, properties));
  SLUICE_RETURN_IF_ERROR(SetTrust(options, env, properties));
  SLUICE_RETURN_IF_ERROR(SetClientCertificate(options, env, properties));
  const std::string identification = options.Get("kafka.ssl.endpoint.identification.algorithm", "https");
  (*properties)["ssl.endpoint.identification.algorithm"] = identification.empty() ? "none" : identification;
  if (identification.empty() || identification == "none") {
    WarnOnce(
        "The names in the Kafka brokers' certificates are not checked (kafka.ssl.endpoint.identification.algorithm): "
        "whoever has a certificate of a trusted authority can take a broker's place");
  }
  return Status::OK();
}

Status SetLogin(const Options& options, Properties* properties) {
  const std::string mechanism = Upper(options.Get("kafka.sasl.mechanism", "GSSAPI"));
  const bool scram = mechanism == "SCRAM-SHA-256" || mechanism == "SCRAM-SHA-512";
  if (!scram && mechanism != "PLAIN") {
    return NotSupported(
        fmt::format("SASL mechanism '{}' (option 'kafka.sasl.mechanism', by default GSSAPI) is not supported: "
                    "use SCRAM-SHA-512, SCRAM-SHA-256 or PLAIN.",
                    mechanism));
  }
  const auto text = options.Find("kafka.sasl.jaas.config");
  if (!text) return BadOption("A SASL login needs option 'kafka.sasl.jaas.config'.");
  SLUICE_ASSIGN(const JaasEntry entry, ParseJaas(*text));
  const std::string expected = scram ? "org.apache.kafka.common.security.scram.ScramLoginModule"
                                     : "org.apache.kafka.common.security.plain.PlainLoginModule";
  // Databricks and Confluent Cloud prefix shaded classes ("kafkashaded.").
  if (!entry.module.ends_with(expected)) {
    return BadOption(
        fmt::format("The login module '{}' of 'kafka.sasl.jaas.config' does not go with mechanism {}: expected {}.",
                    entry.module, mechanism, expected));
  }
  for (const auto& [name, value] : entry.options) {
    const bool token_off = name == "tokenauth" && Upper(value) == "FALSE";
    if (name != "username" && name != "password" && !token_off) {
      return NotSupported(
          fmt::format("'{}' in 'kafka.sasl.jaas.config' is not supported: only username and password are.", name));
    }
  }
  const auto user = entry.options.find("username");
  const auto password = entry.options.find("password");
  if (user == entry.options.end() || password == entry.options.end()) {
    return BadOption("'kafka.sasl.jaas.config' must hold username and password.");
  }
  (*properties)["sasl.mechanism"] = mechanism;
  (*properties)["sasl.username"] = user->second;
  (*properties)["sasl.password"] = password->second;
  return Status::OK();
}

}  // namespace

Status SetSecurity(const Options& options, Env* env, Properties* properties) {
  for (const char* store : {"kafka.ssl.truststore.password", "kafka.ssl.keystore.password"}) {
    if (const auto password = options.Find(store)) RegisterSecret(*password);
  }
  const std::string protocol = Upper(options.Get("kafka.security.protocol", "PLAINTEXT"));
  constexpr std::array kProtocols = {"PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"};
  if (std::find(kProtocols.begin(), kProtocols.end(), protocol) == kProtocols.end()) {
    return BadOption(fmt::format(
        "Option 'kafka.security.protocol' is PLAINTEXT, SSL, SASL_PLAINTEXT or SASL_SSL, not '{}'.", protocol));
  }
  (*properties)["security.protocol"] = protocol;
  if (protocol.ends_with("SSL")) SLUICE_RETURN_IF_ERROR(SetTls(options, env, properties));
  if (protocol.starts_with("SASL")) SLUICE_RETURN_IF_ERROR(SetLogin(options, properties));
  if (protocol == "SASL_PLAINTEXT" && !AllAreLoopback((*properties)["bootstrap.servers"])) {
    WarnOnce(
        fmt::format("The login to Kafka ({}) and all records go over the network without TLS "
                    "(kafka.security.protocol=SASL_PLAINTEXT); SASL_SSL protects them",
                    (*properties)["sasl.mechanism"]));
  }
  return Status::OK();
}

}  // namespace sluice
