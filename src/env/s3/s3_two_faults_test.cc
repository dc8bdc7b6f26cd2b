// SPDX-License-Identifier: Apache-2.0
// Two faults in one call: what an answer means depends on the tries before it. Each ordered pair of passing faults, for
// each call that is retried; then another writer in between.
#include <arrow/buffer.h>
#include <arrow/io/interfaces.h>
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <utility>

#include "base/spark_error.h"
#include "env/s3/s3_file_system.h"
#include "env/s3/scripted_store.h"

namespace sluice::s3 {
namespace {

using Fault = ScriptedStore::Fault;
using Kind = ScriptedStore::Fault::Kind;
using Reply = ScriptedStore::Reply;
using Request = ScriptedStore::Request;

struct Passing {
  const char* name;
  Kind kind;
  int status = 0;
  const char* code = "";
  bool refusal = false;  // certainly not applied
};

constexpr Passing kPassing[] = {
    {"reset before", Kind::kCloseBefore},
    {"reset after", Kind::kApplyAndClose},
    {"500 after", Kind::kApplyAndReply, 500, "InternalError"},
    {"503", Kind::kReply, 503, "SlowDown"},
    {"429", Kind::kReply, 429, "TooManyRequests", true},
    {"409", Kind::kReply, 409, "ConditionalRequestConflict", true},
};

class S3TwoFaults : public ::testing::Test {
 protected:
  void SetUp() override { Restart(); }

  // Runs a case for each ordered pair of faults to requests of a method, each with an object of its own.
  void ForEachPair(const char* method, const std::function<void()>& run) {
    for (const Passing& first : kPassing) {
      for (const Passing& second : kPassing) {
        SCOPED_TRACE(fmt::format("{}, then {}", first.name, second.name));
        store_->SetHandler(nullptr);
        ++number_;
        first_ = &first;
        second_ = &second;
        method_ = method;
        run();
        if (HasFatalFailure()) return;
      }
    }
  }
  void Restart() {
    fs_.reset();
    store_ = std::make_unique<ScriptedStore>();
    S3Config config;
    config.endpoint = store_->endpoint();
    config.region = "us-east-1";
    config.access_key = "AKEXAMPLE";
    config.secret_key = "a-secret-of-a-test";
    config.retry_base_ms = 1;
    config.retry_cap_ms = 2;
    config.max_attempts = 4;
    config.part_size = 5 << 20;
    config.request_timeout_ms = request_timeout_ms_;
    fs_ = MakeS3FileSystem(config).ValueOrDie();
  }
  void AddFaults() {
    for (const Passing* fault : {first_, second_}) {
      store_->Add({fault->kind, ScriptedStore::Error(fault->status, fault->code), method_});
    }
  }
  // An object appears just before the first request of the method that meets no fault.
  void AppearsAfterTheFaults(const std::string& bytes) {
    store_->SetHandler([this, bytes, done = false](const Request& request) mutable -> std::optional<Reply> {
      if (request.method == method_ && !std::exchange(done, true)) store_->SetObject(Key(), bytes);
      return std::nullopt;
    });
  }
  // The object of the case, as the file system and as the store names it.
  std::string Path() const { return fmt::format("b/k{}", number_); }
  std::string Key() const { return "/" + Path(); }
  std::unique_ptr<PendingFile> Written(const std::string& bytes) {
    auto file = fs_->OpenForWrite(Path()).ValueOrDie();
    EXPECT_TRUE(file->Write(bytes.data(), static_cast<int64_t>(bytes.size())).ok());
    return file;
  }

