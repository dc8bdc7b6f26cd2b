// SPDX-License-Identifier: Apache-2.0
#include <arrow/buffer.h>
#include <arrow/io/interfaces.h>
#include <gtest/gtest.h>

#include <thread>

#include "base/spark_error.h"
#include "env/s3/s3_file_system.h"
#include "env/s3/scripted_store.h"

namespace sluice::s3 {
namespace {

using Kind = ScriptedStore::Fault::Kind;
using Reply = ScriptedStore::Reply;
using Request = ScriptedStore::Request;

constexpr char kSecret[] = "canary-secret-value-1234567890";
constexpr char kToken[] = "canary-token-value-0987654321";

class S3FaultTest : public ::testing::Test {
 protected:
  void SetUp() override { fs_ = Make(); }

  std::shared_ptr<FileSystem> Make(const std::function<void(S3Config&)>& change = {}) {
    S3Config config;
    config.endpoint = store_.endpoint();
    config.region = "us-east-1";
    config.access_key = "AKEXAMPLE";
    config.secret_key = kSecret;
    config.session_token = kToken;
    config.retry_base_ms = 1;
    config.retry_cap_ms = 2;
    config.max_attempts = 4;
    config.part_size = 5 << 20;
    if (change) change(config);
    return MakeS3FileSystem(config).ValueOrDie();
  }
  std::unique_ptr<PendingFile> Written(const std::string& path, const std::string& bytes) {
    auto file = fs_->OpenForWrite(path).ValueOrDie();
    EXPECT_TRUE(file->Write(bytes.data(), static_cast<int64_t>(bytes.size())).ok());
    return file;
  }
  static std::string Big(char fill = 'x') { return std::string((11 << 20) + 7, fill); }

