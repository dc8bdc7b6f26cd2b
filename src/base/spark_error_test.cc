// SPDX-License-Identifier: Apache-2.0
#include "base/spark_error.h"

#include <gtest/gtest.h>

namespace sluice {
namespace {

TEST(SparkError, TextHasClassContextStateAndPlace) {
  Status status = UserError("CAST_INVALID_INPUT", "'x' is no INT.", {{"expression", "'x'"}});
  status =
      WithPlace(WithContext(status, "topic t, partition 1, offset 42"), TextPlace{"q.sql", 3, 7, "CAST(a AS INT)"});
  EXPECT_EQ(
      status.message(),
      "[CAST_INVALID_INPUT] 'x' is no INT. (topic t, partition 1, offset 42) SQLSTATE: 22018 (q.sql, line 3, pos 7)");
  EXPECT_TRUE(HasErrorClass(status, "CAST_INVALID_INPUT"));
  EXPECT_EQ(FindSparkError(status)->parameters.at("expression"), "'x'");
}

TEST(SparkError, TheFirstPlaceAndContextStay) {
  const Status status = WithContext(WithContext(UserError("DIVIDE_BY_ZERO", "m"), "inner"), "outer");
  EXPECT_EQ(FindSparkError(status)->context, "inner");
  const Status placed = WithPlace(WithPlace(status, TextPlace{"a.sql", 3, 7, ""}), TextPlace{"a.sql", 1, 1, ""});
  EXPECT_EQ(FindSparkError(placed)->place->line, 3);
}

TEST(SparkError, ASubclassHasTheStateOfItsClass) {
  EXPECT_EQ(SqlStateOf("KAFKA_DATA_LOSS.PARTITIONS_DELETED"), "22000");
  EXPECT_EQ(SqlStateOf("SLUICE_NO_SUCH_CLASS"), "");
}

TEST(SparkError, KindsAreTold) {
  EXPECT_EQ(FindSparkError(UserError("A", "m"))->kind, ErrorKind::kUser);
  EXPECT_EQ(FindSparkError(InternalError("m"))->kind, ErrorKind::kBug);
  const Status retryable = EnvironmentError("A", "m", true);
  EXPECT_TRUE(IsRetryable(retryable));
  EXPECT_TRUE(retryable.IsIOError());
  EXPECT_FALSE(IsRetryable(EnvironmentError("A", "m")));
}

TEST(SparkError, OtherErrorsPassUnchanged) {
  const Status plain = Status::Invalid("plain");
  EXPECT_EQ(FindSparkError(plain), nullptr);
  EXPECT_EQ(WithContext(plain, "c").message(), "plain");
}

}  // namespace
}  // namespace sluice
