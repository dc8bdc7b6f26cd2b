// SPDX-License-Identifier: Apache-2.0
#include "connectors/kafka/rdkafka_client.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <thread>
#include <vector>

#include "base/logging.h"
#include "base/process_metrics.h"
#include "base/spark_error.h"
#include "conf/conf.h"
#include "connectors/kafka/tls_versions.h"
#include "connectors/kafka/unpack_limit.h"

namespace sluice {
namespace {

constexpr int kPollMs = 50;
constexpr int kSyslogWarning = 4;

struct ConfDeleter {
  void operator()(rd_kafka_conf_t* conf) const { rd_kafka_conf_destroy(conf); }
};

bool Mentions(const std::string& text, std::string_view word) {
  return text.find(word) != std::string::npos;
}

// A handshake that failed over the certificate or the version of TLS fails the same way the next time; other ones may
// be a broker going down.
bool IsCertificateTrouble(const std::string& reason) {
  return Mentions(reason, "certificate") || Mentions(reason, "hostname") || Mentions(reason, "unknown ca") ||
         Mentions(reason, "wrong version number") || Mentions(reason, "unsupported protocol") ||
         Mentions(reason, "protocol version") || Mentions(reason, "security.protocol");
}

class BackgroundThreads {
 public:
  ~BackgroundThreads() {
    for (std::thread& thread : threads_) thread.join();
  }
  void Run(std::function<void()> work) {
    std::lock_guard lock(mutex_);
    threads_.emplace_back(std::move(work));
  }