  ScriptedStore store_;
  std::shared_ptr<FileSystem> fs_;
};

TEST_F(S3FaultTest, BusyRepliesAreRetried) {
  for (const auto& [status, code] : std::vector<std::pair<int, std::string>>{{500, "InternalError"},
                                                                             {503, "SlowDown"},
                                                                             {429, "TooManyRequests"},
                                                                             {409, "ConditionalRequestConflict"},
                                                                             {400, "RequestTimeout"},
                                                                             {502, ""}}) {
    store_.AddReply(status, code);
    const std::string path = "b/" + std::to_string(status);
    const auto created = fs_->CreateAtomic(path, "1");
    ASSERT_TRUE(created.ok()) << created.status().ToString();
    EXPECT_EQ(*created, CreateOutcome::kCreated);
    EXPECT_EQ(store_.Object("/" + path), "1");
  }
  EXPECT_EQ(S3RequestCounts(*fs_)["Retries"], 6);
}

TEST_F(S3FaultTest, RetriesAreBoundedAndTheErrorSaysEverything) {
  for (int i = 0; i < 4; ++i) store_.AddReply(503, "SlowDown");
  const Status status = fs_->CreateAtomic("b/k", "1").status();
  EXPECT_TRUE(HasErrorClass(status, "SLUICE_S3.UNAVAILABLE"));
  EXPECT_TRUE(IsRetryable(status));
  for (const char* part : {"PutObject", "s3a://b/k", "SlowDown", "HTTP 503", "REQ503", "4 tries"}) {
    EXPECT_NE(status.message().find(part), std::string::npos) << part << " in " << status.message();
  }
  EXPECT_EQ(store_.CountOf("PUT"), 4);
}

TEST_F(S3FaultTest, ALostReplyOfACreateIsSettledByReadingBack) {
  store_.Add({Kind::kApplyAndClose, {}, "PUT"});
  EXPECT_EQ(fs_->CreateAtomic("b/k", "mine").ValueOrDie(), CreateOutcome::kCreated);
  EXPECT_EQ(store_.CountOf("PUT"), 2);
  EXPECT_EQ(store_.CountOf("GET"), 1);

  store_.Add({Kind::kApplyAndReply, ScriptedStore::Error(500, "InternalError"), "PUT"});
  EXPECT_EQ(fs_->CreateAtomic("b/k2", "mine").ValueOrDie(), CreateOutcome::kCreated);
}

TEST_F(S3FaultTest, ALostReplyDoesNotHideAnotherWriter) {
  store_.Add({Kind::kCloseBefore, {}, "PUT"});
  store_.SetObject("/b/k", "his!");
  EXPECT_EQ(fs_->CreateAtomic("b/k", "mine").ValueOrDie(), CreateOutcome::kExists);
  store_.Add({Kind::kCloseBefore, {}, "PUT"});
  EXPECT_EQ(fs_->CreateAtomic("b/k", "longer than his").ValueOrDie(), CreateOutcome::kExists);
  EXPECT_EQ(store_.Object("/b/k"), "his!");
}

TEST_F(S3FaultTest, AClearRefusalMeansAnotherWriterEvenWithEqualBytes) {
  store_.SetObject("/b/k", "same");
  EXPECT_EQ(fs_->CreateAtomic("b/k", "same").ValueOrDie(), CreateOutcome::kExists);
  EXPECT_EQ(store_.CountOf("GET"), 0);
  // 429 and 409 are refusals too: nothing of ours can be there.
  store_.AddReply(429, "SlowDown");
  EXPECT_EQ(fs_->CreateAtomic("b/k", "same").ValueOrDie(), CreateOutcome::kExists);
}

TEST_F(S3FaultTest, AResetBeforeTheReplyIsRetried) {
  store_.Add({Kind::kCloseBefore, {}, ""});
  EXPECT_EQ(fs_->CreateAtomic("b/k", "1").ValueOrDie(), CreateOutcome::kCreated);
  store_.Add({Kind::kCloseBefore, {}, ""});
  EXPECT_EQ(fs_->ReadFile("b/k").ValueOrDie(), "1");
}

TEST_F(S3FaultTest, AResetInTheBodyIsRetried) {
  const std::string bytes(300'000, 'q');
  store_.SetObject("/b/k", bytes);
  store_.Add({Kind::kCutBody, {}, "GET"});
  EXPECT_EQ(fs_->ReadFile("b/k").ValueOrDie(), bytes);
  auto file = fs_->OpenForRead("b/k").ValueOrDie();
  store_.Add({Kind::kCutBody, {}, "GET"});
  EXPECT_EQ(file->ReadAt(0, 200'000).ValueOrDie()->ToString(), bytes.substr(0, 200'000));
}

TEST_F(S3FaultTest, AStalledRequestTimesOut) {
  fs_ = Make([](S3Config& config) { config.request_timeout_ms = 60; });
  store_.Add({Kind::kStall, {}, ""});
  EXPECT_EQ(fs_->CreateAtomic("b/k", "1").ValueOrDie(), CreateOutcome::kCreated);
  EXPECT_EQ(store_.CountOf("PUT"), 2);
}

TEST_F(S3FaultTest, TheDeadlineOfACallHolds) {
  fs_ = Make([](S3Config& config) {
    config.request_timeout_ms = 50;
    config.operation_timeout_ms = 120;
    config.max_attempts = 1000;
  });
  for (int i = 0; i < 1000; ++i) store_.Add({Kind::kStall, {}, ""});
  const Status status = fs_->ReadFile("b/k").status();
  EXPECT_TRUE(HasErrorClass(status, "SLUICE_S3.UNAVAILABLE")) << status.ToString();
  EXPECT_LE(store_.CountOf("GET"), 4);
}

TEST_F(S3FaultTest, NobodyListens) {
  fs_ = Make([](S3Config& config) { config.endpoint = "http://127.0.0.1:1"; });
  const Status status = fs_->ReadFile("b/k").status();
  EXPECT_TRUE(HasErrorClass(status, "SLUICE_S3.UNAVAILABLE")) << status.ToString();
  EXPECT_TRUE(IsRetryable(status));
}

TEST_F(S3FaultTest, AWrongEndpointIsNamedWithWhereItCameFrom) {
  const auto fail = [&](const std::string& endpoint) {
    fs_ = Make([&](S3Config& config) {
      config.endpoint = endpoint;
      config.endpoint_named_by = "AWS_ENDPOINT_URL";
      config.file_of_variable = [](const std::string& name) {
        return name == "AWS_ENDPOINT_URL" ? "/home/me/.env" : "";
      };
    });
    return fs_->ReadFile("b/k").status().message();
  };
  const std::string says = "Requests go to http://127.0.0.1:1, as AWS_ENDPOINT_URL says (in /home/me/.env).";
  EXPECT_NE(fail("http://127.0.0.1:1").find(says), std::string::npos);
  // Something answers there, but no store.
  store_.Add({Kind::kReply, {400, {}, "<html>no store</html>"}});
  EXPECT_NE(fail(store_.endpoint()).find("as AWS_ENDPOINT_URL says"), std::string::npos);
}

TEST_F(S3FaultTest, RefusalsFailAtOnce) {
  for (const char* code : {"AccessDenied", "SignatureDoesNotMatch", "InvalidAccessKeyId"}) {
    store_.AddReply(403, code);
    const Status status = fs_->CreateAtomic("b/k", "1").status();
    EXPECT_TRUE(HasErrorClass(status, "SLUICE_S3.ACCESS_DENIED")) << status.ToString();
    EXPECT_FALSE(IsRetryable(status));
    EXPECT_NE(status.message().find(code), std::string::npos);
  }
  EXPECT_EQ(store_.CountOf("PUT"), 3);
  store_.AddReply(404, "NoSuchBucket");
  EXPECT_TRUE(HasErrorClass(fs_->ReadFile("b/k").status(), "SLUICE_S3.NO_SUCH_BUCKET"));
}

TEST_F(S3FaultTest, AHeadThatFailsIsExplained) {
  store_.Add({Kind::kReply, ScriptedStore::Error(403, "")});
  store_.Add({Kind::kReply, ScriptedStore::Error(403, "SignatureDoesNotMatch"), "GET"});
  const Status status = fs_->Stat("b/k").status();
  EXPECT_NE(status.message().find("SignatureDoesNotMatch"), std::string::npos) << status.ToString();
}

TEST_F(S3FaultTest, SecretsStayOutOfErrors) {
  const std::string echo = std::string("<Error><Code>SignatureDoesNotMatch</Code><Message>you used ") + kSecret +
                           " and " + kToken + "</Message></Error>";
  store_.Add({Kind::kReply, {403, {}, echo}});
  const Status status = fs_->ReadFile("b/k").status();
  EXPECT_EQ(status.ToString().find("canary"), std::string::npos) << status.ToString();
  for (const Request& request : store_.requests()) {
    EXPECT_NE(request.headers.at("authorization").find("AKEXAMPLE/"), std::string::npos);
    EXPECT_EQ(request.headers.at("x-amz-security-token"), kToken);
  }
}

TEST_F(S3FaultTest, ExpiredCredentialsAreAskedForAgain) {
  std::string suffix = "1";
  fs_ = Make([&](S3Config& config) {
    config.access_key.clear();
    config.secret_key.clear();
    config.session_token.clear();
    config.variable = [&](const std::string& name) -> std::optional<std::string> {
      if (name == "AWS_ACCESS_KEY_ID") return "KEY" + suffix;
      if (name == "AWS_SECRET_ACCESS_KEY") return "secret-number-" + suffix;
      if (name == "AWS_SESSION_TOKEN") return "token-number-" + suffix;
      return std::nullopt;
    };
    config.file_of_variable = [](const std::string&) { return "/home/me/.env"; };
  });
  ASSERT_TRUE(fs_->CreateAtomic("b/k", "1").ok());
  // Fresh ones are seen before the old ones expire, and just when they do.
  suffix = "2";
  EXPECT_EQ(fs_->ReadFile("b/k").ValueOrDie(), "1");
  EXPECT_EQ(store_.requests().back().headers.at("x-amz-security-token"), "token-number-2");
  for (const char* code : {"ExpiredToken", "InvalidAccessKeyId", "InvalidTokenId"}) {
    store_.SetHandler([&, code](const Request& request) -> std::optional<Reply> {
      if (request.headers.at("x-amz-security-token") != "token-number-2") return std::nullopt;
      suffix = "3";
      return ScriptedStore::Error(400, code);
    });
    EXPECT_EQ(fs_->ReadFile("b/k").ValueOrDie(), "1") << code;
    EXPECT_EQ(store_.requests().back().headers.at("x-amz-security-token"), "token-number-3");
    store_.SetHandler(nullptr);
    suffix = "2";
  }

  // No fresh ones: one request, and the error says what to do, and where.
  const int before = store_.CountOf("GET");
  for (const char* code : {"ExpiredToken", "InvalidAccessKeyId"}) {
    store_.AddReply(400, code);
    const Status status = fs_->ReadFile("b/k").status();
    const bool expired = std::string_view(code) == "ExpiredToken";
    EXPECT_TRUE(HasErrorClass(status, expired ? "SLUICE_S3.EXPIRED_CREDENTIALS" : "SLUICE_S3.ACCESS_DENIED"));
    EXPECT_NE(status.message().find(expired ? "have expired: paste fresh ones" : "may have expired: paste fresh ones"),
              std::string::npos)
        << status.ToString();
    EXPECT_NE(status.message().find("/home/me/.env"), std::string::npos);
  }
  EXPECT_EQ(store_.CountOf("GET"), before + 2);
}

TEST_F(S3FaultTest, ExpiredCredentialsOfTheSettingsNameTheWays) {
  store_.AddReply(400, "ExpiredToken");
  const Status status = fs_->ReadFile("b/k").status();
  EXPECT_TRUE(HasErrorClass(status, "SLUICE_S3.EXPIRED_CREDENTIALS")) << status.ToString();
  for (const char* way : {"fs.s3a.session.token", ".env", "credential_process", "profile"}) {
    EXPECT_NE(status.message().find(way), std::string::npos) << way;
  }
  EXPECT_EQ(store_.requests().size(), 1u);

  // Keys that a program copied from its .env file into the settings follow the file.
  std::string token = kToken;
  fs_ = Make([&](S3Config& config) {
    config.keys_follow_environment = true;
    config.variable = [&](const std::string& name) -> std::optional<std::string> {
      if (name == "AWS_ACCESS_KEY_ID") return "AKEXAMPLE";
      if (name == "AWS_SECRET_ACCESS_KEY") return kSecret;
      return name == "AWS_SESSION_TOKEN" ? std::optional(token) : std::nullopt;
    };
  });
  ASSERT_TRUE(fs_->CreateAtomic("b/k", "1").ok());
  token = "fresh-token-of-the-file";
  ASSERT_TRUE(fs_->ReadFile("b/k").ok());
  EXPECT_EQ(store_.requests().back().headers.at("x-amz-security-token"), token);
}

TEST_F(S3FaultTest, FreshOnesThatAreExpiredTooAreNotTriedForEver) {
  for (int i = 0; i < 10; ++i) store_.AddReply(400, "ExpiredToken");
  int asked = 0;
  fs_ = Make([&](S3Config& config) {
    config.access_key.clear();
    config.secret_key.clear();
    config.variable = [&](const std::string& name) -> std::optional<std::string> {
      if (name == "AWS_SESSION_TOKEN") return std::nullopt;
      return name == "AWS_ACCESS_KEY_ID" ? "K" + std::to_string(++asked) : "secret-" + std::to_string(asked);
    };
  });
  EXPECT_TRUE(HasErrorClass(fs_->ReadFile("b/k").status(), "SLUICE_S3.EXPIRED_CREDENTIALS"));
  EXPECT_EQ(store_.CountOf("GET"), 2);
}

TEST_F(S3FaultTest, TheRegionIsLearnt) {
  fs_ = Make([](S3Config& config) { config.region.clear(); });
  store_.Add({Kind::kReply, ScriptedStore::Error(400, "AuthorizationHeaderMalformed", "<Region>eu-west-3</Region>")});
  EXPECT_TRUE(fs_->CreateAtomic("b/k", "1").ok());
  EXPECT_NE(store_.requests()[0].headers.at("authorization").find("/us-east-1/s3/"), std::string::npos);
  EXPECT_NE(store_.requests()[1].headers.at("authorization").find("/eu-west-3/s3/"), std::string::npos);

  store_.Add({Kind::kReply, {301, {{"x-amz-bucket-region", "ap-south-1"}}, ""}});
  EXPECT_TRUE(fs_->Stat("b/k").ok());
  EXPECT_NE(store_.requests().back().headers.at("authorization").find("/ap-south-1/s3/"), std::string::npos);

  // A region that does not help ends it.
  for (int i = 0; i < 5; ++i) store_.Add({Kind::kReply, {301, {{"x-amz-bucket-region", i % 2 ? "r1" : "r2"}}, ""}});
  EXPECT_FALSE(fs_->ReadFile("b/k").ok());
}

TEST_F(S3FaultTest, AFailedPageFailsTheListing) {
  const std::string first =
      "<ListBucketResult><IsTruncated>true</IsTruncated><NextContinuationToken>t/1=</NextContinuationToken>"
      "<EncodingType>url</EncodingType><Contents><Key>d/a%2Bb+c</Key><Size>3</Size><ETag>&quot;x&quot;</ETag>"
      "<LastModified>2024-05-01T10:00:00.000Z</LastModified><Owner><ID>o</ID></Owner></Contents></ListBucketResult>";
  const std::string second =
      "<ListBucketResult><IsTruncated>false</IsTruncated><EncodingType>url</EncodingType>"
      "<CommonPrefixes><Prefix>d/sub/</Prefix></CommonPrefixes></ListBucketResult>";
  store_.Add({Kind::kReply, {200, {}, first}});
  store_.Add({Kind::kReply, {200, {}, second}});
  const auto files = fs_->List("b/d", false).ValueOrDie();
  ASSERT_EQ(files.size(), 2u);
  EXPECT_EQ(files[0].path, "b/d/a+b c");
  EXPECT_EQ(files[0].size, 3);
  EXPECT_EQ(files[0].version, "\"x\"");
  EXPECT_EQ(files[0].modified_ms, 1714557600000);
  EXPECT_EQ(files[1].path, "b/d/sub");
  EXPECT_TRUE(files[1].is_folder);
  EXPECT_NE(store_.requests()[1].query.find("continuation-token=t%2F1%3D"), std::string::npos);

  store_.Add({Kind::kReply, {200, {}, first}});
  for (int i = 0; i < 4; ++i) store_.AddReply(500, "InternalError");
  EXPECT_TRUE(IsRetryable(fs_->List("b/d", false).status()));
  for (const std::string& torn : {first.substr(0, first.size() - 20),
                                  std::string("<ListBucketResult><IsTruncated>true</IsTruncated></ListBucketResult>"),
                                  std::string("<html>hello</html>"), std::string()}) {
    store_.Add({Kind::kReply, {200, {}, torn}});
    EXPECT_FALSE(fs_->List("b/d", false).ok()) << torn;
  }
}

TEST_F(S3FaultTest, ErrorsOfSingleKeysOfADeleteAreSeen) {
  const auto result = [](const std::string& inner) {
    return Reply{200, {}, "<DeleteResult xmlns=\"x\">" + inner + "</DeleteResult>"};
  };
  store_.Add({Kind::kReply, result("<Error><Key>b2</Key><Code>SlowDown</Code><Message>m</Message></Error>")});
  store_.Add({Kind::kReply, result("")});
  EXPECT_TRUE(fs_->Delete("b", {"b/b1", "b/b2", "b/b3"}).ok());
  EXPECT_EQ(store_.requests()[1].body.find("b1"), std::string::npos);
  EXPECT_NE(store_.requests()[1].body.find("<Key>b2</Key>"), std::string::npos);
  EXPECT_TRUE(store_.requests()[0].headers.contains("content-md5"));

  store_.Add({Kind::kReply, result("<Error><Key>b2</Key><Code>AccessDenied</Code><Message>m</Message></Error>")});
  const Status status = fs_->Delete("b", {"b/b1", "b/b2"});
  EXPECT_TRUE(HasErrorClass(status, "SLUICE_S3.ACCESS_DENIED")) << status.ToString();
  EXPECT_NE(status.message().find("s3a://b/b2"), std::string::npos);
  store_.Add({Kind::kReply, {200, {}, ""}});
  EXPECT_FALSE(fs_->Delete("b", {"b/b1", "b/b2"}).ok());
}

// Proxies and other tools take them for a way up; nothing is sent.
TEST_F(S3FaultTest, KeysWithDotsForPartsAreRefused) {
  for (const std::string path : {"b/t/../x", "b/./x", "b/t/..", "b/.."}) {
    for (const Status& status :
         {fs_->ReadFile(path).status(), fs_->OpenForRead(path).status(), fs_->Stat(path).status(),
          fs_->List(path, true).status(), fs_->CreateAtomic(path, "1").status(), fs_->OpenForWrite(path).status()}) {
      EXPECT_TRUE(HasErrorClass(status, "SLUICE_S3.CONFIGURATION")) << path << ": " << status.ToString();
    }
    EXPECT_TRUE(HasErrorClass(fs_->Delete("b", {path}), "SLUICE_OUTSIDE")) << path;
  }
  EXPECT_TRUE(HasErrorClass(fs_->Delete("b/t", {"b/other/x"}), "SLUICE_OUTSIDE"));
  EXPECT_TRUE(HasErrorClass(fs_->Delete("b/t", {"c/t/x"}), "SLUICE_OUTSIDE"));
  EXPECT_TRUE(store_.requests().empty());
  EXPECT_TRUE(fs_->CreateAtomic("b/t/..x/.y", "1").ok());
}

TEST_F(S3FaultTest, AListingNamesWhatIsBelowTheFolder) {
  const auto page = [](const std::string& key) {
    return Reply{200,
                 {},
                 "<ListBucketResult><IsTruncated>false</IsTruncated><Contents><Key>" + key +
                     "</Key><Size>1</Size></Contents><Contents><Key>t/good</Key><Size>1</Size></Contents>"
                     "</ListBucketResult>"};
  };
  for (const char* key : {"t/../x", "t//x", "t/./x"}) {
    store_.Add({Kind::kReply, page(key)});
    const auto files = fs_->List("b/t", true).ValueOrDie();
    ASSERT_EQ(files.size(), 1U) << key;
    EXPECT_EQ(files[0].path, "b/t/good");
  }
  store_.Add({Kind::kReply, page("other/x")});
  EXPECT_FALSE(fs_->List("b/t", true).ok());
}

TEST_F(S3FaultTest, AnObjectTooLargeIsNotReadWhole) {
  store_.SetObject("/b/log", std::string(static_cast<size_t>(kSmallFileBytes) + 1, 'x'));
  const Status status = fs_->ReadFile("b/log").status();
  EXPECT_TRUE(HasErrorClass(status, "SLUICE_FILE_SIZE")) << status.ToString();
  EXPECT_NE(status.message().find("b/log"), std::string::npos);
}

TEST_F(S3FaultTest, AStoreThatIgnoresConditionsIsFound) {
  store_.SetObject("/b/metadata", "{}");
  EXPECT_TRUE(CheckConditionalWrites(*fs_, "b/metadata").ok());
  store_.IgnoreConditions();
  EXPECT_TRUE(HasErrorClass(CheckConditionalWrites(*fs_, "b/metadata"), "SLUICE_STORE_OVERWRITES"));
  EXPECT_EQ(store_.Object("/b/metadata"), "{}");
  fs_ = Make([](S3Config& config) { config.allow_unconditional_writes = true; });
  EXPECT_TRUE(CheckConditionalWrites(*fs_, "b/metadata").ok());
}

TEST_F(S3FaultTest, ALostReplyOfAPublishIsSettled) {
  store_.Add({Kind::kApplyAndClose, {}, "PUT"});
  EXPECT_EQ(Written("b/small", "abc")->Publish().ValueOrDie(), PublishOutcome::kPublished);
  EXPECT_EQ(store_.Object("/b/small"), "abc");
}

TEST_F(S3FaultTest, ACompleteThatFailsInsideA200IsRetried) {
  auto file = Written("b/big", Big());
  // CreateMultipartUpload was the first POST.
  store_.Add({Kind::kReply, ScriptedStore::Error(200, "InternalError"), "POST"});
  EXPECT_EQ(file->Publish().ValueOrDie(), PublishOutcome::kPublished);
  EXPECT_EQ(store_.Object("/b/big"), Big());
  EXPECT_EQ(store_.CountOf("POST"), 3);
}

TEST_F(S3FaultTest, ACompleteWhoseReplyWasLostIsChecked) {
  auto file = Written("b/big", Big());
  store_.Add({Kind::kApplyAndClose, {}, "POST"});  // the second Complete gets 404 NoSuchUpload, as on MinIO
  EXPECT_EQ(file->Publish().ValueOrDie(), PublishOutcome::kPublished);
  EXPECT_EQ(store_.Object("/b/big"), Big());
}

TEST_F(S3FaultTest, AnUploadThatIsGoneIsAnError) {
  auto file = Written("b/big", Big());
  store_.AddReply(404, "NoSuchUpload", "POST");
  const Status status = file->Publish().status();
  EXPECT_TRUE(HasErrorClass(status, "SLUICE_S3.UPLOAD_GONE")) << status.ToString();
  EXPECT_TRUE(IsRetryable(status));
}

TEST_F(S3FaultTest, PartsAreRetriedAndBounded) {
  fs_ = Make([](S3Config& config) { config.parts_in_flight = 2; });
  store_.AddReply(503, "SlowDown", "PUT");
  store_.Add({Kind::kCloseBefore, {}, "PUT"});
  const std::string bytes = Big('a') + Big('b') + Big('c');
  auto file = Written("b/big", bytes);
  EXPECT_EQ(file->Publish().ValueOrDie(), PublishOutcome::kPublished);
  EXPECT_EQ(store_.Object("/b/big"), bytes);
  EXPECT_LE(store_.most_at_once(), 2);
}

TEST_F(S3FaultTest, AFailedPartFailsTheFileAndAborts) {
  auto file = Written("b/big", std::string(5 << 20, 'x'));
  for (int i = 0; i < 4; ++i) store_.AddReply(500, "InternalError", "PUT");
  const std::string more = Big();
  Status status = file->Write(more.data(), static_cast<int64_t>(more.size()));
  if (status.ok()) status = file->Publish().status();
  EXPECT_TRUE(HasErrorClass(status, "SLUICE_S3.UNAVAILABLE")) << status.ToString();
  EXPECT_FALSE(file->Publish().ok());
  file.reset();
  EXPECT_EQ(store_.open_uploads(), 0u);
  EXPECT_EQ(store_.Object("/b/big"), std::nullopt);
}

TEST_F(S3FaultTest, AnotherWritersObjectIsReplacedOnlyAsSeen) {
  store_.SetObject("/b/big", Big('y'));
  auto file = Written("b/big", Big());
  EXPECT_EQ(file->Publish().ValueOrDie(), PublishOutcome::kExistsOther);
  store_.SetObject("/b/big", Big('z'));
  EXPECT_TRUE(HasErrorClass(file->Replace(), "SLUICE_S3.CONCURRENT_WRITE"));
  EXPECT_EQ(store_.Object("/b/big"), Big('z'));
  file.reset();
  EXPECT_EQ(store_.open_uploads(), 0u);

  auto again = Written("b/big", Big());
  EXPECT_EQ(again->Publish().ValueOrDie(), PublishOutcome::kExistsOther);
  store_.Add({Kind::kApplyAndClose, {}, "POST"});
  EXPECT_TRUE(again->Replace().ok());
  EXPECT_EQ(store_.Object("/b/big"), Big());

  auto equal = Written("b/big", Big());
  EXPECT_EQ(equal->Publish().ValueOrDie(), PublishOutcome::kExistsEqual);
  EXPECT_EQ(store_.open_uploads(), 0u);
}

TEST_F(S3FaultTest, ALostReplyOfASmallReplaceIsSettled) {
  store_.SetObject("/b/k", "old");
  auto file = Written("b/k", "new");
  ASSERT_EQ(file->Publish().ValueOrDie(), PublishOutcome::kExistsOther);
  store_.Add({Kind::kApplyAndClose, {}, "PUT"});
  EXPECT_TRUE(file->Replace().ok());
  EXPECT_EQ(store_.Object("/b/k"), "new");
}

TEST_F(S3FaultTest, BytesThatDoNotFitTheirChecksumAreRefused) {
  store_.Add({Kind::kReply, {200, {{"x-amz-checksum-crc32c", "AAAAAA=="}}, "damaged"}});
  EXPECT_FALSE(fs_->ReadFile("b/k").ok());
  store_.Add({Kind::kReply, {200, {{"x-amz-checksum-crc32c", "AAAAAA==-2"}}, "parts"}});
  EXPECT_EQ(fs_->ReadFile("b/k").ValueOrDie(), "parts");
}

TEST_F(S3FaultTest, ARangeOfTheWrongLengthIsRefused) {
  store_.SetObject("/b/k", std::string(400'000, 'r'));
  auto file = fs_->OpenForRead("b/k").ValueOrDie();
  store_.Add({Kind::kReply, {206, {{"content-range", "bytes 0-9/400000"}}, "only these"}});
  EXPECT_FALSE(file->ReadAt(0, 200'000).ok());
}

TEST_F(S3FaultTest, ConnectionsAreKeptAndNothingIsSentUnasked) {
  for (int i = 0; i < 20; ++i) ASSERT_TRUE(fs_->CreateAtomic("b/" + std::to_string(i), "1").ok());
  EXPECT_EQ(store_.connections(), 1);
  EXPECT_EQ(store_.requests().size(), 20u);
  EXPECT_EQ(S3RequestCounts(*fs_), (std::map<std::string, int64_t>{{"PutObject", 20}}));
}

TEST_F(S3FaultTest, ManyThreadsShareFewConnections) {
  fs_ = Make([](S3Config& config) { config.max_connections = 3; });
  std::vector<std::thread> threads;
  for (int t = 0; t < 8; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < 10; ++i) {
        EXPECT_TRUE(fs_->CreateAtomic("b/" + std::to_string(t) + "/" + std::to_string(i), "1").ok());
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_LE(store_.connections(), 3);
}

TEST_F(S3FaultTest, WritesCarryChecksumsAndEncryption) {
  fs_ = Make([](S3Config& config) {
    config.encryption = "aws:kms";
    config.kms_key_id = "key-1";
  });
  ASSERT_TRUE(fs_->CreateAtomic("b/p=1/k", "123456789").ok());
  const Request put = store_.requests()[0];
  EXPECT_EQ(put.path, "/b/p%3D1/k");
  EXPECT_EQ(put.headers.at("x-amz-checksum-crc32c"), "4waSgw==");  // CRC-32C's check value, 0xE3069283
  EXPECT_EQ(put.headers.at("x-amz-server-side-encryption"), "aws:kms");
  EXPECT_EQ(put.headers.at("x-amz-server-side-encryption-aws-kms-key-id"), "key-1");
  EXPECT_EQ(put.headers.at("if-none-match"), "*");
}

}  // namespace
}  // namespace sluice::s3
