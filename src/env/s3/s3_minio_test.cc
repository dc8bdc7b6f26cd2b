// SPDX-License-Identifier: Apache-2.0
// Runs against a real server (s3_test_server.h says which); skipped without one.
#include <arrow/buffer.h>
#include <arrow/io/interfaces.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <thread>

#include "base/spark_error.h"
#include "conf/conf.h"
#include "env/s3/s3_file_system.h"
#include "env/s3/s3_test_server.h"

namespace sluice {
namespace {

class S3ServerTest : public ::testing::Test {
 protected:
  void SetUp() override {
    const auto variables = TestS3Variables();
    if (!variables) GTEST_SKIP() << "SLUICE_TEST_S3_ENV is not set: no S3 server to test with";
    variables_ = *variables;
    folder_ = variables_["S3_BUCKET"] + "/s3-test-" + std::to_string(::getpid()) + "-" +
              ::testing::UnitTest::GetInstance()->current_test_info()->name();
    fs_ = Make();
  }

  void TearDown() override {
    if (fs_ == nullptr) return;
    std::vector<std::string> paths;
    const auto left = fs_->List(folder_, true);
    for (const FileInfo& info : left.ValueOr({})) paths.push_back(info.path);
    EXPECT_TRUE(fs_->Delete(folder_, paths).ok());
  }

  S3Config Config() {
    Conf conf;
    return S3ConfigFromConf(conf, variables_["S3_BUCKET"], VariablesOf(variables_)).ValueOrDie();
  }
  std::shared_ptr<FileSystem> Make(const std::function<void(S3Config&)>& change = {}) {
    S3Config config = Config();
    if (change) change(config);
    return MakeS3FileSystem(config).ValueOrDie();
  }
  std::string Path(const std::string& name) const { return folder_ + "/" + name; }
  int64_t Count(const std::string& call) { return S3RequestCounts(*fs_)[call]; }
  static std::string Pattern(size_t size, unsigned seed) {
    std::string bytes(size, '\0');
    uint32_t state = seed * 2654435761u + 1;
    for (char& c : bytes) c = static_cast<char>((state = state * 1664525u + 1013904223u) >> 24);
    return bytes;
  }