 private:
  std::mutex mutex_;
  std::vector<std::thread> threads_;
};

// The client's own advice names an option that Sluice does not take.
Status UntrustedBroker(const std::string& reason) {
  return EnvironmentError(
      "SLUICE_KAFKA.TLS",
      fmt::format("The Kafka broker's certificate is not signed by an authority that is trusted here. Name the file of "
                  "its authority: kafka.ssl.truststore.location = '/path/ca.pem' with kafka.ssl.truststore.type = "
                  "'PEM', or SSL_CERT_FILE=/path/ca.pem in the environment or .env. The client says: {}",
                  reason.substr(0, reason.find(": broker certificate could not be verified"))));
}

}  // namespace

void DestroyInBackground(std::function<void()> destroy) {
  static BackgroundThreads threads;
  threads.Run(std::move(destroy));
}

KafkaErrorKind KindOf(rd_kafka_resp_err_t error) {
  switch (error) {
    case RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART:
    case RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC:
    case RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION:
    case RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_ID:
      return KafkaErrorKind::kMissing;
    case RD_KAFKA_RESP_ERR__AUTHENTICATION:
    case RD_KAFKA_RESP_ERR_SASL_AUTHENTICATION_FAILED:
    case RD_KAFKA_RESP_ERR_UNSUPPORTED_SASL_MECHANISM:
    case RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED:
    case RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED:
    case RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED:
    case RD_KAFKA_RESP_ERR__FATAL:
    case RD_KAFKA_RESP_ERR__BAD_MSG:
    case RD_KAFKA_RESP_ERR__BAD_COMPRESSION:
    case RD_KAFKA_RESP_ERR__NOT_IMPLEMENTED:
    case RD_KAFKA_RESP_ERR__UNSUPPORTED_FEATURE:
    case RD_KAFKA_RESP_ERR__INVALID_ARG:
    case RD_KAFKA_RESP_ERR_INVALID_MSG:
    case RD_KAFKA_RESP_ERR_INVALID_MSG_SIZE:
    case RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE:
    case RD_KAFKA_RESP_ERR_TOPIC_EXCEPTION:
    case RD_KAFKA_RESP_ERR_UNSUPPORTED_VERSION:
    case RD_KAFKA_RESP_ERR_INVALID_TIMESTAMP:
      return KafkaErrorKind::kPermanent;
    default:
      return KafkaErrorKind::kPassing;
  }
}

Status KafkaError(rd_kafka_resp_err_t error, const std::string& reason) {
  const std::string text = Redact(reason);
  switch (error) {
    case RD_KAFKA_RESP_ERR__AUTHENTICATION:
    case RD_KAFKA_RESP_ERR_SASL_AUTHENTICATION_FAILED:
    case RD_KAFKA_RESP_ERR_UNSUPPORTED_SASL_MECHANISM:
      return EnvironmentError(
          "SLUICE_KAFKA.AUTHENTICATION",
          fmt::format("The Kafka broker refused the login (kafka.sasl.jaas.config, kafka.sasl.mechanism): {}", text));
    case RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED:
    case RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED:
    case RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED:
      return EnvironmentError("SLUICE_KAFKA.AUTHORIZATION", fmt::format("This Kafka user may not do that: {}", text));
    case RD_KAFKA_RESP_ERR__SSL:
      if (Mentions(text, "certificate verify failed")) return UntrustedBroker(text);
      return EnvironmentError(
          "SLUICE_KAFKA.TLS",
          fmt::format("The TLS handshake with the Kafka broker failed (kafka.ssl.truststore.location, "
                      "kafka.security.protocol): {}",
                      text));
    case RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART:
    case RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC:
    case RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION:
    case RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_ID:
      return EnvironmentError("SLUICE_KAFKA.UNKNOWN_TOPIC_OR_PARTITION",
                              fmt::format("The Kafka cluster does not know the topic or partition: {}", text));
    default:
      break;
  }
  if (Mentions(text, "receive.message.max.bytes")) {
    return EnvironmentError("SLUICE_MEMORY_BUDGET",
                            fmt::format("A Kafka record is larger than an eighth of the memory budget. Raise "
                                        "spark.sluice.memory (or --memory). The client says: {}",
                                        text));
  }
  return EnvironmentError("SLUICE_KAFKA", fmt::format("Kafka: {} ({})", text, rd_kafka_err2name(error)));
}

std::optional<std::string> PropertyValue(rd_kafka_t* client, const char* name) {
  char value[128] = "";
  size_t size = sizeof(value);
  if (rd_kafka_conf_get(rd_kafka_conf(client), name, value, &size) != RD_KAFKA_CONF_OK) return std::nullopt;
  return std::string(value);
}

Result<std::unique_ptr<RdKafkaClient>> RdKafkaClient::Make(rd_kafka_type_t type,
                                                           const std::map<std::string, std::string>& properties,
                                                           OnDelivery on_delivery) {
  std::unique_ptr<RdKafkaClient> client(new RdKafkaClient());
  client->on_delivery_ = std::move(on_delivery);
  std::unique_ptr<rd_kafka_conf_t, ConfDeleter> conf(rd_kafka_conf_new());
  char error[512];
  std::optional<TlsVersionScope> tls_versions;
  for (const auto& [name, value] : properties) {
    if (name == kTlsVersionsProperty) {
      SLUICE_ASSIGN(const TlsVersions versions, ParseTlsVersions(value));
      tls_versions.emplace(versions);
      continue;
    }
    if (rd_kafka_conf_set(conf.get(), name.c_str(), value.c_str(), error, sizeof(error)) != RD_KAFKA_CONF_OK) {
      const std::string shown =
          IsSecretKey(name) || Mentions(name, ".pem") ? "its value is not accepted" : Redact(error);
      return UserError("SLUICE_INVALID_OPTION", fmt::format("The Kafka client refuses '{}': {}", name, shown));
    }
  }
  rd_kafka_conf_set_opaque(conf.get(), client.get());
  rd_kafka_conf_set_error_cb(conf.get(), &RdKafkaClient::OnError);
  rd_kafka_conf_set_log_cb(conf.get(), &RdKafkaClient::OnLog);
  if (client->on_delivery_) rd_kafka_conf_set_dr_msg_cb(conf.get(), &RdKafkaClient::OnReport);
  client->handle_ = rd_kafka_new(type, conf.get(), error, sizeof(error));
  if (client->handle_ == nullptr) {
    return UserError("SLUICE_INVALID_OPTION", fmt::format("The Kafka client cannot be made: {}", Redact(error)));
  }
  conf.release();  // rd_kafka_new took it
  if (const auto most = PropertyValue(client->handle_, "receive.message.max.bytes")) {
    RaiseUnpackLimit(std::strtoll(most->c_str(), nullptr, 10));
  }
  return client;
}

RdKafkaClient::~RdKafkaClient() {
  if (handle_ == nullptr) return;
  // No callback can reach this object any more: they are served by rd_kafka_poll and rd_kafka_flush only.
  DestroyInBackground([handle = handle_] { rd_kafka_destroy_flags(handle, RD_KAFKA_DESTROY_F_NO_CONSUMER_CLOSE); });
}

void RdKafkaClient::OnError(rd_kafka_t* handle, int error, const char* reason, void* self) {
  TheProcessMetrics().kafka_errors.fetch_add(1);
  auto code = static_cast<rd_kafka_resp_err_t>(error);
  std::string text = reason == nullptr ? "" : reason;
  if (code == RD_KAFKA_RESP_ERR__FATAL) {
    char fatal[512];
    code = rd_kafka_fatal_error(handle, fatal, sizeof(fatal));
    text = fatal;
  }
  static_cast<RdKafkaClient*>(self)->Remember(code, text);
}

void RdKafkaClient::OnReport(rd_kafka_t* handle, const rd_kafka_message_t* message, void* self) {
  static_cast<RdKafkaClient*>(self)->on_delivery_(*message);
}

void RdKafkaClient::Remember(rd_kafka_resp_err_t error, const std::string& reason) {
  std::lock_guard lock(mutex_);
  const bool certificate = error == RD_KAFKA_RESP_ERR__SSL && IsCertificateTrouble(reason);
  const bool too_large = Mentions(reason, "receive.message.max.bytes");
  if (permanent_.ok() && (certificate || too_large || KindOf(error) == KafkaErrorKind::kPermanent)) {
    permanent_ = KafkaError(error, reason);
  }
  if (error == RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN) {
    all_down_ = true;
    if (only_unresolved_ && !last_trouble_.empty() && permanent_.ok()) {
      permanent_ =
          EnvironmentError("SLUICE_KAFKA.UNAVAILABLE",
                           fmt::format("No name in kafka.bootstrap.servers can be resolved: {}", last_trouble_));
    }
    return;
  }
  only_unresolved_ = only_unresolved_ && error == RD_KAFKA_RESP_ERR__RESOLVE;
  last_trouble_ = Redact(reason);
}

void RdKafkaClient::OnLog(const rd_kafka_t* handle, int level, const char* facility, const char* text) {
  Log(level <= kSyslogWarning ? LogLevel::kInfo : LogLevel::kDebug, "librdkafka {}: {}", facility, text);
}

Status RdKafkaClient::Poll(int timeout_ms) {
  rd_kafka_poll(handle_, timeout_ms);
  std::lock_guard lock(mutex_);
  return permanent_;
}

void RdKafkaClient::NoteAnswer() {
  std::lock_guard lock(mutex_);
  only_unresolved_ = false;
  answered_ = true;
}

bool RdKafkaClient::Unreached() const {
  std::lock_guard lock(mutex_);
  return all_down_ && !answered_;
}

std::string RdKafkaClient::LastTrouble() const {
  std::lock_guard lock(mutex_);
  return last_trouble_;
}

Result<rd_kafka_event_t*> RdKafkaClient::Await(rd_kafka_queue_t* queue, int64_t timeout_ms) {
  // Time is counted in polls that came back empty: no clock is needed.
  for (int64_t waited = 0; waited <= timeout_ms; waited += kPollMs) {
    rd_kafka_event_t* event = rd_kafka_queue_poll(queue, kPollMs);
    if (event != nullptr) return event;
    SLUICE_RETURN_IF_ERROR(Poll(0));
  }
  return nullptr;
}

}  // namespace sluice
