// SPDX-License-Identifier: Apache-2.0
// Stores that send more than was asked for, or without end: an error by name, after a bounded number of bytes.
#include <arrow/io/interfaces.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/spark_error.h"
#include "env/s3/s3_error.h"
#include "env/s3/s3_file_system.h"
#include "env/s3/s3_listing.h"
#include "env/s3/scripted_store.h"

namespace sluice::s3 {
namespace {

using testing::HasSubstr;
using Kind = ScriptedStore::Fault::Kind;
using Reply = ScriptedStore::Reply;
using Request = ScriptedStore::Request;

constexpr int64_t kFew = 64 << 20;  // sockets hold some megabytes that nobody reads

class S3HostileTest : public ::testing::Test {
 protected:
  void SetUp() override {
    S3Config config;
    config.endpoint = store_.endpoint();
    config.access_key = "AKEXAMPLE";
    config.secret_key = "canary-secret-value-1234567890";
    config.retry_base_ms = 1;
    config.retry_cap_ms = 2;
    config.max_attempts = 2;
    fs_ = MakeS3FileSystem(config).ValueOrDie();
  }
  void Endless(Reply reply) { store_.Add({Kind::kEndless, std::move(reply), ""}); }
  static std::string Chunk() { return "10000\r\n" + std::string(65536, 'x') + "\r\n"; }
  // The blank line that ends the headers belongs to what is repeated, and is a chunk of nothing the next time.
  void EndlessBody(int status) {
    Reply reply;
    reply.status = status;
    reply.headers = {{"transfer-encoding", "chunked\r\n\r\n" + std::to_string(4) + "\r\nabcd"}};
    reply.body = Chunk();
    Endless(reply);
  }

