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

using scripted::Ints;
using scripted::ToBatch;
using std::chrono::milliseconds;

// Gives no rows until it is cancelled, as a sort that reads without end.
class Endless : public Operator {
 public:
  explicit Endless(std::shared_ptr<arrow::Schema> schema) : schema_(std::move(schema)) {}
  const std::shared_ptr<arrow::Schema>& schema() const override { return schema_; }
  Result<std::shared_ptr<arrow::RecordBatch>> Next() override {
    while (!cancelled_) std::this_thread::sleep_for(milliseconds(1));
    return EnvironmentError("OPERATION_CANCELED", "cancelled");
  }
  void Cancel() override { cancelled_ = true; }

 private:
  std::shared_ptr<arrow::Schema> schema_;
  std::atomic<bool> cancelled_{false};
};

class OneSlice : public Operator {
 public:
  const std::shared_ptr<arrow::Schema>& schema() const override { return slice_->schema(); }
  Result<std::shared_ptr<arrow::RecordBatch>> Next() override { return std::exchange(slice_, nullptr); }

 private:
  std::shared_ptr<arrow::RecordBatch> slice_ = ToBatch({{1}, {2}}, 0, 2, 1);
};

TEST(Deadline, EndsWhatGivesNoRows) {
  DeadlineOperator rows(std::make_unique<Endless>(Ints(1)), milliseconds(20));
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
  DeadlineOperator cancelled(std::make_unique<Endless>(Ints(1)), std::chrono::hours(1));
  cancelled.Cancel();
  EXPECT_TRUE(HasErrorClass(cancelled.Next().status(), "OPERATION_CANCELED"));
}

}  // namespace
}  // namespace sluice
