// SPDX-License-Identifier: Apache-2.0
#include "channel/remote_channel.h"

#include <arrow/api.h>
#include <gmock/gmock.h>
#include <google/rpc/error_details.pb.h>
#include <google/rpc/status.pb.h>
#include <gtest/gtest.h>

#include <deque>

#include "base/spark_error.h"
#include "env/env.h"
#include "exec/operator.h"
#include "service/result_batches.h"

namespace sluice {
namespace {

namespace sc = spark::connect;
using testing::ElementsAre;
using testing::HasSubstr;

// One call as the server is to answer it.
struct Scripted {
  std::string method;
  std::vector<std::string> responses;
  CallEnd end;
};

struct Script {
  std::deque<Scripted> calls;
  std::vector<std::string> seen;  // "Method argument"
  std::vector<int64_t> sleeps;
  std::vector<std::string> operations;  // ids of the executions
};

class ScriptedStream : public ResponseStream {
 public:
  explicit ScriptedStream(Scripted call) : call_(std::move(call)) {}
  bool Read(std::string* response) override {
    if (next_ == call_.responses.size()) return false;
    *response = call_.responses[next_++];
    return true;
  }
  CallEnd Finish() override { return call_.end; }
  void Cancel() override {}

 private:
  const Scripted call_;
  size_t next_ = 0;
};

class ScriptedTransport : public Transport {
 public:
  explicit ScriptedTransport(Script* script) : script_(script) {}

  CallEnd Call(const std::string& method, const std::string& request, std::string* response) override {
    // Releases come from destructors, and are always the same.
    if (method == "ReleaseExecute") {
      script_->seen.push_back(method);
      return {};
    }
    const Scripted call = Take(method, request);
    if (!call.responses.empty()) *response = call.responses[0];
    return call.end;
  }
  std::unique_ptr<ResponseStream> Stream(const std::string& method, const std::string& request) override {
    return std::make_unique<ScriptedStream>(Take(method, request));
  }

 private:
  Scripted Take(const std::string& method, const std::string& request) {
    std::string argument;
    if (method == "ExecutePlan") {
      sc::ExecutePlanRequest read;
      EXPECT_TRUE(read.ParseFromString(request));
      EXPECT_EQ(read.session_id(), "00112233-4455-6677-8899-aabbccddeeff");
      EXPECT_EQ(read.user_context().user_id(), "ann");
      EXPECT_TRUE(read.request_options(0).reattach_options().reattachable());
      script_->operations.push_back(read.operation_id());
    } else if (method == "ReattachExecute") {
      sc::ReattachExecuteRequest read;
      EXPECT_TRUE(read.ParseFromString(request));
      EXPECT_EQ(read.operation_id(), script_->operations.back());
      argument = " behind " + read.last_response_id();
    } else if (method == "Config") {
      sc::ConfigRequest read;
      EXPECT_TRUE(read.ParseFromString(request));
      argument = " observed " + read.client_observed_server_side_session_id();
    } else if (method == "FetchErrorDetails") {
      sc::FetchErrorDetailsRequest read;
      EXPECT_TRUE(read.ParseFromString(request));
      argument = " " + read.error_id();
    }
    script_->seen.push_back(method + argument);
    if (script_->calls.empty() || script_->calls.front().method != method) {
      ADD_FAILURE() << "not expected: " << method << argument;
      return {method, {}, {2, "not in the script", ""}};
    }
    Scripted call = std::move(script_->calls.front());
    script_->calls.pop_front();
    return call;
  }