  std::map<std::string, std::string> variables_;
  std::string folder_;
  std::shared_ptr<FileSystem> fs_;
};

TEST_F(S3ServerTest, CreateAtomicKeepsWhatIsThere) {
  EXPECT_EQ(fs_->CreateAtomic(Path("offsets/0"), "v1\nfirst").ValueOrDie(), CreateOutcome::kCreated);
  EXPECT_EQ(fs_->CreateAtomic(Path("offsets/0"), "v1\nsecond").ValueOrDie(), CreateOutcome::kExists);
  EXPECT_EQ(fs_->ReadFile(Path("offsets/0")).ValueOrDie(), "v1\nfirst");
  EXPECT_EQ(fs_->CreateAtomic(Path("empty"), "").ValueOrDie(), CreateOutcome::kCreated);
  EXPECT_EQ(fs_->ReadFile(Path("empty")).ValueOrDie(), "");
}

TEST_F(S3ServerTest, MissingThings) {
  EXPECT_TRUE(IsNotFound(fs_->ReadFile(Path("no")).status()));
  EXPECT_TRUE(IsNotFound(fs_->Stat(Path("no")).status()));
  EXPECT_TRUE(IsNotFound(fs_->OpenForRead(Path("no")).status()));
  EXPECT_TRUE(fs_->List(Path("no"), true).ValueOrDie().empty());
  EXPECT_TRUE(fs_->Delete(folder_, {Path("no")}).ok());
  EXPECT_TRUE(fs_->Delete(folder_, {Path("no"), Path("no2")}).ok());
  for (const Status& status :
       {fs_->ReadFile("no-such-bucket-here/x").status(), fs_->Stat("no-such-bucket-here/x").status(),
        fs_->CreateAtomic("no-such-bucket-here/x", "1").status(), fs_->List("no-such-bucket-here/x", true).status()}) {
    EXPECT_TRUE(HasErrorClass(status, "SLUICE_S3.NO_SUCH_BUCKET")) << status.ToString();
  }
}

TEST_F(S3ServerTest, NamesThatNeedEncoding) {
  const std::vector<std::string> names = {"date=2024-01-01 10:00/a+b.txt", "p=a%2Fb/x", "\xC3\xA9t\xC3\xA9/~-_.!*'()",
                                          "q=?&#[]@$,;", "a b/\"<>&"};
  for (const std::string& name : names) {
    ASSERT_TRUE(fs_->CreateAtomic(Path(name), name).ok()) << name;
    EXPECT_EQ(fs_->ReadFile(Path(name)).ValueOrDie(), name);
    EXPECT_EQ(fs_->Stat(Path(name)).ValueOrDie().size, static_cast<int64_t>(name.size()));
  }
  std::vector<std::string> expected;
  for (const std::string& name : names) expected.push_back(Path(name));
  std::sort(expected.begin(), expected.end());
  std::vector<std::string> listed;
  for (const FileInfo& info : fs_->List(folder_, true).ValueOrDie()) listed.push_back(info.path);
  EXPECT_EQ(listed, expected);
  EXPECT_TRUE(fs_->Delete(folder_, expected).ok());
  EXPECT_TRUE(fs_->List(folder_, true).ValueOrDie().empty());
}

TEST_F(S3ServerTest, ListsFilesAndFolders) {
  for (const char* name : {"b", "a/1", "a/2", "c/d/e"}) ASSERT_TRUE(fs_->CreateAtomic(Path(name), "x").ok());
  std::vector<std::string> shown;
  for (const FileInfo& info : fs_->List(folder_, false).ValueOrDie()) {
    shown.push_back(info.path.substr(folder_.size()) + (info.is_folder ? "/" : ""));
    EXPECT_EQ(info.version.empty(), info.is_folder);
    EXPECT_EQ(info.modified_ms == 0, info.is_folder);
  }
  EXPECT_EQ(shown, (std::vector<std::string>{"/a/", "/b", "/c/"}));
  EXPECT_EQ(fs_->List(folder_, true).ValueOrDie().size(), 4u);
  EXPECT_TRUE(fs_->Stat(Path("a")).ValueOrDie().is_folder);
  const FileInfo file = fs_->Stat(Path("b")).ValueOrDie();
  EXPECT_EQ(file.size, 1);
  EXPECT_FALSE(file.is_folder);
  EXPECT_EQ(fs_->List(folder_, false).ValueOrDie()[1].version, file.version);
  EXPECT_EQ(fs_->List(folder_, false).ValueOrDie()[1].modified_ms / 1000, file.modified_ms / 1000);
}

TEST_F(S3ServerTest, ManyFilesTakePagesAndBatches) {
  std::vector<std::string> paths;
  for (int i = 0; i < 1100; ++i) paths.push_back(Path("many/" + std::to_string(i)));
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      for (size_t i = static_cast<size_t>(t); i < paths.size(); i += 4)
        EXPECT_TRUE(fs_->CreateAtomic(paths[i], "").ok());
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(fs_->List(Path("many"), true).ValueOrDie().size(), paths.size());
  EXPECT_EQ(Count("ListObjectsV2"), 2);
  EXPECT_TRUE(fs_->Delete(folder_, paths).ok());
  EXPECT_EQ(Count("DeleteObjects"), 2);
  EXPECT_TRUE(fs_->List(Path("many"), true).ValueOrDie().empty());
}

TEST_F(S3ServerTest, SmallPendingFileIsOnePut) {
  auto file = fs_->OpenForWrite(Path("part-0")).ValueOrDie();
  ASSERT_TRUE(file->Write("hello ", 6).ok());
  ASSERT_TRUE(file->Write("world", 5).ok());
  EXPECT_TRUE(IsNotFound(fs_->Stat(Path("part-0")).status()));
  EXPECT_EQ(file->Publish().ValueOrDie(), PublishOutcome::kPublished);
  EXPECT_EQ(Count("PutObject"), 1);
  EXPECT_EQ(fs_->ReadFile(Path("part-0")).ValueOrDie(), "hello world");

  auto same = fs_->OpenForWrite(Path("part-0")).ValueOrDie();
  ASSERT_TRUE(same->Write("hello world", 11).ok());
  EXPECT_EQ(same->Publish().ValueOrDie(), PublishOutcome::kExistsEqual);

  auto other = fs_->OpenForWrite(Path("part-0")).ValueOrDie();
  ASSERT_TRUE(other->Write("HELLO WORLD", 11).ok());
  EXPECT_EQ(other->Publish().ValueOrDie(), PublishOutcome::kExistsOther);
  EXPECT_EQ(fs_->ReadFile(Path("part-0")).ValueOrDie(), "hello world");
  EXPECT_TRUE(other->Replace().ok());
  EXPECT_EQ(fs_->ReadFile(Path("part-0")).ValueOrDie(), "HELLO WORLD");
}

TEST_F(S3ServerTest, ReplaceSeesAThirdWriter) {
  ASSERT_TRUE(fs_->CreateAtomic(Path("f"), "one").ok());
  auto ours = fs_->OpenForWrite(Path("f")).ValueOrDie();
  ASSERT_TRUE(ours->Write("two", 3).ok());
  ASSERT_EQ(ours->Publish().ValueOrDie(), PublishOutcome::kExistsOther);
  auto third = fs_->OpenForWrite(Path("f")).ValueOrDie();
  ASSERT_TRUE(third->Write("three", 5).ok());
  ASSERT_EQ(third->Publish().ValueOrDie(), PublishOutcome::kExistsOther);
  ASSERT_TRUE(third->Replace().ok());
  EXPECT_TRUE(HasErrorClass(ours->Replace(), "SLUICE_S3.CONCURRENT_WRITE"));
  EXPECT_EQ(fs_->ReadFile(Path("f")).ValueOrDie(), "three");
}

TEST_F(S3ServerTest, LargePendingFileIsAnUpload) {
  fs_ = Make([](S3Config& config) {
    config.part_size = 5 << 20;
    config.parts_in_flight = 2;
  });
  const std::string bytes = Pattern((15 << 20) + 12345, 1);
  const auto write = [&](const std::string& content) {
    auto file = fs_->OpenForWrite(Path("big")).ValueOrDie();
    for (size_t at = 0; at < content.size(); at += 700'000) {
      const size_t n = std::min<size_t>(700'000, content.size() - at);
      EXPECT_TRUE(file->Write(content.data() + at, static_cast<int64_t>(n)).ok());
    }
    return file;
  };
  EXPECT_EQ(write(bytes)->Publish().ValueOrDie(), PublishOutcome::kPublished);
  EXPECT_EQ(Count("UploadPart"), 4);
  EXPECT_EQ(fs_->ReadFile(Path("big")).ValueOrDie(), bytes);
  EXPECT_EQ(write(bytes)->Publish().ValueOrDie(), PublishOutcome::kExistsEqual);

  std::string other = bytes;
  other[9'000'000] ^= 1;
  auto file = write(other);
  ASSERT_EQ(file->Publish().ValueOrDie(), PublishOutcome::kExistsOther);
  EXPECT_EQ(fs_->ReadFile(Path("big")).ValueOrDie(), bytes);
  const Status replaced = file->Replace();
  ASSERT_TRUE(replaced.ok()) << replaced.ToString();
  EXPECT_EQ(fs_->ReadFile(Path("big")).ValueOrDie(), other);
}

TEST_F(S3ServerTest, ContentOfOnePartIsOnePut) {
  fs_ = Make([](S3Config& config) { config.part_size = 5 << 20; });
  const std::string bytes = Pattern(5 << 20, 2);
  auto file = fs_->OpenForWrite(Path("exact")).ValueOrDie();
  ASSERT_TRUE(file->Write(bytes.data(), static_cast<int64_t>(bytes.size())).ok());
  EXPECT_EQ(file->Publish().ValueOrDie(), PublishOutcome::kPublished);
  EXPECT_EQ(Count("PutObject"), 1);
  EXPECT_EQ(Count("CreateMultipartUpload"), 0);
}

TEST_F(S3ServerTest, AnUnpublishedFileLeavesNothing) {
  fs_ = Make([](S3Config& config) { config.part_size = 5 << 20; });
  const std::string bytes = Pattern(11 << 20, 3);
  {
    auto file = fs_->OpenForWrite(Path("given-up")).ValueOrDie();
    ASSERT_TRUE(file->Write(bytes.data(), static_cast<int64_t>(bytes.size())).ok());
  }
  EXPECT_EQ(Count("AbortMultipartUpload"), 1);
  EXPECT_TRUE(fs_->List(folder_, true).ValueOrDie().empty());
}

TEST_F(S3ServerTest, RandomReads) {
  const std::string bytes = Pattern(1 << 20, 4);
  ASSERT_TRUE(fs_->CreateAtomic(Path("data"), bytes).ok());
  auto file = fs_->OpenForRead(Path("data")).ValueOrDie();
  EXPECT_EQ(file->GetSize().ValueOrDie(), 1 << 20);
  EXPECT_EQ(Count("GetObject"), 1);
  EXPECT_EQ(file->ReadAt((1 << 20) - 8, 8).ValueOrDie()->ToString(), bytes.substr((1 << 20) - 8));
  EXPECT_EQ(file->ReadAt((1 << 20) - 60000, 50000).ValueOrDie()->ToString(), bytes.substr((1 << 20) - 60000, 50000));
  EXPECT_EQ(Count("GetObject"), 1);
  EXPECT_EQ(file->ReadAt(100, 50).ValueOrDie()->ToString(), bytes.substr(100, 50));
  EXPECT_EQ(file->ReadAt(150, 5000).ValueOrDie()->ToString(), bytes.substr(150, 5000));
  EXPECT_EQ(Count("GetObject"), 2);
  EXPECT_EQ(file->ReadAt(0, 500'000).ValueOrDie()->ToString(), bytes.substr(0, 500'000));
  EXPECT_EQ(Count("GetObject"), 3);
  EXPECT_EQ(file->ReadAt((1 << 20) - 5, 100).ValueOrDie()->size(), 5);
  EXPECT_EQ(file->ReadAt(1 << 21, 100).ValueOrDie()->size(), 0);
  ASSERT_TRUE(file->Seek(1000).ok());
  EXPECT_EQ(file->Read(10).ValueOrDie()->ToString(), bytes.substr(1000, 10));
  EXPECT_EQ(file->Tell().ValueOrDie(), 1010);

  ASSERT_TRUE(fs_->CreateAtomic(Path("nothing"), "").ok());
  EXPECT_EQ(fs_->OpenForRead(Path("nothing")).ValueOrDie()->GetSize().ValueOrDie(), 0);
  ASSERT_TRUE(fs_->CreateAtomic(Path("tiny"), "abc").ok());
  EXPECT_EQ(fs_->OpenForRead(Path("tiny")).ValueOrDie()->ReadAt(0, 10).ValueOrDie()->ToString(), "abc");
}

TEST_F(S3ServerTest, AReplacedObjectIsSeenWhileReading) {
  ASSERT_TRUE(fs_->CreateAtomic(Path("data"), Pattern(300'000, 5)).ok());
  auto file = fs_->OpenForRead(Path("data")).ValueOrDie();
  ASSERT_TRUE(fs_->Delete(folder_, {Path("data")}).ok());
  ASSERT_TRUE(fs_->CreateAtomic(Path("data"), Pattern(300'000, 6)).ok());
  EXPECT_FALSE(file->ReadAt(0, 10).ok());
}

TEST_F(S3ServerTest, ConditionalWritesAreHonoured) {
  ASSERT_TRUE(fs_->CreateAtomic(Path("metadata"), "{}").ok());
  const Status status = CheckConditionalWrites(*fs_, Path("metadata"));
  EXPECT_TRUE(status.ok()) << status.ToString();
}

TEST_F(S3ServerTest, RacesHaveOneWinner) {
  for (int round = 0; round < 5; ++round) {
    std::atomic<int> created{0};
    std::vector<std::thread> threads;
    for (int t = 0; t < 8; ++t) {
      threads.emplace_back([&, t] {
        const auto outcome = fs_->CreateAtomic(Path("race" + std::to_string(round)), "writer " + std::to_string(t));
        ASSERT_TRUE(outcome.ok()) << outcome.status().ToString();
        if (*outcome == CreateOutcome::kCreated) created.fetch_add(1);
      });
    }
    for (std::thread& thread : threads) thread.join();
    EXPECT_EQ(created.load(), 1);
  }
}

TEST_F(S3ServerTest, WrongKeysAreRefusedAtOnceAndStayHidden) {
  const auto expect_denied = [&](const std::function<void(S3Config&)>& change) {
    auto fs = Make([&](S3Config& config) {
      config.variable = nullptr;
      config.access_key = variables_["AWS_ACCESS_KEY_ID"];
      config.secret_key = variables_["AWS_SECRET_ACCESS_KEY"];
      config.session_token = variables_["AWS_SESSION_TOKEN"];
      change(config);
    });
    for (const Status& status : {fs->ReadFile(Path("x")).status(), fs->Stat(Path("x")).status()}) {
      EXPECT_TRUE(HasErrorClass(status, "SLUICE_S3.ACCESS_DENIED")) << status.ToString();
      EXPECT_FALSE(IsRetryable(status));
      EXPECT_EQ(status.message().find(variables_["AWS_SECRET_ACCESS_KEY"]), std::string::npos);
    }
    EXPECT_EQ(S3RequestCounts(*fs)["Retries"], 0);
  };
  expect_denied([](S3Config& config) { config.secret_key = "not-the-secret-key-at-all"; });
  expect_denied([](S3Config& config) { config.access_key = "NOSUCHKEY0000000"; });
  expect_denied([](S3Config& config) {
    config.access_key.clear(), config.secret_key.clear(), config.session_token.clear(),
        config.credential_sources = {S3CredentialSource::kAnonymous};
  });
  if (!variables_["AWS_SESSION_TOKEN"].empty()) {
    expect_denied([](S3Config& config) { config.session_token.clear(); });
    expect_denied([](S3Config& config) { config.session_token += "x"; });
  }
}

TEST_F(S3ServerTest, AWrongRegionIsMended) {
  fs_ = Make([](S3Config& config) { config.region = "eu-central-9"; });
  EXPECT_TRUE(IsNotFound(fs_->Stat(Path("x")).status()));
  const auto created = fs_->CreateAtomic(Path("x"), "1");
  EXPECT_TRUE(created.ok()) << created.status().ToString();
}

}  // namespace
}  // namespace sluice
