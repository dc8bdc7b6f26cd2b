// SPDX-License-Identifier: Apache-2.0
#include "connectors/file/file_publisher.h"

#include <gtest/gtest.h>

#include <atomic>
#include <latch>
#include <thread>

#include "base/spark_error.h"

namespace sluice {
namespace {

FilePublisher::Publish Named(const std::string& path) {
  return [path] {
    PublishedFile file;
    file.path = path;
    return Result<PublishedFile>(file);
  };
}

FilePublisher::Publish Failing(const std::string& why) {
  return [why] { return Result<PublishedFile>(EnvironmentError("SLUICE_IO", why)); };
}

TEST(FilePublisher, FilesAreUnderWayTogetherAndNamedInOrder) {
  FilePublisher publisher(true);
  std::latch all(3);  // none ends before all have begun
  for (const char* path : {"a", "b", "c"}) {
    publisher.Start([&all, path] {
      all.arrive_and_wait();
      return Named(path)();
    });
  }
  EXPECT_EQ(publisher.under_way(), 3u);
  ASSERT_TRUE(publisher.Await(1).ok());
  EXPECT_EQ(publisher.under_way(), 1u);
  ASSERT_TRUE(publisher.Await(0).ok());
  const std::vector<PublishedFile> files = publisher.TakeFiles();
  ASSERT_EQ(files.size(), 3u);
  EXPECT_EQ(files[0].path + files[1].path + files[2].path, "abc");
}

TEST(FilePublisher, TheFirstFailureIsToldOnceAllHaveEnded) {
  FilePublisher publisher(true);
  std::latch last(1);
  std::atomic<bool> ended{false};
  publisher.Start(Failing("first"));
  publisher.Start(Failing("second"));
  publisher.Start([&] {
    last.wait();
    ended = true;
    return Named("c")();
  });
  std::thread release([&] { last.count_down(); });
  const Status status = publisher.Await(2);
  release.join();
  EXPECT_TRUE(HasErrorClass(status, "SLUICE_IO"));
  EXPECT_NE(status.message().find("first"), std::string::npos) << status;
  EXPECT_TRUE(ended);
  EXPECT_EQ(publisher.under_way(), 0u);
}

TEST(FilePublisher, ItsEndWaitsForWhatWasStarted) {
  std::atomic<bool> ended{false};
  {
    FilePublisher publisher(true);
    publisher.Start([&] {
      std::this_thread::yield();
      ended = true;
      return Named("a")();
    });
  }
  EXPECT_TRUE(ended);
}

TEST(FilePublisher, OneByOneIsOnTheCallersThread) {
  FilePublisher publisher(false);
  std::thread::id by;
  publisher.Start([&] {
    by = std::this_thread::get_id();
    return Named("a")();
  });
  EXPECT_EQ(by, std::this_thread::get_id());
  EXPECT_TRUE(publisher.Await(0).ok());
}

}  // namespace
}  // namespace sluice
