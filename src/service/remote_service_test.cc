// SPDX-License-Identifier: Apache-2.0
#include "service/remote_service.h"

#include <arrow/util/compression.h>
#include <gmock/gmock.h>
#include <google/rpc/error_details.pb.h>
#include <google/rpc/status.pb.h>
#include <gtest/gtest.h>

#include <thread>

#include "base/redaction.h"
#include "base/spark_error.h"
#include "env/env.h"
#include "service/error_reply.h"
#include "service/plan_bytes.h"
#include "session/process.h"
#include "session/session.h"

namespace sluice {
namespace {

namespace sc = spark::connect;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr char kSession[] = "11111111-1111-1111-1111-111111111111";
constexpr char kOperation[] = "22222222-2222-2222-2222-222222222222";

std::string ErrorOf(const Status& status) {
  const SparkErrorDetail* detail = FindSparkError(status);
  return detail == nullptr ? status.ToString() : detail->error_class;
}

class RemoteServiceTest : public testing::Test {
 protected:
  sc::ConfigRequest GetAll(const std::string& session = kSession, const std::string& user = "") {
    sc::ConfigRequest request;
    request.set_session_id(session);
    request.mutable_user_context()->set_user_id(user);
    request.mutable_operation()->mutable_get_all();
    return request;
  }
  sc::ConfigRequest Set(const std::string& key, const std::string& value, bool silent = false) {
    sc::ConfigRequest request = GetAll();
    auto* set = request.mutable_operation()->mutable_set();
    set->set_silent(silent);
    set->add_pairs()->set_key(key);
    set->mutable_pairs(0)->set_value(value);
    return request;
  }
  sc::ExecutePlanRequest Query(const std::string& sql) {
    sc::ExecutePlanRequest request;
    request.set_session_id(kSession);
    request.set_operation_id(kOperation);
    request.mutable_plan()->mutable_root()->mutable_sql()->set_query(sql);
    return request;
  }
  // All responses, or the class of the error.
  std::string Run(const sc::ExecutePlanRequest& request, std::vector<sc::ExecutePlanResponse>* responses) {
    auto stream = service_.ExecutePlan(request);
    if (!stream.ok()) return ErrorOf(stream.status());
    auto reader = stream->operation->Attach(std::nullopt, nullptr).ValueOrDie();
    for (;;) {
      std::shared_ptr<const std::string> bytes;
      const auto pulled = stream->operation->Next(&reader, &bytes);
      if (!pulled.ok()) return ErrorOf(pulled.status());
      if (*pulled == Operation::Pull::kEnd) return "end";
      if (*pulled == Operation::Pull::kNothingYet) {
        std::this_thread::yield();
        continue;
      }
      responses->emplace_back().ParseFromString(*bytes);
    }
  }
  std::string Run(const sc::ExecutePlanRequest& request) {
    std::vector<sc::ExecutePlanResponse> responses;
    return Run(request, &responses);
  }

