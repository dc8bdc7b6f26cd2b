// SPDX-License-Identifier: Apache-2.0
#include "connectors/kafka/client_config.h"

namespace sluice {
namespace {

constexpr ClientUse kMapped = ClientUse::kMapped;
constexpr ClientUse kHandled = ClientUse::kHandled;
constexpr ClientUse kMeaningless = ClientUse::kMeaningless;
constexpr ClientUse kRefused = ClientUse::kRefused;

constexpr ClientScope kBoth = ClientScope::kBoth;
constexpr ClientScope kReader = ClientScope::kConsumer;
constexpr ClientScope kWriter = ClientScope::kProducer;

constexpr const char* kPositions = "the query's checkpoint keeps the positions; use startingOffsets";
constexpr const char* kBinary = "keys and values are read and written as bytes; cast them in the query";
constexpr const char* kPem = "give PEM files instead: kafka.ssl.truststore.location and kafka.ssl.keystore.location";
constexpr const char* kPlugin = "Java classes cannot be loaded";
constexpr const char* kOauth = "OAUTHBEARER logins are not there; use SCRAM or PLAIN";

}  // namespace

const std::vector<ClientProperty>& ClientProperties() {
  static const std::vector<ClientProperty> rows = {
      // Refused by Spark too.
      {"auto.offset.reset", kBoth, kRefused, "", kPositions},
      {"enable.auto.commit", kBoth, kRefused, "", kPositions},
      {"interceptor.classes", kBoth, kRefused, "", kPlugin},
      {"key.deserializer", kBoth, kRefused, "", kBinary},
      {"key.serializer", kBoth, kRefused, "", kBinary},
      {"value.deserializer", kBoth, kRefused, "", kBinary},
      {"value.serializer", kBoth, kRefused, "", kBinary},
      // Both kinds of client.
      {"bootstrap.servers", kBoth, kMapped, "bootstrap.servers", ""},
      {"client.dns.lookup", kBoth, kMapped, "client.dns.lookup", ""},
      {"client.id", kBoth, kMapped, "client.id", ""},
      {"client.rack", kBoth, kMapped, "client.rack", ""},
      {"connections.max.idle.ms", kBoth, kMapped, "connections.max.idle.ms", ""},
      {"metadata.max.age.ms", kBoth, kMapped, "topic.metadata.refresh.interval.ms", ""},
      {"receive.buffer.bytes", kBoth, kMapped, "socket.receive.buffer.bytes", ""},
      {"reconnect.backoff.max.ms", kBoth, kMapped, "reconnect.backoff.max.ms", ""},
      {"reconnect.backoff.ms", kBoth, kMapped, "reconnect.backoff.ms", ""},
      {"request.timeout.ms", kBoth, kMapped, "socket.timeout.ms", ""},
      {"retry.backoff.max.ms", kBoth, kMapped, "retry.backoff.max.ms", ""},
      {"retry.backoff.ms", kBoth, kMapped, "retry.backoff.ms", ""},
      {"sasl.mechanism", kBoth, kHandled, "sasl.mechanism", ""},
      {"sasl.jaas.config", kBoth, kHandled, "", ""},
      {"security.protocol", kBoth, kHandled, "security.protocol", ""},
      {"send.buffer.bytes", kBoth, kMapped, "socket.send.buffer.bytes", ""},
      {"socket.connection.setup.timeout.ms", kBoth, kMapped, "socket.connection.setup.timeout.ms", ""},
      {"ssl.enabled.protocols", kBoth, kHandled, "", ""},
      {"ssl.endpoint.identification.algorithm", kBoth, kHandled, "ssl.endpoint.identification.algorithm", ""},
      {"ssl.key.password", kBoth, kHandled, "ssl.key.password", ""},
      {"ssl.keystore.certificate.chain", kBoth, kHandled, "ssl.certificate.pem", ""},
      {"ssl.keystore.key", kBoth, kHandled, "ssl.key.pem", ""},
      {"ssl.keystore.location", kBoth, kHandled, "ssl.certificate.location", ""},
      {"ssl.keystore.password", kBoth, kHandled, "", ""},
      {"ssl.keystore.type", kBoth, kHandled, "", ""},
      {"ssl.protocol", kBoth, kHandled, "", ""},
      {"ssl.truststore.certificates", kBoth, kHandled, "ssl.ca.pem", ""},
      {"ssl.truststore.location", kBoth, kHandled, "ssl.ca.location", ""},
      {"ssl.truststore.password", kBoth, kHandled, "", ""},
      {"ssl.truststore.type", kBoth, kHandled, "", ""},
      // Consumer.
      {"allow.auto.create.topics", kReader, kMeaningless, "", ""},
      {"check.crcs", kReader, kMapped, "check.crcs", ""},
      {"default.api.timeout.ms", kReader, kHandled, "", ""},
      {"fetch.max.bytes", kReader, kMapped, "fetch.max.bytes", ""},
      {"fetch.max.wait.ms", kReader, kMapped, "fetch.wait.max.ms", ""},
      {"fetch.min.bytes", kReader, kMapped, "fetch.min.bytes", ""},
      {"group.id", kReader, kMeaningless, "", ""},
      {"isolation.level", kReader, kHandled, "isolation.level", ""},
      {"max.partition.fetch.bytes", kReader, kMapped, "fetch.message.max.bytes", ""},
      // Producer.
      {"acks", kWriter, kMapped, "acks", ""},
      {"batch.size", kWriter, kMapped, "batch.size", ""},
      {"compression.type", kWriter, kMapped, "compression.type", ""},
      {"delivery.timeout.ms", kWriter, kMapped, "delivery.timeout.ms", ""},
      {"enable.idempotence", kWriter, kMapped, "enable.idempotence", ""},
      {"linger.ms", kWriter, kMapped, "linger.ms", ""},
      {"max.in.flight.requests.per.connection", kWriter, kMapped, "max.in.flight.requests.per.connection", ""},
      {"max.request.size", kWriter, kMapped, "message.max.bytes", ""},
      {"retries", kWriter, kMapped, "retries", ""},
      {"partitioner.class", kWriter, kRefused, "", "choose the partition by the column 'partition'"},
      {"transactional.id", kWriter, kRefused, "", "the Kafka sink writes at least once, without transactions"},
      // Of the Java client's own making.
      {"auto.commit.interval.ms", kBoth, kMeaningless, "", ""},
      {"auto.include.jmx.reporter", kBoth, kMeaningless, "", ""},
      {"buffer.memory", kBoth, kMeaningless, "", ""},
      {"enable.metrics.push", kBoth, kMeaningless, "", ""},
      {"exclude.internal.topics", kBoth, kMeaningless, "", ""},
      {"group.instance.id", kBoth, kMeaningless, "", ""},
      {"group.protocol", kBoth, kMeaningless, "", ""},
      {"heartbeat.interval.ms", kBoth, kMeaningless, "", ""},
      {"max.block.ms", kBoth, kMeaningless, "", ""},
      {"max.poll.interval.ms", kBoth, kMeaningless, "", ""},
      {"max.poll.records", kBoth, kMeaningless, "", ""},
      {"metadata.recovery.strategy", kBoth, kMeaningless, "", ""},
      {"metric.reporters", kBoth, kMeaningless, "", ""},
      {"metrics.num.samples", kBoth, kMeaningless, "", ""},
      {"metrics.recording.level", kBoth, kMeaningless, "", ""},
      {"metrics.sample.window.ms", kBoth, kMeaningless, "", ""},
      {"partition.assignment.strategy", kBoth, kMeaningless, "", ""},
      {"session.timeout.ms", kBoth, kMeaningless, "", ""},
      {"socket.connection.setup.timeout.max.ms", kBoth, kMeaningless, "", ""},
      {"ssl.keymanager.algorithm", kBoth, kMeaningless, "", ""},
      {"ssl.provider", kBoth, kMeaningless, "", ""},
      {"ssl.secure.random.implementation", kBoth, kMeaningless, "", ""},
      {"ssl.trustmanager.algorithm", kBoth, kMeaningless, "", ""},
      // Would change what happens.
      {"config.providers", kBoth, kRefused, "", kPlugin},
      {"sasl.client.callback.handler.class", kBoth, kRefused, "", kPlugin},
      {"sasl.kerberos.kinit.cmd", kBoth, kRefused, "", "Kerberos logins are not there; use SCRAM or PLAIN"},
      {"sasl.kerberos.service.name", kBoth, kRefused, "", "Kerberos logins are not there; use SCRAM or PLAIN"},
      {"sasl.login.callback.handler.class", kBoth, kRefused, "", kPlugin},
      {"sasl.login.class", kBoth, kRefused, "", kPlugin},
      {"sasl.oauthbearer.token.endpoint.url", kBoth, kRefused, "", kOauth},
      {"security.providers", kBoth, kRefused, "", kPlugin},
      {"ssl.cipher.suites", kBoth, kRefused, "", "the names of cipher suites differ between Java and OpenSSL"},
      {"ssl.engine.factory.class", kBoth, kRefused, "", kPlugin},
      // librdkafka's own names, which a Spark program cannot carry.
      {"sasl.password", kBoth, kRefused, "", "give both in kafka.sasl.jaas.config, as for Spark"},
      {"sasl.username", kBoth, kRefused, "", "give both in kafka.sasl.jaas.config, as for Spark"},
      {"ssl.ca.location", kBoth, kRefused, "",
       "that is librdkafka's name; the Java client's is kafka.ssl.truststore.location (with "
       "kafka.ssl.truststore.type=PEM)"},
      {"ssl.certificate.location", kBoth, kRefused, "", kPem},
      {"ssl.key.location", kBoth, kRefused, "", kPem},
  };
  return rows;
}

}  // namespace sluice
