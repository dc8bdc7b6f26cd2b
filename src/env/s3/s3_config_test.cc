// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <fstream>
#include <map>
#include <regex>
#include <set>
#include <tuple>

#include "base/spark_error.h"
#include "conf/conf.h"
#include "env/ca_bundle.h"
#include "env/s3/s3_endpoint.h"
#include "env/s3/s3_file_system.h"
#include "env/s3/s3_path.h"
#include "env/s3/xml_scanner.h"

namespace sluice::s3 {
namespace {

using Values = std::map<std::string, std::string>;
using Source = S3CredentialSource;

Result<S3Config> Read(const Values& settings, const Values& variables = {}, const std::string& bucket = "lake") {
  Conf conf;
  for (const auto& [key, value] : settings) EXPECT_TRUE(conf.Set(key, value).ok()) << key;
  return S3ConfigFromConf(conf, bucket, [variables](const std::string& name) -> std::optional<std::string> {
    const auto found = variables.find(name);
    if (found == variables.end()) return std::nullopt;
    return found->second;
  });
}

TEST(S3Config, KeysOfS3A) {
  const S3Config config = Read({{"spark.hadoop.fs.s3a.access.key", "AK"},
                                {"spark.hadoop.fs.s3a.secret.key", "secret-canary"},
                                {"spark.hadoop.fs.s3a.session.token", "token-canary"},
                                {"spark.hadoop.fs.s3a.endpoint", "http://minio:9000"},
                                {"spark.hadoop.fs.s3a.endpoint.region", "eu-west-1"},
                                {"spark.hadoop.fs.s3a.path.style.access", "true"},
                                {"spark.hadoop.fs.s3a.connection.ssl.enabled", "false"},
                                {"spark.hadoop.fs.s3a.multipart.size", "16M"},
                                {"spark.hadoop.fs.s3a.attempts.maximum", "3"},
                                {"spark.hadoop.fs.s3a.connection.establish.timeout", "5s"},
                                {"spark.hadoop.fs.s3a.encryption.algorithm", "SSE-KMS"},
                                {"spark.hadoop.fs.s3a.encryption.key", "arn:x"},
                                {"spark.hadoop.fs.s3a.fast.upload", "true"}})
                              .ValueOrDie();
  EXPECT_EQ(config.access_key, "AK");
  EXPECT_EQ(config.secret_key, "secret-canary");
  EXPECT_EQ(config.session_token, "token-canary");
  EXPECT_EQ(config.endpoint, "http://minio:9000");
  EXPECT_EQ(config.region, "eu-west-1");
  EXPECT_EQ(config.path_style, true);
  EXPECT_FALSE(config.ssl_enabled);
  EXPECT_EQ(config.part_size, 16 << 20);
  EXPECT_EQ(config.max_attempts, 3);
  EXPECT_EQ(config.connect_timeout_ms, 5000);
  EXPECT_EQ(config.encryption, "aws:kms");
  EXPECT_EQ(config.kms_key_id, "arn:x");
}

TEST(S3Config, PlainKeysWinAndBucketKeysWinOverAll) {
  const Values settings = {{"spark.hadoop.fs.s3a.access.key", "general"},
                           {"fs.s3a.access.key", "plain"},
                           {"spark.hadoop.fs.s3a.bucket.lake.access.key", "of-lake"},
                           {"spark.hadoop.fs.s3a.bucket.my.dots.access.key", "of-dots"}};
  EXPECT_EQ(Read(settings, {}, "other").ValueOrDie().access_key, "plain");
  EXPECT_EQ(Read(settings, {}, "lake").ValueOrDie().access_key, "of-lake");
  EXPECT_EQ(Read(settings, {}, "my.dots").ValueOrDie().access_key, "of-dots");
}

TEST(S3Config, VariablesOfAws) {
  const Values variables = {{"AWS_ENDPOINT_URL", "http://general:1"},
                            {"AWS_ENDPOINT_URL_S3", "http://s3only:2"},
                            {"AWS_REGION", "r1"},
                            {"AWS_DEFAULT_REGION", "r2"},
                            {"AWS_CA_BUNDLE", "/ca.pem"},
                            {"SSL_CERT_FILE", "/cert.pem"}};
  const S3Config config = Read({}, variables).ValueOrDie();
  EXPECT_EQ(config.endpoint, "http://s3only:2");
  EXPECT_EQ(config.region, "r1");
  EXPECT_EQ(config.ca_bundle, "/ca.pem");
  EXPECT_EQ(config.cert_file, "/cert.pem");
  EXPECT_EQ(config.endpoint_named_by, "AWS_ENDPOINT_URL_S3");
  EXPECT_EQ(Read({{"fs.s3a.endpoint", "http://set:3"}}, variables).ValueOrDie().endpoint, "http://set:3");
  EXPECT_EQ(Read({{"fs.s3a.endpoint", "s3.eu-north-1.amazonaws.com"}}, variables).ValueOrDie().region, "eu-north-1");
}

TEST(S3Config, Providers) {
  const auto sources = [](const std::string& list) {
    return Read({{"fs.s3a.aws.credentials.provider", list}}).ValueOrDie().credential_sources;
  };
  EXPECT_EQ(sources("org.apache.hadoop.fs.s3a.TemporaryAWSCredentialsProvider"),
            (std::vector<Source>{Source::kStatic}));
  EXPECT_EQ(sources("org.apache.hadoop.fs.s3a.SimpleAWSCredentialsProvider,\n "
                    "software.amazon.awssdk.auth.credentials.EnvironmentVariableCredentialsProvider"),
            (std::vector<Source>{Source::kStatic, Source::kEnvironment}));
  EXPECT_EQ(sources("org.apache.hadoop.fs.s3a.AnonymousAWSCredentialsProvider"),
            (std::vector<Source>{Source::kAnonymous}));
  EXPECT_EQ(sources("com.amazonaws.auth.DefaultAWSCredentialsProviderChain").front(), Source::kEnvironment);
  const Status status = Read({{"fs.s3a.aws.credentials.provider", "com.example.MyProvider"}}).status();
  EXPECT_TRUE(HasErrorClass(status, "UNSUPPORTED_FEATURE.SLUICE"));
  EXPECT_NE(status.message().find("com.example.MyProvider"), std::string::npos);
}

TEST(S3Config, RefusedAndWrongValues) {
  for (const char* key : {"proxy.host", "encryption.cse.kms.region", "requester.pays.enabled", "acl.default"}) {
    const Status status = Read({{std::string("spark.hadoop.fs.s3a.") + key, "yes"}}).status();
    EXPECT_TRUE(HasErrorClass(status, "UNSUPPORTED_FEATURE.SLUICE")) << key;
    EXPECT_NE(status.message().find(key), std::string::npos);
  }
  EXPECT_TRUE(Read({{"fs.s3a.requester.pays.enabled", "false"}}).ok());
  EXPECT_TRUE(Read({{"fs.s3a.no.such.key", "1"}}).ok());
  for (const auto& [key, value] : Values{{"path.style.access", "maybe"},
                                         {"multipart.size", "many"},
                                         {"attempts.maximum", "0"},
                                         {"encryption.algorithm", "SSE-C"},
                                         {"connection.timeout", "soon"}}) {
    EXPECT_FALSE(Read({{"fs.s3a." + key, value}}).ok()) << key;
  }
  S3Config small;
  small.part_size = 1000;
  EXPECT_TRUE(HasErrorClass(MakeS3FileSystem(small).status(), "SLUICE_S3.CONFIGURATION"));
  S3Config bad;
  bad.endpoint = "ftp://x";
  EXPECT_TRUE(HasErrorClass(MakeS3FileSystem(bad).status(), "SLUICE_S3.CONFIGURATION"));
}

TEST(S3Endpoint, WhereABucketIs) {
  S3Config config;
  BucketAddress at = AddressOf(config, "lake", "eu-west-1").ValueOrDie();
  EXPECT_EQ(at.host_header, "lake.s3.eu-west-1.amazonaws.com");
  EXPECT_EQ(at.endpoint.port, 443u);
  EXPECT_TRUE(at.endpoint.tls);
  EXPECT_EQ(at.path_prefix, "");
  EXPECT_EQ(AddressOf(config, "lake", "cn-north-1").ValueOrDie().host_header, "lake.s3.cn-north-1.amazonaws.com.cn");
  // A wildcard certificate does not cover dots.
  EXPECT_EQ(AddressOf(config, "la.ke", "eu-west-1").ValueOrDie().path_prefix, "/la.ke");
  config.endpoint = "http://127.0.0.1:9000/";
  at = AddressOf(config, "lake", "x").ValueOrDie();
  EXPECT_EQ(at.host_header, "127.0.0.1:9000");
  EXPECT_EQ(at.path_prefix, "/lake");
  config.endpoint = "minio.local:9000";
  at = AddressOf(config, "lake", "x").ValueOrDie();
  EXPECT_EQ(at.host_header, "lake.minio.local:9000");
  EXPECT_TRUE(at.endpoint.tls);
  config.path_style = true;
  EXPECT_EQ(AddressOf(config, "lake", "x").ValueOrDie().path_prefix, "/lake");
  config.endpoint = "http://[::1]:9000";
  at = AddressOf(config, "lake", "x").ValueOrDie();
  EXPECT_EQ(at.endpoint.host, "::1");
  EXPECT_EQ(at.host_header, "[::1]:9000");
  for (const char* wrong : {"http://h/path", "http://u@h", "http://h:0", "http://h:99999", "http://", "http://h:x"}) {
    EXPECT_FALSE(ParseEndpoint(wrong, true).ok()) << wrong;
  }
  EXPECT_EQ(RegionOfHost("s3.dualstack.eu-west-1.amazonaws.com"), "eu-west-1");
  EXPECT_EQ(RegionOfHost("s3-ap-south-1.amazonaws.com"), "ap-south-1");
  EXPECT_EQ(RegionOfHost("s3.amazonaws.com"), "");
  EXPECT_EQ(RegionOfHost("minio.local"), "");
}

TEST(S3Path, UriAndEncoding) {
  S3Config config;
  config.endpoint = "http://127.0.0.1:1";
  EXPECT_EQ(MakeS3FileSystem(config).ValueOrDie()->Uri("b/p=a b/x%y.parquet"), "s3a://b/p=a%20b/x%25y.parquet");
  config.scheme = "s3";
  EXPECT_EQ(MakeS3FileSystem(config).ValueOrDie()->Uri("b/k"), "s3://b/k");
  EXPECT_EQ(EncodeKey("p=a b/\xC3\xA9+~"), "p%3Da%20b/%C3%A9%2B~");
  EXPECT_EQ(EncodeQuery({{"prefix", "a/b c"}, {"uploads", ""}}), "?prefix=a%2Fb%20c&uploads=");
  EXPECT_EQ(DecodeListed("a%2Fb+c%2B"), "a/b c+");
  EXPECT_EQ(SplitPath("/b/k/").key, "k");
  EXPECT_EQ(SplitPath("b").key, "");
}

TEST(XmlScanner, DecodesAndRefusesTornText) {
  EXPECT_EQ(XmlText("<?xml version='1.0'?><!-- <A>no</A> --><R xmlns=\"u\"><n:A>a&lt;&#233;&#x1F600;</n:A></R>", "A"),
            "a<\xC3\xA9\xF0\x9F\x98\x80");
  EXPECT_EQ(XmlText("<R><A><![CDATA[<&>]]></A></R>", "A"), "<&>");
  EXPECT_EQ(XmlText("<R><B/><A x='>'>1</A></R>", "A"), "1");
  EXPECT_EQ(XmlText("<R><A>never ends", "A"), "");
  EXPECT_EQ(XmlText("<R><A>&unknown;</A></R>", "A"), "");
  EXPECT_EQ(XmlEscape("a<b>&\"'\n"), "a&#60;b&#62;&#38;&#34;&#39;&#10;");
  const std::string whole = "<R a=\"1\"><A>x&amp;y</A><B/><![CDATA[z]]></R>";
  for (size_t cut = 1; cut < whole.size(); ++cut) {
    const std::string torn = whole.substr(0, cut);
    XmlScanner scanner(torn);
    XmlScanner::Token token = scanner.Next();
    while (token == XmlScanner::Token::kOpen || token == XmlScanner::Token::kClose) token = scanner.Next();
    EXPECT_EQ(token, XmlScanner::Token::kBroken) << torn;
  }
}

TEST(CaBundle, ANamedFileHasToBeThere) {
  const Status status = FindCaBundle("/no/such/bundle.pem", "AWS_CA_BUNDLE", "/etc/hostname").status();
  EXPECT_NE(status.message().find("AWS_CA_BUNDLE"), std::string::npos) << status.ToString();
}

TEST(CaBundle, TheVariableCountsWhereNoFileIsNamed) {
  EXPECT_EQ(FindCaBundle("", "AWS_CA_BUNDLE", "/etc/passwd").ValueOrDie(), "/etc/passwd");
  const auto usual = FindCaBundle("", "AWS_CA_BUNDLE", "/no/such/bundle.pem");
  EXPECT_NE(usual.ValueOr(""), "/no/such/bundle.pem");
}

// The page names a key with its default: `connection.maximum` | `32`. Given as a setting, a default changes nothing.
TEST(S3Config, TheDocumentedDefaultsAreThose) {
  const auto shown = [](const S3Config& c) {
    return std::tuple(c.path_style, c.ssl_enabled, c.connect_timeout_ms, c.request_timeout_ms, c.idle_connection_ms,
                      c.max_connections, c.max_attempts, c.part_size, c.readahead_bytes);
  };
  std::ifstream page(SLUICE_SOURCE_DIR "/docs/s3.md");
  const std::regex row(R"(^\| (`[a-z.`, ]+`) \| `([a-z0-9]+)` \|)");
  const std::regex key("`([a-z.]+)`");
  std::set<std::string> found;
  for (std::string line; std::getline(page, line);) {
    std::smatch parts;
    if (!std::regex_search(line, parts, row)) continue;
    const std::string keys = parts[1];
    for (std::sregex_iterator at(keys.begin(), keys.end(), key), end; at != end; ++at) {
      const std::string name = (*at)[1];
      found.insert(name);
      const S3Config config = Read({{"spark.hadoop.fs.s3a." + name, parts[2]}}).ValueOrDie();
      EXPECT_EQ(shown(config), shown(S3Config())) << name << " = " << parts[2];
    }
  }
  EXPECT_EQ(found.size(), 9u);
}

}  // namespace
}  // namespace sluice::s3