  Conf conf_;
  std::shared_ptr<Env> env_ = MakeRealEnv();
  RemoteService service_{std::make_shared<Process>(env_, conf_), conf_};
};

TEST_F(RemoteServiceTest, ASessionIsOfAUserAndAnId) {
  const std::string first = service_.Config(GetAll()).ValueOrDie().server_side_session_id();
  EXPECT_EQ(service_.Config(GetAll()).ValueOrDie().server_side_session_id(), first);
  EXPECT_NE(service_.Config(GetAll(kSession, "eve")).ValueOrDie().server_side_session_id(), first);
  sc::ConfigRequest changed = GetAll();
  changed.set_client_observed_server_side_session_id("another");
  EXPECT_EQ(ErrorOf(service_.Config(changed).status()), "INVALID_HANDLE.SESSION_CHANGED");
  EXPECT_EQ(ErrorOf(service_.Config(GetAll("no uuid")).status()), "INVALID_HANDLE.FORMAT");
}

TEST_F(RemoteServiceTest, AReleasedSessionStaysClosed) {
  ASSERT_TRUE(service_.Config(GetAll()).ok());
  sc::ReleaseSessionRequest release;
  release.set_session_id(kSession);
  EXPECT_TRUE(service_.ReleaseSession(release).ok());
  EXPECT_TRUE(service_.ReleaseSession(release).ok());
  EXPECT_EQ(ErrorOf(service_.Config(GetAll()).status()), "INVALID_HANDLE.SESSION_CLOSED");
  EXPECT_EQ(Run(Query("SELECT 1")), "INVALID_HANDLE.SESSION_CLOSED");
  release.set_allow_reconnect(true);
  EXPECT_TRUE(service_.ReleaseSession(release).ok());
  EXPECT_TRUE(service_.Config(GetAll()).ok());
}

TEST_F(RemoteServiceTest, SessionsBeyondTheMostAreRefused) {
  for (size_t i = 0; i < Sessions::kMost; ++i) ASSERT_TRUE(service_.Config(GetAll(env_->NewUuid())).ok());
  EXPECT_EQ(ErrorOf(service_.Config(GetAll()).status()), "SLUICE_TOO_MANY_SESSIONS");
}

TEST_F(RemoteServiceTest, SettingsOfTheProcessAndSecretsAreKept) {
  for (const char* key : {"spark.sluice.memory", "spark.sluice.metrics.port", "spark.sluice.log.format"}) {
    EXPECT_EQ(ErrorOf(service_.Config(Set(key, "1")).status()), "CANNOT_MODIFY_CONFIG") << key;
    EXPECT_EQ(service_.Config(Set(key, "1", /*silent=*/true)).ValueOrDie().warnings_size(), 1);
  }
  ASSERT_TRUE(service_.Config(Set("spark.hadoop.fs.s3a.secret.key", "canary-of-a-secret")).ok());
  const std::string listed = service_.Config(GetAll()).ValueOrDie().DebugString();
  EXPECT_THAT(listed, HasSubstr("spark.hadoop.fs.s3a.secret.key"));
  EXPECT_THAT(listed, testing::Not(HasSubstr("canary")));
}

TEST_F(RemoteServiceTest, RowsComeWithSchemaMetricsAndAnEnd) {
  sc::ExecutePlanRequest request = Query("SELECT 1 AS a");
  request.add_request_options()->mutable_reattach_options()->set_reattachable(true);
  std::vector<sc::ExecutePlanResponse> responses;
  EXPECT_EQ(Run(request, &responses), "end");
  ASSERT_EQ(responses.size(), 4u);
  EXPECT_TRUE(responses[0].has_schema());
  EXPECT_EQ(responses[1].arrow_batch().row_count(), 1);
  EXPECT_FALSE(responses[1].arrow_batch().has_num_chunks_in_batch()) << "this client takes no chunks";
  EXPECT_TRUE(responses[2].has_metrics());
  EXPECT_TRUE(responses[3].has_result_complete());
}

TEST_F(RemoteServiceTest, AResultIsCutIntoBatchesAndChunks) {
  ASSERT_TRUE(service_.Config(Set("spark.sql.execution.arrow.maxRecordsPerBatch", "400")).ok());
  sc::ExecutePlanRequest request = Query("SELECT id FROM range(1000)");
  auto* chunking = request.add_request_options()->mutable_result_chunking_options();
  chunking->set_allow_arrow_batch_chunking(true);
  chunking->set_preferred_arrow_chunk_size(1024);
  std::vector<sc::ExecutePlanResponse> responses;
  EXPECT_EQ(Run(request, &responses), "end");
  int64_t rows = 0;
  int64_t next_chunk = 0;
  for (const auto& response : responses) {
    if (!response.has_arrow_batch()) continue;
    const auto& batch = response.arrow_batch();
    EXPECT_LE(batch.row_count(), 400);
    EXPECT_LE(batch.data().size(), 1024u);
    EXPECT_EQ(batch.chunk_index(), next_chunk);
    EXPECT_EQ(batch.start_offset(), rows);
    next_chunk = batch.chunk_index() + 1 == batch.num_chunks_in_batch() ? 0 : batch.chunk_index() + 1;
    if (next_chunk == 0) rows += batch.row_count();
  }
  EXPECT_EQ(rows, 1000);
}

TEST_F(RemoteServiceTest, PlansWithoutAPlanAndBadTagsAreRefused) {
  sc::ExecutePlanRequest request = Query("SELECT 1");
  request.mutable_plan()->Clear();
  EXPECT_EQ(Run(request), "CONNECT_INVALID_PLAN.INVALID_ONE_OF_FIELD_NOT_SET");
  request = Query("SELECT 1");
  request.set_operation_id("no uuid");
  EXPECT_EQ(Run(request), "INVALID_HANDLE.FORMAT");
  request = Query("SELECT 1");
  request.add_tags("a,b");
  EXPECT_EQ(Run(request), "") << "Spark's has no condition either";
}

TEST_F(RemoteServiceTest, ErrorsFitIntoTrailersAndAreFetchedWhole) {
  RegisterSecret("canary-of-a-secret");
  ASSERT_TRUE(service_.Config(GetAll()).ok());
  std::string text;
  for (int i = 0; i < 3000; ++i) text += "ü";
  const Status error = UserError("CAST_INVALID_INPUT", text + "canary-of-a-secret", {{"expression", text}});
  const ErrorReply reply = service_.Refuse({"", kSession}, error);
  EXPECT_LT(reply.message.size() * 3 + reply.details.size() * 4 / 3, 7700u);
  google::rpc::Status status;
  ASSERT_TRUE(status.ParseFromString(reply.details));
  EXPECT_EQ(status.message(), reply.message) << "clients refuse details of another message";
  google::rpc::ErrorInfo info;
  ASSERT_TRUE(status.details(0).UnpackTo(&info));
  EXPECT_EQ(info.reason(), "org.apache.spark.SparkNumberFormatException");
  EXPECT_THAT(info.metadata().at("classes"), HasSubstr("java.lang.NumberFormatException"));
  EXPECT_FALSE(info.metadata().contains("messageParameters")) << "too long";
  sc::FetchErrorDetailsRequest fetch;
  fetch.set_session_id(kSession);
  fetch.set_error_id(info.metadata().at("errorId"));
  const auto whole = service_.FetchErrorDetails(fetch).ValueOrDie();
  EXPECT_THAT(whole.errors(0).message(), HasSubstr(text));
  EXPECT_THAT(whole.DebugString(), testing::Not(HasSubstr("canary")));
  EXPECT_EQ(whole.errors(0).spark_throwable().message_parameters().at("expression"), text);
  EXPECT_EQ(service_.FetchErrorDetails(fetch).ValueOrDie().errors_size(), 0) << "once";
}

// Clients of the JVM have no text for a class that Spark does not know, nor for one without all parameters.
TEST_F(RemoteServiceTest, DetailsHaveWhatTheClientMakesATextOf) {
  const auto details = [](const Status& error, const std::string& client) {
    sc::FetchErrorDetailsResponse response;
    AddErrorDetails(error, client, &response);
    return response.errors(0);
  };
  const std::string jvm = "_SPARK_CONNECT_SCALA spark/4.2.0 scala/2.13.18 jvm/17.0.17 os/linux";
  const std::string python = "_SPARK_CONNECT_PYTHON spark/4.2.0 os/linux python/3.11.7";
  const Status own = NotSupported("SHOW x is not supported.");
  EXPECT_EQ(details(own, python).spark_throwable().error_class(), "UNSUPPORTED_FEATURE.SLUICE");
  EXPECT_FALSE(details(own, jvm).has_spark_throwable());
  EXPECT_THAT(details(own, jvm).message(), HasSubstr("SHOW x is not supported."));
  const Status syntax = UserError("PARSE_SYNTAX_ERROR", "Syntax error at or near 'x'.", {{"error", "'x'"}});
  for (const std::string& client : {jvm, python}) {
    EXPECT_EQ(details(syntax, client).spark_throwable().message_parameters().at("hint"), "");
  }
}

TEST_F(RemoteServiceTest, TheCatalogAnswersBelowOtherRelations) {
  sc::ExecutePlanRequest request = Query("");
  auto* limit = request.mutable_plan()->mutable_root()->mutable_limit();
  limit->set_limit(1);
  limit->mutable_input()->mutable_catalog()->mutable_current_catalog();
  std::vector<sc::ExecutePlanResponse> responses;
  EXPECT_EQ(Run(request, &responses), "end");
  int64_t rows = 0;
  for (const auto& response : responses) rows += response.arrow_batch().row_count();
  EXPECT_EQ(rows, 1);
}

TEST_F(RemoteServiceTest, ErrorsThatAreTooLongAreNotKept) {
  ErrorStore store(env_.get());
  const std::string id = store.Keep(UserError("DIVIDE_BY_ZERO", "short"));
  EXPECT_EQ(store.Keep(UserError("DIVIDE_BY_ZERO", std::string(2 << 20, 'x'))), "");
  EXPECT_TRUE(store.Take(id).has_value());
  EXPECT_FALSE(store.Take("").has_value());
}

TEST_F(RemoteServiceTest, AnInterruptEndsAWaitingCommand) {
  sc::ExecutePlanRequest start = Query("");
  auto* command = start.mutable_plan()->mutable_command()->mutable_write_stream_operation_start();
  command->mutable_input()->mutable_read()->set_is_streaming(true);
  command->mutable_input()->mutable_read()->mutable_data_source()->set_format("rate");
  command->set_format("noop");
  std::vector<sc::ExecutePlanResponse> started;
  ASSERT_EQ(Run(start, &started), "end");
  sc::ExecutePlanRequest wait = Query("");
  wait.set_operation_id("33333333-3333-3333-3333-333333333333");
  wait.add_tags("slow");
  auto* await = wait.mutable_plan()->mutable_command()->mutable_streaming_query_command();
  *await->mutable_query_id() = started.at(0).write_stream_operation_start_result().query_id();
  await->mutable_await_termination();
  std::string end;
  std::thread waiter([&] { end = Run(wait); });
  sc::InterruptRequest interrupt;
  interrupt.set_session_id(kSession);
  interrupt.set_interrupt_type(sc::InterruptRequest::INTERRUPT_TYPE_TAG);
  interrupt.set_operation_tag("slow");
  std::vector<std::string> stopped;
  while (stopped.empty()) {
    const auto response = service_.Interrupt(interrupt).ValueOrDie();
    stopped.assign(response.interrupted_ids().begin(), response.interrupted_ids().end());
  }
  waiter.join();
  EXPECT_EQ(end, "OPERATION_CANCELED");
  EXPECT_THAT(stopped, ElementsAre(wait.operation_id()));
}

// The source always has more, so this would wait for ever, and its thread with it.
TEST_F(RemoteServiceTest, AnInterruptEndsProcessAllAvailable) {
  sc::ExecutePlanRequest start = Query("");
  auto* command = start.mutable_plan()->mutable_command()->mutable_write_stream_operation_start();
  command->mutable_input()->mutable_read()->set_is_streaming(true);
  command->mutable_input()->mutable_read()->mutable_data_source()->set_format("rate-micro-batch");
  (*command->mutable_input()->mutable_read()->mutable_data_source()->mutable_options())["rowsPerBatch"] = "1";
  command->set_format("noop");
  std::vector<sc::ExecutePlanResponse> started;
  ASSERT_EQ(Run(start, &started), "end");
  sc::ExecutePlanRequest wait = Query("");
  wait.set_operation_id("33333333-3333-3333-3333-333333333333");
  auto* all = wait.mutable_plan()->mutable_command()->mutable_streaming_query_command();
  *all->mutable_query_id() = started.at(0).write_stream_operation_start_result().query_id();
  all->set_process_all_available(true);
  const auto stream = service_.ExecutePlan(wait).ValueOrDie();
  std::this_thread::sleep_for(std::chrono::milliseconds(50));
  EXPECT_FALSE(stream.operation->finished());
  EXPECT_TRUE(stream.operation->Interrupt());
  while (!stream.operation->finished()) std::this_thread::yield();
  EXPECT_EQ(stream.operation->state(), OperationState::kCancelled);
}

TEST_F(RemoteServiceTest, ArtifactsHaveGoodNamesAndSums) {
  for (const char* name : {"", "/a", "../a", "a/../b", "a//b", "a/.", "a\\b"}) {
    EXPECT_EQ(ErrorOf(Artifacts::CheckName(name)), "INVALID_ARTIFACT_PATH") << name;
  }
  Artifacts artifacts;
  ASSERT_TRUE(artifacts.Add("cache/a", "1").ok());
  EXPECT_TRUE(artifacts.Add("cache/a", "1").ok()) << "the same again";
  EXPECT_EQ(ErrorOf(artifacts.Add("cache/a", "2")), "ARTIFACT_ALREADY_EXISTS");
  EXPECT_EQ(ErrorOf(artifacts.Add("b", std::string(Artifacts::kMostBytes, 'x'))), "SLUICE_ARTIFACTS_TOO_LARGE");
  ArtifactUpload upload;
  sc::AddArtifactsRequest begin;
  begin.set_session_id(kSession);
  begin.mutable_begin_chunk()->set_name("cache/b");
  begin.mutable_begin_chunk()->set_total_bytes(10);
  begin.mutable_begin_chunk()->set_num_chunks(2);
  ASSERT_TRUE(service_.AddArtifacts(begin, &upload).ok());
  EXPECT_FALSE(service_.FinishArtifacts(&upload).ok()) << "it is not complete";
  sc::AddArtifactsRequest chunk;
  chunk.set_session_id(kSession);
  chunk.mutable_chunk()->set_data(std::string(11, 'x'));
  EXPECT_FALSE(service_.AddArtifacts(chunk, &upload).ok()) << "longer than was said";
}

std::string Zstd(const std::string& bytes) {
  const auto codec = arrow::util::Codec::Create(arrow::Compression::ZSTD).ValueOrDie();
  std::string out(static_cast<size_t>(codec->MaxCompressedLen(static_cast<int64_t>(bytes.size()), nullptr)), '\0');
  out.resize(static_cast<size_t>(
      codec
          ->Compress(static_cast<int64_t>(bytes.size()), reinterpret_cast<const uint8_t*>(bytes.data()),
                     static_cast<int64_t>(out.size()), reinterpret_cast<uint8_t*>(out.data()))
          .ValueOrDie()));
  return out;
}

TEST_F(RemoteServiceTest, ArtifactsCountInTheBudget) {
  MemoryBudget budget(1 << 20);
  {
    Artifacts artifacts(&budget);
    ASSERT_TRUE(artifacts.Add("a", std::string(600 << 10, 'a')).ok());
    EXPECT_GE(budget.used(), 600 << 10);
    EXPECT_EQ(ErrorOf(artifacts.Add("b", std::string(600 << 10, 'b'))), "SLUICE_MEMORY_BUDGET");
    Artifacts copy(&budget);
    EXPECT_EQ(ErrorOf(copy.CopyFrom(artifacts)), "SLUICE_MEMORY_BUDGET");
    artifacts.Close();
    EXPECT_EQ(budget.used(), 0);
    EXPECT_EQ(ErrorOf(artifacts.Add("c", "late")), "INVALID_HANDLE.SESSION_CLOSED");
  }
  EXPECT_EQ(budget.used(), 0);
  EXPECT_EQ(ErrorOf(Artifacts::CheckName(std::string(5000, 'x'))), "INVALID_ARTIFACT_PATH");
}

TEST_F(RemoteServiceTest, SettingsAndTagsAreBounded) {
  EXPECT_EQ(ErrorOf(service_.Config(Set("a", std::string(2 << 20, 'x'))).status()), "SLUICE_TOO_MANY_SETTINGS");
  EXPECT_EQ(ErrorOf(service_.Config(Set(std::string(5000, 'x'), "1")).status()), "SLUICE_TOO_MANY_SETTINGS");
  sc::ConfigRequest many = Set("key", "1");
  for (int i = 0; i < 10'000; ++i) {
    auto* pair = many.mutable_operation()->mutable_set()->add_pairs();
    pair->set_key("key." + std::to_string(i));
    pair->set_value("1");
  }
  EXPECT_EQ(ErrorOf(service_.Config(many).status()), "SLUICE_TOO_MANY_SETTINGS");
  EXPECT_TRUE(service_.Config(Set("key", "2")).ok()) << "one that is there can be changed";
  EXPECT_FALSE(service_.Config(GetAll(kSession, std::string(2000, 'x'))).ok());
  sc::ExecutePlanRequest tagged = Query("SELECT 1");
  tagged.add_tags(std::string(2000, 'x'));
  EXPECT_EQ(Run(tagged), "SLUICE_TOO_MANY_TAGS");
  tagged.clear_tags();
  for (int i = 0; i < 300; ++i) tagged.add_tags("t" + std::to_string(i));
  EXPECT_EQ(Run(tagged), "SLUICE_TOO_MANY_TAGS");
}

// All rows are read before the first one comes, and an interrupt ends that too.
TEST_F(RemoteServiceTest, AnInterruptReachesTail) {
  sc::ExecutePlanRequest request;
  request.set_session_id(kSession);
  request.set_operation_id(kOperation);
  auto* tail = request.mutable_plan()->mutable_root()->mutable_tail();
  tail->set_limit(3);
  tail->mutable_input()->mutable_range()->set_end(int64_t{1} << 60);
  tail->mutable_input()->mutable_range()->set_step(1);
  const auto stream = service_.ExecutePlan(request).ValueOrDie();
  auto reader = stream.operation->Attach(std::nullopt, nullptr).ValueOrDie();
  sc::InterruptRequest interrupt;
  interrupt.set_session_id(kSession);
  interrupt.set_interrupt_type(sc::InterruptRequest::INTERRUPT_TYPE_ALL);
  ASSERT_EQ(service_.Interrupt(interrupt).ValueOrDie().interrupted_ids_size(), 1);
  while (!stream.operation->finished()) std::this_thread::yield();
  std::shared_ptr<const std::string> bytes;
  Result<Operation::Pull> pulled = Operation::Pull::kResponse;
  while (pulled.ok() && *pulled == Operation::Pull::kResponse) pulled = stream.operation->Next(&reader, &bytes);
  EXPECT_EQ(ErrorOf(pulled.status()), "OPERATION_CANCELED");
}

TEST_F(RemoteServiceTest, ALargeTableThatIsShownCountsInTheBudget) {
  sc::ExecutePlanRequest request = Query("");
  auto* show = request.mutable_plan()->mutable_root()->mutable_show_string();
  show->set_num_rows(2'000'000'000);
  show->mutable_input()->mutable_sql()->set_query("SELECT id, repeat('x', 20000) FROM range(10000000)");
  EXPECT_EQ(Run(request), "SLUICE_MEMORY_BUDGET");
}

TEST_F(RemoteServiceTest, NothingBeginsOnceTheServiceIsStopped) {
  ASSERT_TRUE(service_.Config(GetAll()).ok());
  EXPECT_TRUE(service_.Stop(nullptr));
  EXPECT_EQ(ErrorOf(service_.Config(GetAll(kOperation)).status()), "SLUICE_SERVER");
  EXPECT_EQ(Run(Query("SELECT 1")), "INVALID_HANDLE.SESSION_CLOSED");
}

TEST_F(RemoteServiceTest, CompressedPlansAreUnpacked) {
  sc::ExecutePlanRequest request = Query("SELECT 1");
  const std::string root = request.plan().root().SerializeAsString();
  auto* packed = request.mutable_plan()->mutable_compressed_operation();
  packed->set_op_type(sc::Plan::CompressedOperation::OP_TYPE_RELATION);
  packed->set_compression_codec(sc::COMPRESSION_CODEC_ZSTD);
  const auto run = [&](const std::string& data) {
    packed->set_data(data);
    request.set_operation_id(env_->NewUuid());
    return Run(request);
  };
  EXPECT_EQ(run(Zstd(root)), "end");
  EXPECT_EQ(run(Zstd(root).substr(0, 8)), "CONNECT_INVALID_PLAN.CANNOT_PARSE");
  EXPECT_EQ(run("no zstd at all"), "CONNECT_INVALID_PLAN.CANNOT_PARSE");
  EXPECT_EQ(run(""), "CONNECT_INVALID_PLAN.CANNOT_PARSE");
  const auto wide = [this](size_t bytes) { return Query("SELECT 1" + std::string(bytes, ' ')).plan().root(); };
  EXPECT_EQ(run(Zstd(wide(1 << 20).SerializeAsString())), "end");
  EXPECT_EQ(run(Zstd(wide(130 << 20).SerializeAsString())), "CONNECT_INVALID_PLAN.CANNOT_PARSE") << "a bomb";
}

// Each would take a hundred times its bytes in memory.
TEST_F(RemoteServiceTest, MessagesOfMoreFieldsThanAnyPlanHasAreRefused) {
  sc::ExecutePlanRequest request = Query("");
  auto* function = request.mutable_plan()->mutable_root()->mutable_project()->add_expressions();
  for (int i = 0; i < 400'000; ++i) function->mutable_unresolved_function()->add_arguments()->mutable_literal();
  sc::ExecutePlanRequest parsed;
  EXPECT_TRUE(ParseNested(request.SerializeAsString(), &parsed));
  for (int i = 0; i < 700'000; ++i) function->mutable_unresolved_function()->add_arguments()->mutable_literal();
  EXPECT_FALSE(ParseNested(request.SerializeAsString(), &parsed));
  sc::ExecutePlanRequest tagged = Query("");
  for (int i = 0; i < 2'100'000; ++i) tagged.add_tags("");
  EXPECT_FALSE(ParseNested(tagged.SerializeAsString(), &parsed));
}

TEST_F(RemoteServiceTest, MessagesMayBeNestedAsDeepAsSparks) {
  sc::Relation deep;
  sc::Relation* relation = &deep;
  for (int i = 0; i < 450; ++i) relation = relation->mutable_limit()->mutable_input();
  const std::string bytes = deep.SerializeAsString();
  sc::Relation parsed;
  EXPECT_FALSE(parsed.ParseFromString(bytes)) << "protobuf's own limit";
  EXPECT_TRUE(ParseNested(bytes, &parsed));
  for (int i = 0; i < 450; ++i) relation = relation->mutable_limit()->mutable_input();
  EXPECT_FALSE(ParseNested(deep.SerializeAsString(), &parsed));
  EXPECT_FALSE(ParseNested("\xff\xff\xff", &parsed));
}

}  // namespace
}  // namespace sluice
