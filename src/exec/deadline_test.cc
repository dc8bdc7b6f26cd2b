// SPDX-License-Identifier: Apache-2.0
#include "exec/deadline.h"

#include <gtest/gtest.h>

#include <atomic>
#include <functional>
#include <utility>

#include "base/spark_error.h"
#include "exec/scripted_rows.h"

namespace sluice {
namespace {

using std::chrono::milliseconds;

const std::shared_ptr<arrow::Schema>& Numbers() {
  static const auto schema = arrow::schema({arrow::field("n", arrow::int64())});
  return schema;
}

// Gives no rows until it is cancelled, as a sort that reads without end.
class Endless : public Operator {
 public:
  const std::shared_ptr<arrow::Schema>& schema() const override { return Numbers(); }
  Result<std::shared_ptr<arrow::RecordBatch>> Next() override {
    while (!cancelled_) std::this_thread::sleep_for(milliseconds(1));
    return EnvironmentError("OPERATION_CANCELED", "cancelled");
  }
  void Cancel() override { cancelled_ = true; }

 private:
  std::atomic<bool> cancelled_{false};
};

class OneSlice : public Operator {
 public:
  const std::shared_ptr<arrow::Schema>& schema() const override { return Numbers(); }
  Result<std::shared_ptr<arrow::RecordBatch>> Next() override { return std::exchange(slice_, nullptr); }

 private:
  std::shared_ptr<arrow::RecordBatch> slice_ = scripted::Rows(Numbers(), R"([{"n": 1}, {"n": 2}])");
};

TEST(Deadline, EndsWhatGivesNoRows) {
  DeadlineOperator rows(std::make_unique<Endless>(), milliseconds(20));
  const auto slice = rows.Next();
  ASSERT_TRUE(HasErrorClass(slice.status(), "SLUICE_QUERY_TIMEOUT")) << slice.status();
  EXPECT_NE(slice.status().message().find("20 ms"), std::string::npos);
}

TEST(Deadline, IsFromWhenTheQueryBegan) {
  DeadlineOperator rows(std::make_unique<OneSlice>(), milliseconds(20));
  std::this_thread::sleep_for(milliseconds(200));
  EXPECT_TRUE(HasErrorClass(rows.Next().status(), "SLUICE_QUERY_TIMEOUT"));
}

TEST(Deadline, InTimeRowsAndErrorsPass) {
  DeadlineOperator rows(std::make_unique<OneSlice>(), std::chrono::hours(1));
  EXPECT_EQ(rows.Next().ValueOrDie()->num_rows(), 2);
  DeadlineOperator cancelled(std::make_unique<Endless>(), std::chrono::hours(1));
  cancelled.Cancel();
  EXPECT_TRUE(HasErrorClass(cancelled.Next().status(), "OPERATION_CANCELED"));
}

}  // namespace
}  // namespace sluice