  std::unique_ptr<ScriptedStore> store_;
  std::shared_ptr<FileSystem> fs_;
  const Passing* first_ = nullptr;
  const Passing* second_ = nullptr;
  std::string method_;
  int number_ = 0;
  int request_timeout_ms_ = 30'000;
};

TEST_F(S3TwoFaults, ACreateOfOneWriterIsItsOwn) {
  ForEachPair("PUT", [&] {
    AddFaults();
    const auto created = fs_->CreateAtomic(Path(), "mine");
    ASSERT_TRUE(created.ok()) << created.status();
    EXPECT_EQ(*created, CreateOutcome::kCreated);
    EXPECT_EQ(store_->Object(Key()), "mine");
  });
}

TEST_F(S3TwoFaults, ACreateNeverHidesAnotherWriter) {
  for (const bool at_first : {true, false}) {
    ForEachPair("PUT", [&] {
      // A try of ours that was applied before is the one that stands.
      const auto applied = [](const Passing* fault) {
        return fault->kind == Kind::kApplyAndClose || fault->kind == Kind::kApplyAndReply;
      };
      if (!at_first && (applied(first_) || applied(second_))) return;
      if (at_first) store_->SetObject(Key(), "his!");
      if (!at_first) AppearsAfterTheFaults("his!");
      AddFaults();
      const auto created = fs_->CreateAtomic(Path(), "mine");
      ASSERT_TRUE(created.ok()) << created.status();
      EXPECT_EQ(*created, CreateOutcome::kExists);
      EXPECT_EQ(store_->Object(Key()), "his!");
    });
  }
}

// Equal bytes are ours only where a try of ours may have been applied.
TEST_F(S3TwoFaults, EqualBytesAfterRefusalsAloneAreAnotherWriters) {
  ForEachPair("PUT", [&] {
    if (!first_->refusal || !second_->refusal) return;
    AddFaults();
    AppearsAfterTheFaults("mine");
    EXPECT_EQ(fs_->CreateAtomic(Path(), "mine").ValueOrDie(), CreateOutcome::kExists);
  });
}

TEST_F(S3TwoFaults, ATryThatTimedOutMayComeThroughLater) {
  request_timeout_ms_ = 500;  // long enough for a loaded machine to answer
  method_ = "PUT";
  Restart();
  store_->Add({Kind::kStall, {}, "PUT"});
  AppearsAfterTheFaults("mine");  // it is the first try's
  EXPECT_EQ(fs_->CreateAtomic(Path(), "mine").ValueOrDie(), CreateOutcome::kCreated);
  Restart();
  store_->Add({Kind::kStall, {}, "PUT"});
  store_->AddReply(429, "TooManyRequests", "PUT");
  AppearsAfterTheFaults("mine");
  EXPECT_EQ(fs_->CreateAtomic(Path(), "mine").ValueOrDie(), CreateOutcome::kCreated);
  Restart();
  store_->Add({Kind::kStall, {}, "PUT"});
  AppearsAfterTheFaults("his!");
  EXPECT_EQ(fs_->CreateAtomic(Path(), "mine").ValueOrDie(), CreateOutcome::kExists);
}

// The reply of a create is lost, and what was written is read back through two faults more.
TEST_F(S3TwoFaults, ReadingBackIsRetriedToo) {
  for (const char* method : {"HEAD", "GET"}) {
    ForEachPair(method, [&] {
      store_->Add({Kind::kApplyAndClose, {}, "PUT"});
      AddFaults();
      const auto created = fs_->CreateAtomic(Path(), "mine");
      ASSERT_TRUE(created.ok()) << created.status();
      EXPECT_EQ(*created, CreateOutcome::kCreated);
    });
  }
}

TEST_F(S3TwoFaults, ReadsGiveTheSameBytes) {
  const std::string bytes(100'000, 'q');
  ForEachPair("GET", [&] {
    store_->SetObject(Key(), bytes);
    AddFaults();
    EXPECT_EQ(fs_->ReadFile(Path()).ValueOrDie(), bytes);
    auto file = fs_->OpenForRead(Path()).ValueOrDie();
    AddFaults();
    EXPECT_EQ(file->ReadAt(10, 50'000).ValueOrDie()->ToString(), bytes.substr(10, 50'000));
    store_->Add({Kind::kCutBody, {}, "GET"});
    store_->AddReply(503, "SlowDown", "GET");
    EXPECT_EQ(fs_->ReadFile(Path()).ValueOrDie(), bytes);
  });
}

TEST_F(S3TwoFaults, AFileIsPublishedOnce) {
  const std::string small = "a small file", large((5 << 20) + 7, 'x');
  for (const std::string& bytes : {small, large}) {
    for (const char* method : bytes == small ? std::vector{"PUT"} : std::vector{"PUT", "POST"}) {
      SCOPED_TRACE(fmt::format("{} bytes, {}", bytes.size(), method));
      ForEachPair(method, [&] {
        const auto file = Written(bytes);
        AddFaults();
        const auto outcome = file->Publish();
        ASSERT_TRUE(outcome.ok()) << outcome.status();
        EXPECT_EQ(*outcome, PublishOutcome::kPublished);
        EXPECT_TRUE(store_->Object(Key()) == bytes);
        EXPECT_EQ(store_->open_uploads(), 0u);
      });
    }
  }
}

// What is there already with equal bytes needs no upload: the one that was begun is taken away.
TEST_F(S3TwoFaults, AnEqualLargeFileLeavesNoUpload) {
  const std::string bytes((5 << 20) + 7, 'x');
  const auto file = Written(bytes);
  store_->SetObject(Key(), bytes);
  EXPECT_EQ(file->Publish().ValueOrDie(), PublishOutcome::kExistsEqual);
  EXPECT_EQ(store_->open_uploads(), 0u);
}

TEST_F(S3TwoFaults, APublishedFileOfAnotherWriterStays) {
  const std::string small = "a small file", large((5 << 20) + 7, 'x');
  for (const std::string& bytes : {small, large}) {
    const char* const method = bytes == small ? "PUT" : "POST";
    ForEachPair(method, [&] {
      const auto file = Written(bytes);
      store_->SetObject(Key(), "his");
      AddFaults();
      const auto outcome = file->Publish();
      ASSERT_TRUE(outcome.ok()) << outcome.status();
      EXPECT_EQ(*outcome, PublishOutcome::kExistsOther);
      EXPECT_EQ(store_->Object(Key()), "his");
    });
  }
}

TEST_F(S3TwoFaults, AReplacementTakesEffectOnceAndOnlyOverWhatWasSeen) {
  for (const bool changed : {false, true}) {
    ForEachPair("PUT", [&] {
      store_->SetObject(Key(), "an earlier attempt");
      const auto file = Written("the new one");
      ASSERT_EQ(file->Publish().ValueOrDie(), PublishOutcome::kExistsOther);
      if (changed) store_->SetObject(Key(), "another process");
      AddFaults();
      const Status replaced = file->Replace();
      if (changed) {
        EXPECT_TRUE(HasErrorClass(replaced, "SLUICE_S3.CONCURRENT_WRITE")) << replaced;
        EXPECT_EQ(store_->Object(Key()), "another process");
      } else {
        EXPECT_TRUE(replaced.ok()) << replaced;
        EXPECT_EQ(store_->Object(Key()), "the new one");
      }
    });
  }
}

TEST_F(S3TwoFaults, DeletingIsRetried) {
  ForEachPair("DELETE", [&] {
    store_->SetObject(Key(), "x");
    AddFaults();
    EXPECT_TRUE(fs_->Delete("b", {Path()}).ok());
    EXPECT_FALSE(store_->Object(Key()).has_value());
  });
}

// More faults than tries is an error that may be tried again, and the object is nobody's or ours, whole.
TEST_F(S3TwoFaults, AsManyFaultsAsTriesFailByName) {
  ForEachPair("PUT", [&] {
    AddFaults();
    AddFaults();
    const Status status = fs_->CreateAtomic(Path(), "mine").status();
    EXPECT_TRUE(status.ok() || IsRetryable(status)) << status;
    const auto object = store_->Object(Key());
    EXPECT_TRUE(!object || *object == "mine");
  });
}

}  // namespace
}  // namespace sluice::s3
