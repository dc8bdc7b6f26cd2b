// SPDX-License-Identifier: Apache-2.0
#include "python/worker_task.h"

#include <arrow/api.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "base/spark_error.h"
#include "conf/conf.h"
#include "env/env.h"
#include "python/pickled_call.h"
#include "python/task_message.h"

namespace sluice {
namespace {

constexpr char kPython[] = SLUICE_SOURCE_DIR "/.venv/bin/python";

// Pickled by hand: a function of a module, and the type of its result.
std::string Pickled(const std::string& module, const std::string& function, const std::string& type) {
  return "\x80\x03"
         "c" +
         module + "\n" + function + "\ncpyspark.sql.types\n" + type + "\n)R\x86.";
}

class PythonTaskTest : public testing::Test {
 protected:
  void SetUp() override {
    if (::access(kPython, X_OK) != 0) GTEST_SKIP() << "no .venv: tools/deps.sh build";
    Conf conf;
    ASSERT_TRUE(conf.Set("spark.pyspark.python", kPython).ok());
    ASSERT_TRUE(conf.Set("spark.executorEnv.SEEN", "yes").ok());
    workers_ = std::make_shared<PythonWorkers>(PythonSettings::Of(conf, MakeRealEnv().get()).ValueOrDie());
  }

  PythonTaskSpec TaskOf(const std::string& command, PythonEval eval = PythonEval::kArrowBatched) {
    auto function = std::make_shared<PythonFunction>();
    function->name = "f";
    function->eval = eval;
    function->command = command;
    function->python_version = workers_->Take().ValueOrDie()->versions().python;
    function->workers = workers_;
    PythonTaskSpec spec;
    spec.workers = workers_;
    PythonCall call;
    call.functions = {function};
    call.arguments = {{0, ""}};
    spec.calls = {call};
    spec.input_type = R"({"type":"struct","fields":[{"name":"_0","type":"long","nullable":true,"metadata":{}}]})";
    spec.conf["spark.sql.session.timeZone"] = "UTC";
    return spec;
  }

  static std::shared_ptr<arrow::RecordBatch> Longs(const std::vector<int64_t>& values) {
    arrow::Int64Builder builder;
    EXPECT_TRUE(builder.AppendValues(values).ok());
    return arrow::RecordBatch::Make(arrow::schema({arrow::field("_0", arrow::int64())}),
                                    static_cast<int64_t>(values.size()), {builder.Finish().ValueOrDie()});
  }

  std::shared_ptr<PythonWorkers> workers_;
};

TEST_F(PythonTaskTest, RowsGoInAndComeOut) {
  auto task = PythonTask::Start(TaskOf(Pickled("builtins", "abs", "LongType"))).ValueOrDie();
  for (const int64_t base : {0, 10}) {
    ASSERT_TRUE(task->Send(*Longs({-1 - base, 2 + base})).ok());
    const auto answer = task->Wait(/*or_input=*/false);
    ASSERT_TRUE(answer.ok()) << answer.status().ToString();
    ASSERT_EQ(answer->progress, PythonTask::Progress::kRows);
    EXPECT_TRUE(answer->rows->column(0)->Equals(*Longs({1 + base, 2 + base})->column(0)));
  }
  ASSERT_TRUE(task->EndInput().ok());
  EXPECT_EQ(task->Wait(false).ValueOrDie().progress, PythonTask::Progress::kEnded);
}

TEST_F(PythonTaskTest, AnExceptionIsTheErrorAndTheNextTaskGoesOn) {
  auto task = PythonTask::Start(TaskOf(Pickled("math", "sqrt", "DoubleType"))).ValueOrDie();
  ASSERT_TRUE(task->Send(*Longs({-1})).ok());
  const auto answer = task->Wait(false);
  ASSERT_TRUE(HasErrorClass(answer.status(), "PYTHON_EXCEPTION")) << answer.status().ToString();
  EXPECT_NE(answer.status().message().find("ValueError"), std::string::npos);
  auto next = PythonTask::Start(TaskOf(Pickled("math", "sqrt", "DoubleType"))).ValueOrDie();
  ASSERT_TRUE(next->Send(*Longs({4})).ok());
  EXPECT_EQ(next->Wait(false).ValueOrDie().rows->num_rows(), 1);
}

TEST_F(PythonTaskTest, AWorkerThatEndsIsAnError) {
  auto task = PythonTask::Start(TaskOf(Pickled("os", "_exit", "LongType"))).ValueOrDie();
  ASSERT_TRUE(task->Send(*Longs({7})).ok());
  const Status status = task->Wait(false).status();
  EXPECT_TRUE(HasErrorClass(status, "SLUICE_PYTHON_WORKER")) << status.ToString();
  EXPECT_NE(status.message().find("exited unexpectedly"), std::string::npos);
}

TEST_F(PythonTaskTest, ACancelledTaskDoesNotWait) {
  std::atomic<bool> cancelled{false};
  PythonTaskSpec spec = TaskOf(Pickled("time", "sleep", "LongType"));
  spec.cancelled = &cancelled;
  auto task = PythonTask::Start(spec).ValueOrDie();
  ASSERT_TRUE(task->Send(*Longs({600})).ok());
  cancelled = true;
  EXPECT_TRUE(HasErrorClass(task->Wait(false).status(), "OPERATION_CANCELED"));
}

TEST_F(PythonTaskTest, WorkersSeeWhatTheyAreGiven) {
  ::setenv("SLUICE_TEST_SECRET", "hidden", 1);
  for (const auto& [name, there] : {std::pair("SEEN", true), std::pair("SLUICE_TEST_SECRET", false)}) {
    bool found = false;
    for (const std::string& variable : workers_->settings().environment) found |= variable.starts_with(name);
    EXPECT_EQ(found, there) << name;
  }
}

TEST(PythonTaskMessage, HasTheFormOfEachVersion) {
  PythonTaskSpec spec;
  auto function = std::make_shared<PythonFunction>();
  function->command = "CMD";
  function->python_version = "3.11";
  PythonCall call;
  call.functions = {function};
  call.arguments = {{1, "k"}};
  spec.calls = {call};
  const std::string end_of_4_2 =
      std::string("\0\0\0\1\0\0\0\1\0\0\0\1\1\0\0\0\1k\0\0\0\1\0\0\0\3CMD", 29) + std::string(8, '\0');
  const std::string of_4_2 = TaskMessage(spec, {"3.11", "4.2.0", 2});
  EXPECT_TRUE(of_4_2.ends_with(end_of_4_2));
  EXPECT_NE(of_4_2.find("\"isBarrier\":false"), std::string::npos);
  const std::string of_4_1 = TaskMessage(spec, {"3.11", "4.1.0", 1});
  EXPECT_TRUE(of_4_1.ends_with("CMD"));
  // 4.0 has an int and a text more, and 4.1 the type of the input.
  EXPECT_EQ(TaskMessage(spec, {"3.11", "4.0.1", 0}).size(), of_4_1.size() + 8 - 4);
}

}  // namespace
}  // namespace sluice
