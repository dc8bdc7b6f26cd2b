// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>

#include "base/logging.h"
#include "base/spark_error.h"
#include "env/s3/s3_file_system.h"
#include "env/s3/scripted_store.h"

namespace sluice::s3 {
namespace {

using Reply = ScriptedStore::Reply;
using Request = ScriptedStore::Request;

// The scripted store stands for S3 and for the endpoints that hand out credentials.
class CredentialsTest : public ::testing::Test {
 protected:
  void SetUp() override {
    folder_ = std::filesystem::temp_directory_path() / ("sluice-credentials-" + std::to_string(::getpid()));
    std::filesystem::create_directories(folder_);
    store_.SetObject("/b/k", "x");
    // No test may ask the metadata service of the machine it runs on.
    variables_["AWS_EC2_METADATA_DISABLED"] = "true";
    variables_["AWS_CONFIG_FILE"] = File("config", "");
    variables_["AWS_SHARED_CREDENTIALS_FILE"] = File("credentials", "");
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  std::string File(const std::string& name, const std::string& text) {
    std::ofstream(folder_ / name) << text;
    return (folder_ / name).string();
  }
  std::shared_ptr<FileSystem> Make(std::vector<S3CredentialSource> sources = S3Config().credential_sources,
                                   Clock* clock = nullptr) {
    S3Config config;
    config.endpoint = store_.endpoint();
    config.region = "us-east-1";
    config.credential_sources = std::move(sources);
    config.clock = clock;
    config.variable = [this](const std::string& name) -> std::optional<std::string> {
      const auto found = variables_.find(name);
      if (found == variables_.end()) return std::nullopt;
      return found->second;
    };
    return MakeS3FileSystem(config).ValueOrDie();
  }
  // The access key that signed the last request to S3.
  std::string LastKey() {
    const std::string header = store_.requests().back().headers.at("authorization");
    const size_t at = header.find("Credential=") + 11;
    return header.substr(at, header.find('/', at) - at);
  }

  std::filesystem::path folder_;
  ScriptedStore store_;
  std::map<std::string, std::string> variables_;
};

TEST_F(CredentialsTest, NoneAnywhereIsAnErrorThatNamesThePlaces) {
  const Status status = Make()->ReadFile("b/k").status();
  EXPECT_TRUE(HasErrorClass(status, "SLUICE_S3.NO_CREDENTIALS")) << status.ToString();
  EXPECT_NE(status.message().find("AWS_ACCESS_KEY_ID"), std::string::npos);
  EXPECT_EQ(store_.requests().size(), 0u);
}

TEST_F(CredentialsTest, HalfAPairIsAnError) {
  variables_["AWS_ACCESS_KEY_ID"] = "K";
  EXPECT_TRUE(HasErrorClass(Make()->ReadFile("b/k").status(), "SLUICE_S3.CONFIGURATION"));
}

TEST_F(CredentialsTest, AnonymousRequestsAreUnsigned) {
  EXPECT_TRUE(Make({S3CredentialSource::kAnonymous})->ReadFile("b/k").ok());
  EXPECT_FALSE(store_.requests().back().headers.contains("authorization"));
}

TEST_F(CredentialsTest, ProfileOfTheSharedFile) {
  variables_["AWS_SHARED_CREDENTIALS_FILE"] = File(
      "credentials",
      "[default]\naws_access_key_id=DEFAULTKEY\naws_secret_access_key=default-secret-1\n"
      "[work]\naws_access_key_id=WORKKEY\naws_secret_access_key=work-secret-canary\naws_session_token=work-token-1\n");
  ASSERT_EQ(Make()->ReadFile("b/k").status(), Status::OK());
  EXPECT_EQ(LastKey(), "DEFAULTKEY");
  variables_["AWS_PROFILE"] = "work";
  auto fs = Make();
  ASSERT_EQ(fs->ReadFile("b/k").status(), Status::OK());
  EXPECT_EQ(LastKey(), "WORKKEY");
  EXPECT_EQ(store_.requests().back().headers.at("x-amz-security-token"), "work-token-1");
  EXPECT_EQ(Redact("it is work-secret-canary").find("canary"), std::string::npos);

  // Fresh keys pasted into the file are used from then on.
  File("credentials", "[work]\naws_access_key_id=NEWKEY\naws_secret_access_key=new-secret-1\naws_session_token=t2\n");
  ASSERT_EQ(fs->ReadFile("b/k").status(), Status::OK());
  EXPECT_EQ(LastKey(), "NEWKEY");
  // None were: the error names the file.
  store_.AddReply(400, "ExpiredToken");
  const Status status = fs->ReadFile("b/k").status();
  EXPECT_NE(status.message().find(variables_["AWS_SHARED_CREDENTIALS_FILE"]), std::string::npos) << status.ToString();
  // A file that is broken for a moment does no harm to keys that still hold.
  File("credentials", "[wo");
  ASSERT_EQ(fs->ReadFile("b/k").status(), Status::OK());
  EXPECT_EQ(LastKey(), "NEWKEY");
}

TEST_F(CredentialsTest, CredentialProcess) {
  const std::string program =
      File("helper.sh",
           "#!/bin/sh\necho '{\"Version\":1,\"AccessKeyId\":\"PROCKEY\",\"SecretAccessKey\":\"process-secret\"}'\n");
  ::chmod(program.c_str(), 0755);
  variables_["AWS_CONFIG_FILE"] = File("config", "[default]\ncredential_process = " + program + "\n");
  ASSERT_EQ(Make()->ReadFile("b/k").status(), Status::OK());
  EXPECT_EQ(LastKey(), "PROCKEY");

  // It is asked again a minute before what it gave expires.
  const std::string asked = (folder_ / "asked").string();
  File("helper.sh", "#!/bin/sh\necho x >>" + asked + R"sh(
cat <<END
{"Version":1,"AccessKeyId":"PROC$(wc -l <)sh" +
                        asked + R"sh()","SecretAccessKey":"process-secret","SessionToken":"t",
"Expiration":"2030-01-01T00:10:00Z"}
END
)sh");
  ManualClock clock(1893456000000);  // 2030-01-01T00:00:00Z
  auto fs = Make(S3Config().credential_sources, &clock);
  ASSERT_EQ(fs->ReadFile("b/k").status(), Status::OK());
  clock.Advance(8 * 60'000);
  ASSERT_EQ(fs->ReadFile("b/k").status(), Status::OK());
  EXPECT_EQ(LastKey(), "PROC1");
  clock.Advance(90'000);
  ASSERT_EQ(fs->ReadFile("b/k").status(), Status::OK());
  EXPECT_EQ(LastKey(), "PROC2");
}

// Neither files that somebody opened without O_CLOEXEC nor the sockets and queues of the S3 library.
TEST_F(CredentialsTest, CredentialProcessInheritsNoDescriptors) {
  const int leaky = ::open("/dev/null", O_RDONLY);
  const std::string seen = (folder_ / "seen").string();
  const std::string program = File("helper.sh", "#!/bin/sh\nls /proc/self/fd >" + seen + R"sh(
echo '{"Version":1,"AccessKeyId":"PROCKEY","SecretAccessKey":"process-secret","Expiration":"2030-01-01T00:10:00Z"}'
)sh");
  ::chmod(program.c_str(), 0755);
  variables_["AWS_CONFIG_FILE"] = File("config", "[default]\ncredential_process = " + program + "\n");
  ManualClock clock(1893456000000);  // 2030-01-01T00:00:00Z
  const auto fs = Make(S3Config().credential_sources, &clock);
  for (int round = 0; round < 2; ++round) {  // the second one while there are connections
    ASSERT_EQ(fs->ReadFile("b/k").status(), Status::OK());
    std::ifstream list(seen);
    for (std::string name; std::getline(list, name);) {
      EXPECT_TRUE(name == "0" || name == "1" || name == "2" || name == "3") << name << "; 3 is what ls lists";
    }
    clock.Advance(9 * 60'000 + 30'000);
  }
  ::close(leaky);
}

TEST_F(CredentialsTest, InstanceMetadataIsRenewedBeforeItExpires) {
  int given = 0;
  store_.SetHandler([&](const Request& request) -> std::optional<Reply> {
    if (request.path == "/latest/api/token") return Reply{200, {}, "imds-token"};
    if (request.path == "/latest/meta-data/iam/security-credentials/") return Reply{200, {}, "role"};
    if (request.path != "/latest/meta-data/iam/security-credentials/role") return std::nullopt;
    ++given;
    return Reply{200,
                 {},
                 "{\"Code\":\"Success\",\"AccessKeyId\":\"IMDSKEY" + std::to_string(given) +
                     "\",\"SecretAccessKey\":\"imds-secret-1\",\"Token\":\"imds-session-1\","
                     "\"Expiration\":\"2030-01-01T01:00:00Z\"}"};
  });
  variables_.erase("AWS_EC2_METADATA_DISABLED");
  variables_["AWS_EC2_METADATA_SERVICE_ENDPOINT"] = store_.endpoint();
  ManualClock clock(1893456000000);  // 2030-01-01T00:00:00Z
  auto fs = Make(S3Config().credential_sources, &clock);
  ASSERT_EQ(fs->ReadFile("b/k").status(), Status::OK());
  ASSERT_EQ(fs->ReadFile("b/k").status(), Status::OK());
  EXPECT_EQ(LastKey(), "IMDSKEY1");
  clock.Advance(58 * 60'000);
  ASSERT_EQ(fs->ReadFile("b/k").status(), Status::OK());
  EXPECT_EQ(LastKey(), "IMDSKEY1");
  clock.Advance(90'000);
  ASSERT_EQ(fs->ReadFile("b/k").status(), Status::OK());
  EXPECT_EQ(LastKey(), "IMDSKEY2");
}

TEST_F(CredentialsTest, ContainerEndpoint) {
  store_.SetHandler([&](const Request& request) -> std::optional<Reply> {
    if (request.path != "/creds") return std::nullopt;
    return Reply{200,
                 {},
                 "{\"AccessKeyId\":\"ECSKEY\",\"SecretAccessKey\":\"ecs-secret-1\",\"Token\":\"ecs-token\","
                 "\"Expiration\":\"2099-01-01T01:00:00Z\"}"};
  });
  // The library reads this one from the process itself.
  variables_["AWS_CONTAINER_CREDENTIALS_FULL_URI"] = store_.endpoint() + "/creds";
  ::setenv("AWS_CONTAINER_CREDENTIALS_FULL_URI", variables_["AWS_CONTAINER_CREDENTIALS_FULL_URI"].c_str(), 1);
  EXPECT_TRUE(Make({S3CredentialSource::kContainer})->ReadFile("b/k").ok());
  ::unsetenv("AWS_CONTAINER_CREDENTIALS_FULL_URI");
  EXPECT_EQ(LastKey(), "ECSKEY");
}

// Ten minutes, asked again a minute before the end, then every five seconds; used to the last millisecond.
TEST_F(CredentialsTest, RenewalAndExpiryAtTheSecond) {
  const std::string asked = (folder_ / "asked").string(), broken = (folder_ / "broken").string();
  const std::string program = File("helper.sh", "#!/bin/sh\necho x >>" + asked + "\ntest -e " + broken + R"sh( && exit 1
echo '{"Version":1,"AccessKeyId":"PROCKEY","SecretAccessKey":"process-secret","SessionToken":"t",'
echo '"Expiration":"2030-01-01T00:10:00Z"}'
)sh");
  ::chmod(program.c_str(), 0755);
  variables_["AWS_CONFIG_FILE"] = File("config", "[default]\ncredential_process = " + program + "\n");
  ManualClock clock(1893456000000);  // 2030-01-01T00:00:00Z
  const auto fs = Make(S3Config().credential_sources, &clock);
  const auto asked_after = [&](int64_t ms) {
    clock.Advance(ms);
    EXPECT_EQ(fs->ReadFile("b/k").status(), Status::OK());
    std::ifstream lines(asked);
    return std::count(std::istreambuf_iterator<char>(lines), {}, '\n');
  };
  EXPECT_EQ(asked_after(0), 1);
  EXPECT_EQ(asked_after(539'999), 1);
  EXPECT_EQ(asked_after(1), 2);
  EXPECT_EQ(asked_after(4'999), 2);
  EXPECT_EQ(asked_after(1), 3);
  File("broken", "");
  EXPECT_EQ(asked_after(5'000), 4) << "what could not be renewed still holds";
  EXPECT_EQ(asked_after(49'999), 5);
  clock.Advance(1);
  EXPECT_TRUE(HasErrorClass(fs->ReadFile("b/k").status(), "SLUICE_S3.NO_CREDENTIALS"));
}

}  // namespace
}  // namespace sluice::s3