  ScriptedStore store_;
  std::shared_ptr<FileSystem> fs_;
};

TEST_F(S3HostileTest, AListingWhoseBodyHasNoEnd) {
  EndlessBody(200);
  const Status status = fs_->List("b/d", false).status();
  EXPECT_TRUE(HasErrorClass(status, "SLUICE_S3.REQUEST_FAILED")) << status.ToString();
  EXPECT_FALSE(IsRetryable(status));
  EXPECT_THAT(status.message(), HasSubstr("16777216 bytes"));
  EXPECT_LT(store_.endless_bytes(), kFew);
  EXPECT_EQ(store_.requests().size(), 1u);
}

TEST_F(S3HostileTest, ARangeWithMoreThanWasAskedFor) {
  store_.SetObject("/b/k", std::string(400'000, 'r'));
  auto file = fs_->OpenForRead("b/k").ValueOrDie();
  EndlessBody(206);
  const Status status = file->ReadAt(0, 200'000).status();
  EXPECT_THAT(status.message(), HasSubstr("a body of more than 200000 bytes"));
  EXPECT_LT(store_.endless_bytes(), kFew);
}

TEST_F(S3HostileTest, AFileThatIsOpenedHasNoLongerTailThanAskedFor) {
  EndlessBody(206);
  EXPECT_THAT(fs_->OpenForRead("b/k").status().message(), HasSubstr("a body of more than 65536 bytes"));
  EndlessBody(200);
  EXPECT_FALSE(fs_->OpenForRead("b/k").ok());
  // A range that claims a smaller object than the bytes it brings.
  store_.Add({Kind::kReply, {206, {{"content-range", "bytes 0-9/3"}}, "0123456789"}});
  EXPECT_THAT(fs_->OpenForRead("b/k").status().message(), HasSubstr("content range"));
  // A store without ranges gives the whole object.
  store_.Add({Kind::kReply, {200, {}, "0123456789"}});
  EXPECT_EQ(fs_->OpenForRead("b/k").ValueOrDie()->GetSize().ValueOrDie(), 10);
}

TEST_F(S3HostileTest, AnErrorWithoutEndIsCut) {
  std::string long_message = "<Error><Code>AccessDenied</Code><Message>" + std::string(20 << 20, 'm');
  store_.Add({Kind::kReply, {403, {}, long_message + "</Message></Error>"}});
  Status status = fs_->ReadFile("b/k").status();
  EXPECT_TRUE(HasErrorClass(status, "SLUICE_S3.ACCESS_DENIED")) << status.ToString();
  EXPECT_LT(status.ToString().size(), 4096u);

  long_message = "<Error><Code>AccessDenied</Code><Message>" + std::string(5000, 'm') + "</Message></Error>";
  store_.Add({Kind::kReply, {403, {}, long_message}});
  status = fs_->ReadFile("b/k").status();
  EXPECT_THAT(status.message(), HasSubstr("mmm..."));
  EXPECT_LT(status.ToString().size(), 4096u);

  EndlessBody(403);
  EXPECT_TRUE(HasErrorClass(fs_->ReadFile("b/k").status(), "SLUICE_S3.ACCESS_DENIED"));
  EXPECT_LT(store_.endless_bytes(), kFew);
}

TEST_F(S3HostileTest, HeadersWithoutEnd) {
  Reply many;
  many.body = "x-more: 1\r\n";
  Endless(many);
  EXPECT_THAT(fs_->ReadFile("b/k").status().message(), HasSubstr("more than 200 headers"));
  Reply line;
  line.headers = {{"x-long", std::string(1000, 'h')}};
  line.body = std::string(65536, 'h');
  for (int i = 0; i < 2; ++i) Endless(line);  // a broken line is tried again
  const Status status = fs_->ReadFile("b/k").status();
  EXPECT_TRUE(HasErrorClass(status, "SLUICE_S3.UNAVAILABLE")) << status.ToString();
  EXPECT_LT(store_.endless_bytes(), 2 * kFew);
}

TEST_F(S3HostileTest, AListingThatGoesRound) {
  const auto page = [](const std::string& token, const std::string& key) {
    return Reply{200,
                 {},
                 "<ListBucketResult><IsTruncated>true</IsTruncated><NextContinuationToken>" + token +
                     "</NextContinuationToken>" + key + "</ListBucketResult>"};
  };
  const std::string key = "<Contents><Key>d/a</Key><Size>3</Size></Contents>";
  store_.SetHandler([&](const Request&) { return page("again", key); });
  EXPECT_THAT(fs_->List("b/d", true).status().message(), HasSubstr("begins anew"));
  EXPECT_EQ(store_.requests().size(), 2u);
  int number = 0;
  store_.SetHandler([&](const Request&) { return page("t" + std::to_string(++number), ""); });
  EXPECT_THAT(fs_->List("b/d", true).status().message(), HasSubstr("pages are empty"));
  store_.SetHandler([&](const Request&) { return page(std::string(5000, 't'), key); });
  EXPECT_FALSE(fs_->List("b/d", true).ok());
}

TEST_F(S3HostileTest, ARegionThatIsNoneIsNotUsed) {
  for (const std::string& region :
       std::vector<std::string>{"evil.example/", "a.b", "x y", "r@evil", "", std::string(65, 'r')}) {
    HttpReply reply;
    reply.status = 301;
    reply.headers["x-amz-bucket-region"] = region;
    EXPECT_EQ(ParseS3Error(reply).region, "") << region;
    reply.headers.clear();
    reply.body = "<Error><Code>PermanentRedirect</Code><Region>" + region + "</Region></Error>";
    EXPECT_EQ(ParseS3Error(reply).region, "") << region;
  }
  S3Config config;
  config.region = "evil.example/x";
  EXPECT_TRUE(HasErrorClass(MakeS3FileSystem(config).status(), "SLUICE_S3.CONFIGURATION"));
  config.region = "eu-west-1";
  EXPECT_TRUE(MakeS3FileSystem(config).ok());
}

TEST(Shortened, KeepsWholeCharacters) {
  EXPECT_EQ(Shortened("abc", 3), "abc");
  EXPECT_EQ(Shortened("abcd", 3), "abc...");
  EXPECT_EQ(Shortened("a\u00e9\u00e9", 2), "a...");
  EXPECT_EQ(Shortened("", 3), "");
}

}  // namespace
}  // namespace sluice::s3
