// SPDX-License-Identifier: Apache-2.0
#include "connectors/kafka/client_config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "base/logging.h"
#include "base/spark_error.h"
#include "connectors/kafka/fetch_memory.h"
#include "connectors/kafka/tls_versions.h"
#include "env/env.h"

namespace sluice {
namespace {

using Map = std::map<std::string, std::string>;
using testing::HasSubstr;
using testing::Not;

constexpr const char* kJaas =
    "org.apache.kafka.common.security.scram.ScramLoginModule required\n username=\"someone\"\n "
    "password=\"canary-pw-1\";";

class ClientConfigTest : public testing::Test {
 protected:
  Result<ClientConfig> Make(Map options, ClientScope role = ClientScope::kConsumer) {
    options.insert({"kafka.bootstrap.servers", "localhost:1"});
    return MakeClientConfig(Options(options), role, env_.get());
  }
  Status Refused(Map options) { return Make(std::move(options)).status(); }
  void File(const std::string& path, const std::string& content) { ASSERT_TRUE(fs_->CreateAtomic(path, content).ok()); }

  std::shared_ptr<FileSystem> fs_ = MakeMemoryFileSystem();
  std::shared_ptr<Env> env_ = MakeTestEnv(std::make_shared<ManualClock>(0), fs_);
};

TEST_F(ClientConfigTest, RowsAreUniqueAndSaySomething) {
  std::set<std::string> names;
  for (const ClientProperty& row : ClientProperties()) {
    EXPECT_TRUE(names.insert(row.name).second) << row.name;
    EXPECT_EQ(row.use == ClientUse::kMapped, row.use == ClientUse::kMapped && *row.target != '\0') << row.name;
    if (row.use == ClientUse::kRefused) {
      EXPECT_NE(*row.doc, '\0') << row.name;
    }
  }
}

TEST_F(ClientConfigTest, JavaNamesAreMapped) {
  const auto config = Make({{"kafka.fetch.max.wait.ms", "20"},
                            {"KAFKA.Max.Partition.Fetch.Bytes", "1000000"},
                            {"kafka.request.timeout.ms", "7000"},
                            {"kafka.receive.buffer.bytes", "-1"},
                            {"kafka.max.poll.records", "500"},
                            {"kafka.group.id", "mine"},
                            {"kafka.acks", "all"},
                            {"kafka.default.api.timeout.ms", "9000"}})
                          .ValueOrDie();
  const Map& p = config.properties;
  EXPECT_EQ(p.at("fetch.wait.max.ms"), "20");
  EXPECT_EQ(p.at("fetch.message.max.bytes"), "1000000");
  EXPECT_EQ(p.at("socket.timeout.ms"), "7000");
  EXPECT_EQ(p.at("socket.receive.buffer.bytes"), "0");
  EXPECT_EQ(p.at("security.protocol"), "PLAINTEXT");
  EXPECT_EQ(config.api_timeout_ms, 9000);
  for (const char* absent : {"max.poll.records", "group.id", "acks"}) EXPECT_FALSE(p.contains(absent)) << absent;
  EXPECT_EQ(Make({{"kafka.acks", "all"}}, ClientScope::kProducer)->properties.at("acks"), "all");
}

TEST_F(ClientConfigTest, SmallFetchesAreMadeOrRefusedByName) {
  EXPECT_TRUE(Make({{"kafka.fetch.max.bytes", "1000"}}).ok());
  const Status refused = Refused({{"kafka.fetch.max.bytes", "999"}});
  EXPECT_NE(refused.message().find("kafka.fetch.max.bytes"), std::string::npos) << refused;
  // librdkafka itself refuses a fetch below its message.max.bytes.
  EXPECT_EQ(PlanFetchMemory(8 << 20, 0, {{"fetch.max.bytes", "65536"}}, 1).properties.at("message.max.bytes"), "65536");
  EXPECT_EQ(PlanFetchMemory(8 << 20, 0, {}, 1).properties.at("message.max.bytes"), "1000000");
  // Bytes alone are no bound: of the smallest records a megabyte would be many times that in memory.
  EXPECT_EQ(PlanFetchMemory(8 << 20, 0, {}, 1).properties.at("queued.min.messages"), "4000");
}

TEST_F(ClientConfigTest, IsolationIsTheJavaClientsDefault) {
  EXPECT_EQ(Make({})->properties.at("isolation.level"), "read_uncommitted");
  EXPECT_FALSE(Make({})->read_committed);
  EXPECT_TRUE(Make({{"kafka.isolation.level", "read_committed"}})->read_committed);
  EXPECT_FALSE(Make({{"kafka.isolation.level", "committed"}}).ok());
}

TEST_F(ClientConfigTest, OthersAreRefusedByName) {
  for (const char* name :
       {"kafka.auto.offset.reset", "kafka.enable.auto.commit", "kafka.key.deserializer", "kafka.interceptor.classes",
        "kafka.value.serializer", "kafka.ssl.ca.location", "kafka.sasl.password", "kafka.no.such.thing"}) {
    const Status status = Refused({{name, "x"}});
    EXPECT_TRUE(HasErrorClass(status, "UNSUPPORTED_FEATURE.SLUICE")) << name;
    EXPECT_THAT(status.ToString(), HasSubstr(name));
  }
  EXPECT_FALSE(MakeClientConfig(Options(), ClientScope::kConsumer, env_.get()).ok());
}

TEST_F(ClientConfigTest, ScramLoginOverTls) {
  File("/ca.pem", "-----BEGIN CERTIFICATE-----\nx\n-----END CERTIFICATE-----\n");
  const Map options = {{"kafka.security.protocol", "SASL_SSL"},
                       {"kafka.sasl.mechanism", "SCRAM-SHA-512"},
                       {"kafka.sasl.jaas.config", kJaas},
                       {"kafka.ssl.truststore.type", "PEM"},
                       {"kafka.ssl.truststore.location", "/ca.pem"}};
  const auto p = Make(options).ValueOrDie().properties;
  EXPECT_EQ(p.at("sasl.username"), "someone");
  EXPECT_EQ(p.at("sasl.password"), "canary-pw-1");
  EXPECT_EQ(p.at("ssl.ca.location"), "/ca.pem");
  EXPECT_EQ(p.at("ssl.endpoint.identification.algorithm"), "https");
  EXPECT_THAT(Redact("x canary-pw-1 y"), Not(HasSubstr("canary")));
  Map no_names = options;
  no_names["kafka.ssl.endpoint.identification.algorithm"] = "";
  EXPECT_EQ(Make(no_names)->properties.at("ssl.endpoint.identification.algorithm"), "none");
}

TEST_F(ClientConfigTest, VersionsOfTls) {
  File("/ca.pem", "-----BEGIN CERTIFICATE-----\nx\n-----END CERTIFICATE-----\n");
  const auto with = [](const std::string& name, const std::string& value) {
    return Map{{"kafka.security.protocol", "SSL"}, {"kafka.ssl.truststore.location", "/ca.pem"}, {name, value}};
  };
  for (const char* versions : {"TLSv1.2,TLSv1.3", "TLSv1.2", " TLSv1.3 , TLSv1.2"}) {
    EXPECT_EQ(Make(with("kafka.ssl.enabled.protocols", versions))->properties.at(kTlsVersionsProperty), versions);
  }
  for (const char* versions : {"TLSv1.1", "TLSv1.2,TLSv1", "SSLv3", "tlsv1.2", "", ","}) {
    EXPECT_THAT(Refused(with("kafka.ssl.enabled.protocols", versions)).ToString(),
                HasSubstr("kafka.ssl.enabled.protocols"))
        << versions;
  }
  EXPECT_TRUE(Make(with("kafka.ssl.protocol", "TLSv1.2")).ok());
  EXPECT_THAT(Refused(with("kafka.ssl.protocol", "TLSv1.1")).ToString(), HasSubstr("kafka.ssl.protocol"));
}

TEST_F(ClientConfigTest, WrongLoginsAreRefusedWithoutShowingThem) {
  const Map rows[] = {
      {{"kafka.sasl.jaas.config", kJaas}},  // GSSAPI by default
      {{"kafka.sasl.mechanism", "OAUTHBEARER"}, {"kafka.sasl.jaas.config", kJaas}},
      {{"kafka.sasl.mechanism", "PLAIN"}, {"kafka.sasl.jaas.config", kJaas}},  // another module
      {{"kafka.sasl.mechanism", "SCRAM-SHA-512"}},
      {{"kafka.sasl.mechanism", "SCRAM-SHA-512"}, {"kafka.sasl.jaas.config", "x required clientSecret='canary-pw-1';"}},
      {{"kafka.sasl.mechanism", "SCRAM-SHA-256"},
       {"kafka.sasl.jaas.config",
        "org.apache.kafka.common.security.scram.ScramLoginModule required username=u password='canary-pw-1' "
        "clientSecret='canary-pw-1';"}},
      {{"kafka.sasl.mechanism", "SCRAM-SHA-256"},
       {"kafka.sasl.jaas.config", "org.apache.kafka.common.security.scram.ScramLoginModule required username=u;"}},
  };
  for (Map row : rows) {
    row["kafka.security.protocol"] = "SASL_PLAINTEXT";
    const Status status = Refused(row);
    ASSERT_FALSE(status.ok());
    EXPECT_THAT(status.ToString(), Not(HasSubstr("canary")));
    EXPECT_THAT(status.ToString(), HasSubstr("kafka.sasl."));
  }
  EXPECT_FALSE(Make({{"kafka.security.protocol", "TLS"}}).ok());
}

TEST_F(ClientConfigTest, OnlyPemStoresAreTaken) {
  File("/jks", "\xFE\xED\xFE\xED");
  File("/ca.pem", "-----BEGIN CERTIFICATE-----\n");
  File("/client.pem", "-----BEGIN PRIVATE KEY-----\n");
  const auto ssl = [](Map more) {
    more["kafka.security.protocol"] = "SSL";
    return more;
  };
  EXPECT_THAT(Refused(ssl({{"kafka.ssl.truststore.location", "/jks"}})).ToString(), HasSubstr("keytool"));
  EXPECT_THAT(
      Refused(ssl({{"kafka.ssl.truststore.location", "/ca.pem"}, {"kafka.ssl.truststore.type", "JKS"}})).ToString(),
      HasSubstr("kafka.ssl.truststore.type"));
  EXPECT_THAT(Refused(ssl({{"kafka.ssl.truststore.location", "/none"}})).ToString(), HasSubstr("/none"));
  const auto p = Make(ssl({{"kafka.ssl.truststore.location", "/ca.pem"},
                           {"kafka.ssl.keystore.location", "/client.pem"},
                           {"kafka.ssl.key.password", "canary-key"}}))
                     .ValueOrDie()
                     .properties;
  EXPECT_EQ(p.at("ssl.key.location"), "/client.pem");
  EXPECT_EQ(p.at("ssl.certificate.location"), "/client.pem");
  EXPECT_THAT(Redact("canary-key"), Not(HasSubstr("canary")));
  EXPECT_EQ(Make(ssl({{"kafka.ssl.truststore.certificates", "-----BEGIN"}}))->properties.at("ssl.ca.pem"),
            "-----BEGIN");
}

}  // namespace
}  // namespace sluice