  Script* const script_;
};

std::shared_ptr<Channel> ChannelOf(Script* script, const std::string& more = "") {
  RetryPolicy retry;
  retry.sleep_ms = [script](int64_t ms) { script->sleeps.push_back(ms); };
  const std::string url = "sc://h/;user_id=ann;session_id=00112233-4455-6677-8899-aabbccddeeff" + more;
  const TransportOpener open = [script](const TransportTarget&) -> Result<std::unique_ptr<Transport>> {
    return std::make_unique<ScriptedTransport>(script);
  };
  return *RemoteChannel(url, MakeRealEnv(), open, retry);
}

sc::ExecutePlanResponse Response(const std::string& id) {
  sc::ExecutePlanResponse response;
  response.set_response_id(id);
  response.set_server_side_session_id("server-1");
  return response;
}

std::string Answer(const std::string& id, const std::string& query) {
  auto response = Response(id);
  response.mutable_write_stream_operation_start_result()->set_name(query);
  return response.SerializeAsString();
}

std::string Complete(const std::string& id) {
  auto response = Response(id);
  response.mutable_result_complete();
  return response.SerializeAsString();
}

std::string Progress(const std::string& id) {
  auto response = Response(id);
  response.mutable_execution_progress();
  return response.SerializeAsString();
}

sc::ExecutePlanRequest SomeCommand() {
  sc::ExecutePlanRequest request;
  request.mutable_plan()->mutable_command()->mutable_streaming_query_command()->set_stop(true);
  return request;
}

sc::ExecutePlanRequest SomeQuery() {
  sc::ExecutePlanRequest request;
  request.mutable_plan()->mutable_root()->mutable_range()->set_end(3);
  return request;
}

std::string Settings(const std::string& server) {
  sc::ConfigResponse response;
  response.set_server_side_session_id(server);
  return response.SerializeAsString();
}

CallEnd Unavailable() {
  return {CallEnd::kUnavailable, "connection refused", ""};
}

TEST(RemoteChannel, TakesAStreamUpAgainBehindTheLastResponse) {
  Script script;
  script.calls = {{"ExecutePlan", {Progress("r1"), Answer("r2", "first")}, {}},
                  {"ReattachExecute", {Progress("r3")}, Unavailable()},
                  {"ReattachExecute", {Answer("r4", "second"), Complete("r5")}, {}}};
  const auto done = ChannelOf(&script)->ExecutePlan(SomeCommand());
  ASSERT_TRUE(done.ok()) << done.status();
  ASSERT_EQ(done->messages.size(), 2u);
  EXPECT_EQ(done->messages[1].write_stream_operation_start_result().name(), "second");
  EXPECT_THAT(script.seen,
              ElementsAre("ExecutePlan", "ReattachExecute behind r2", "ReattachExecute behind r3", "ReleaseExecute"));
  EXPECT_THAT(script.sleeps, ElementsAre(50));
}

TEST(RemoteChannel, SendsAnOperationAgainThatNeverArrived) {
  Script script;
  const CallEnd unknown{CallEnd::kInternal, "[INVALID_HANDLE.OPERATION_NOT_FOUND] The handle is invalid.", ""};
  script.calls = {{"ExecutePlan", {}, Unavailable()},
                  {"ReattachExecute", {}, unknown},
                  {"ExecutePlan", {Answer("r1", "only"), Complete("r2")}, {}}};
  const auto done = ChannelOf(&script)->ExecutePlan(SomeCommand());
  ASSERT_TRUE(done.ok()) << done.status();
  EXPECT_EQ(done->messages.size(), 1u);
  ASSERT_EQ(script.operations.size(), 2u);
  EXPECT_NE(script.operations[0], script.operations[1]);
}

// Once a response came, an operation that is gone must not run twice.
TEST(RemoteChannel, SendsNothingTwiceThatWasAnswered) {
  Script script;
  const CallEnd unknown{CallEnd::kInternal, "[INVALID_HANDLE.OPERATION_NOT_FOUND] The handle is invalid.", ""};
  script.calls = {{"ExecutePlan", {Answer("r1", "only")}, Unavailable()}, {"ReattachExecute", {}, unknown}};
  EXPECT_FALSE(ChannelOf(&script)->ExecutePlan(SomeCommand()).ok());
  EXPECT_EQ(script.operations.size(), 1u);
}

TEST(RemoteChannel, GivesUpSoonWhereNoServerEverAnswered) {
  Script script;
  for (int i = 0; i < 6; ++i) script.calls.push_back({"Config", {}, Unavailable()});
  const auto channel = ChannelOf(&script);
  const Status status = channel->Config({}).status();
  EXPECT_TRUE(HasErrorClass(status, "SLUICE_REMOTE.UNAVAILABLE")) << status;
  EXPECT_TRUE(IsRetryable(status));
  EXPECT_THAT(FindSparkError(status)->ToString(), HasSubstr("h:15002"));
  EXPECT_THAT(script.sleeps, ElementsAre(50, 200, 800, 3200, 750)) << "five seconds in all";
}

TEST(RemoteChannel, IsPatientWithAServerThatDidAnswer) {
  Script script;
  script.calls = {{"Config", {Settings("server-1")}, {}}};
  for (int i = 0; i < 10; ++i) script.calls.push_back({"Config", {}, Unavailable()});
  script.calls.push_back({"Config", {Settings("server-1")}, {}});
  const auto channel = ChannelOf(&script);
  ASSERT_TRUE(channel->Config({}).ok());
  EXPECT_TRUE(channel->Config({}).ok());
  EXPECT_EQ(script.sleeps.size(), 10u);
  EXPECT_EQ(script.sleeps.back(), 10'000);
}

TEST(RemoteChannel, SeesThatTheServerBeganTheSessionAnew) {
  Script script;
  script.calls = {{"Config", {Settings("server-1")}, {}}, {"Config", {Settings("server-2")}, {}}};
  const auto channel = ChannelOf(&script);
  ASSERT_TRUE(channel->Config({}).ok());
  EXPECT_TRUE(HasErrorClass(channel->Config({}).status(), "INVALID_HANDLE.SESSION_CHANGED"));
  EXPECT_THAT(script.seen, ElementsAre("Config observed ", "Config observed server-1"));
}

CallEnd Refusal(const std::string& error_id) {
  google::rpc::ErrorInfo info;
  info.set_reason("org.apache.spark.sql.AnalysisException");
  auto& metadata = *info.mutable_metadata();
  metadata["errorClass"] = "TABLE_OR_VIEW_NOT_FOUND";
  metadata["sqlState"] = "42P01";
  metadata["messageParameters"] = R"({"relationName":"`nope`"})";
  metadata["errorId"] = error_id;
  google::rpc::Status status;
  status.add_details()->PackFrom(info);
  return {CallEnd::kInternal, "[TABLE_OR_VIEW_NOT_FOUND] cut ...", status.SerializeAsString()};
}

TEST(RemoteChannel, GivesErrorsAsTheServerWroteThem) {
  sc::FetchErrorDetailsResponse details;
  details.set_root_error_idx(0);
  details.add_errors()->set_message("[TABLE_OR_VIEW_NOT_FOUND] The table `nope` .. SQLSTATE: 42P01; line 1 pos 14");
  details.mutable_errors(0)->mutable_spark_throwable()->set_error_class("TABLE_OR_VIEW_NOT_FOUND");
  Script script;
  script.calls = {{"ExecutePlan", {}, Refusal("e1")}, {"FetchErrorDetails", {details.SerializeAsString()}, {}}};
  const Status status = ChannelOf(&script)->ExecutePlan(SomeQuery()).status();
  const SparkErrorDetail* detail = FindSparkError(status);
  ASSERT_NE(detail, nullptr) << status;
  EXPECT_EQ(detail->error_class, "TABLE_OR_VIEW_NOT_FOUND");
  EXPECT_EQ(detail->sqlstate, "42P01");
  EXPECT_EQ(detail->parameters.at("relationName"), "`nope`");
  EXPECT_EQ(detail->ToString(), details.errors(0).message());
  EXPECT_THAT(script.seen, ElementsAre("ExecutePlan", "FetchErrorDetails e1", "ReleaseExecute"));
}

TEST(RemoteChannel, KeepsWhatCameWithTheCallWhenTheServerKeptNothing) {
  Script script;
  script.calls = {{"Config", {}, Refusal("e1")}, {"FetchErrorDetails", {}, Unavailable()}};
  const Status status = ChannelOf(&script)->Config({}).status();
  EXPECT_TRUE(HasErrorClass(status, "TABLE_OR_VIEW_NOT_FOUND"));
  EXPECT_EQ(FindSparkError(status)->ToString(), "[TABLE_OR_VIEW_NOT_FOUND] cut ...");
}

// Rows as a server sends them.
std::vector<std::string> Sent(const std::shared_ptr<arrow::RecordBatch>& rows) {
  std::vector<std::string> responses;
  ResultBatches batches(rows->schema(), "Asia/Tokyo", {.rows = 2}, [&](sc::ExecutePlanResponse response) {
    response.set_response_id("r" + std::to_string(responses.size()));
    responses.push_back(response.SerializeAsString());
    return Status::OK();
  });
  EXPECT_TRUE(batches.Add(rows).ok());
  EXPECT_TRUE(batches.Finish().ok());
  return responses;
}

std::shared_ptr<arrow::RecordBatch> SomeRows(int64_t count) {
  arrow::StringViewBuilder texts;
  arrow::TimestampBuilder times(arrow::timestamp(arrow::TimeUnit::MICRO, "UTC"), arrow::default_memory_pool());
  for (int64_t i = 0; i < count; ++i) {
    EXPECT_TRUE(texts.Append("a text that is too long to be inside its view " + std::to_string(i)).ok());
    EXPECT_TRUE(times.Append(i).ok());
  }
  const auto schema = arrow::schema({arrow::field("t", arrow::utf8_view(), false), arrow::field("at", times.type())});
  return arrow::RecordBatch::Make(schema, count, {*texts.Finish(), *times.Finish()});
}

TEST(RemoteChannel, GivesRowsAsTheEngineHasThem) {
  const auto rows = SomeRows(3);
  auto responses = Sent(rows);
  ASSERT_EQ(responses.size(), 2u);
  Script script;
  script.calls = {{"ExecutePlan", {responses[0]}, {}}, {"ReattachExecute", {responses[1], Complete("z")}, {}}};
  const auto channel = ChannelOf(&script);
  const auto done = channel->ExecutePlan(SomeQuery());
  ASSERT_TRUE(done.ok()) << done.status();
  EXPECT_TRUE(done->schema->Equals(*rows->schema())) << done->schema->ToString();
  EXPECT_TRUE((*done->rows->Next())->Equals(*rows->Slice(0, 2)));
  EXPECT_TRUE((*done->rows->Next())->Equals(*rows->Slice(2)));
  EXPECT_EQ(*done->rows->Next(), nullptr);
}

TEST(RemoteChannel, KnowsTheSchemaOfNoRows) {
  auto responses = Sent(SomeRows(0));
  responses.push_back(Complete("z"));
  Script script;
  script.calls = {{"ExecutePlan", responses, {}}};
  const auto done = ChannelOf(&script)->ExecutePlan(SomeQuery());
  ASSERT_TRUE(done.ok()) << done.status();
  EXPECT_EQ(done->schema->num_fields(), 2);
  EXPECT_EQ(*done->rows->Next(), nullptr);
}

TEST(RemoteChannel, RefusesRowsThatAreNoRows) {
  sc::ExecutePlanResponse response = Response("r1");
  response.mutable_arrow_batch()->set_data("no stream of Arrow");
  Script script;
  script.calls = {{"ExecutePlan", {response.SerializeAsString()}, {}}};
  EXPECT_TRUE(HasErrorClass(ChannelOf(&script)->ExecutePlan(SomeQuery()).status(), "SLUICE_REMOTE.FAILED"));

  sc::ExecutePlanResponse two;
  ASSERT_TRUE(two.ParseFromString(Sent(SomeRows(2))[0]));
  two.mutable_arrow_batch()->set_row_count(3);
  script.calls = {{"ExecutePlan", {two.SerializeAsString()}, {}}};
  EXPECT_TRUE(HasErrorClass(ChannelOf(&script)->ExecutePlan(SomeQuery()).status(), "SLUICE_REMOTE.FAILED"));
}

TEST(RemoteChannel, RowsThatWereCancelledEnd) {
  const auto responses = Sent(SomeRows(4));
  Script script;
  script.calls = {{"ExecutePlan", {responses[0]}, {}}};
  const auto done = ChannelOf(&script)->ExecutePlan(SomeQuery());
  ASSERT_TRUE(done.ok()) << done.status();
  EXPECT_TRUE(done->rows->Next().ok());
  done->rows->Cancel();
  script.calls = {{"ReattachExecute", {responses[1]}, {}}};
  const auto next = done->rows->Next();
  EXPECT_TRUE(HasErrorClass(next.status(), "OPERATION_CANCELED")) << next.status();
}

}  // namespace
}  // namespace sluice
