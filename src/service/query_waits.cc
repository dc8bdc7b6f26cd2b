// SPDX-License-Identifier: Apache-2.0
#include "service/query_waits.h"

#include <deque>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "base/spark_error.h"
#include "service/error_reply.h"
#include "service/handlers.h"
#include "service/query_events.h"
#include "session/session.h"

namespace sluice {
namespace {

using spark::connect::Command;
using spark::connect::ExecutePlanResponse;

int64_t NowMs(ServedSession* session) {
  return session->process().env()->clock().MonotonicNanos() / 1'000'000;
}

// A wait whose end is told in one response. `ask` says whether what is waited for has come; when the time is over, the
// response says that it has not.
Wait WaitFor(const std::shared_ptr<ServedSession>& session, const std::shared_ptr<Operation>& operation,
             const Command& command, std::optional<int64_t> until_ms, std::function<Result<bool>()> ask,
             std::function<ExecutePlanResponse(bool)> response_of) {
  Wait wait;
  wait.until_ms = until_ms;
  wait.look = [=, ask = std::move(ask), response_of = std::move(response_of)]() -> std::optional<Status> {
    if (operation->interrupted()) return Status::OK();  // Finish makes the error of it
    const Result<bool> ended = ask();
    if (!ended.ok()) return AsQueryFailure(*session, command, ended.status());
    if (!*ended && (!until_ms || NowMs(session.get()) < *until_ms)) return std::nullopt;
    if (!operation->TryPush(response_of(*ended))) return std::nullopt;
    return Status::OK();
  };
  return wait;
}

template <typename Message>
std::optional<int64_t> UntilMs(ServedSession* session, const Message& message) {
  if (!message.has_timeout_ms()) return std::nullopt;
  int64_t until = 0;
  if (__builtin_add_overflow(NowMs(session), message.timeout_ms(), &until)) return std::nullopt;
  return until;
}

std::optional<Wait> WaitForQuery(const std::shared_ptr<ServedSession>& session,
                                 const std::shared_ptr<Operation>& operation, const Command& command) {
  const auto& wanted = command.streaming_query_command();
  const std::shared_ptr<RunningQuery> query = session->session()->queries().Find(wanted.query_id().run_id());
  if (query == nullptr) return std::nullopt;  // the handler says what is wrong
  return WaitFor(
      session, operation, command, UntilMs(session.get(), wanted.await_termination()),
      [query] { return query->AwaitTermination(0); },
      [id = wanted.query_id()](bool ended) {
        ExecutePlanResponse response;
        auto* result = response.mutable_streaming_query_command_result();
        *result->mutable_query_id() = id;
        result->mutable_await_termination()->set_terminated(ended);
        return response;
      });
}

Wait WaitForAnyQuery(const std::shared_ptr<ServedSession>& session, const std::shared_ptr<Operation>& operation,
                     const Command& command) {
  const auto& wanted = command.streaming_query_manager_command().await_any_termination();
  return WaitFor(
      session, operation, command, UntilMs(session.get(), wanted),
      [session] { return session->session()->queries().AwaitAnyTermination(0); },
      [](bool ended) {
        ExecutePlanResponse response;
        response.mutable_streaming_query_manager_command_result()->mutable_await_any_termination()->set_terminated(
            ended);
        return response;
      });
}

// Tells one client what happens to the queries of its session.
class Listening {
 public:
  Listening(std::shared_ptr<ServedSession> session, std::shared_ptr<Operation> operation,
            const std::weak_ptr<WaitingOperations>& waiting)
      : session_(std::move(session)), operation_(std::move(operation)) {
    (void)session_->TakeEndedQueries();  // before its time
    listener_ = session_->bus()->Open([waiting] {
      if (const auto there = waiting.lock()) there->Wake();
    });
    next_.emplace().mutable_streaming_query_listener_events_result()->set_listener_bus_listener_added(true);
  }

  std::optional<Status> Look() {
    ListenerBus& bus = *session_->bus();
    if (!bus.IsOpen(listener_)) return Status::OK();
    if (operation_->interrupted()) {
      bus.Close();
      return Status::OK();
    }
    // Of what a slow client has not read, the bus keeps what it can.
    if (!next_) next_ = TakeNews(&bus);
    if (next_ && operation_->TryPush(*next_)) next_.reset();
    return std::nullopt;
  }

 private:
  std::optional<ExecutePlanResponse> TakeNews(ListenerBus* bus) {
    // Whoever has ended has told its progress before.
    std::vector<std::string> ended = session_->TakeEndedQueries();
    std::deque<std::string> progress = bus->Take(listener_);
    if (ended.empty() && progress.empty()) return std::nullopt;
    std::optional<ExecutePlanResponse> response(std::in_place);
    for (std::string& json : progress) AddEvent(std::move(json), spark::connect::QUERY_PROGRESS_EVENT, &*response);
    for (std::string& json : ended) AddEvent(std::move(json), spark::connect::QUERY_TERMINATED_EVENT, &*response);
    return response;
  }

  static void AddEvent(std::string json, spark::connect::StreamingQueryEventType type, ExecutePlanResponse* response) {
    auto* event = response->mutable_streaming_query_listener_events_result()->add_events();
    event->set_event_json(std::move(json));
    event->set_event_type(type);
  }

  const std::shared_ptr<ServedSession> session_;
  const std::shared_ptr<Operation> operation_;
  int64_t listener_ = 0;
  std::optional<ExecutePlanResponse> next_;
};

}  // namespace

std::optional<Wait> WaitOf(const std::shared_ptr<ServedSession>& session, const std::shared_ptr<Operation>& operation,
                           const Command& command, const std::shared_ptr<WaitingOperations>& waiting) {
  if (command.streaming_query_command().has_await_termination()) return WaitForQuery(session, operation, command);
  if (command.streaming_query_manager_command().has_await_any_termination()) {
    return WaitForAnyQuery(session, operation, command);
  }
  if (command.streaming_query_listener_bus_command().has_add_listener_bus_listener()) {
    auto listening = std::make_shared<Listening>(session, operation, waiting);
    return Wait{[listening] { return listening->Look(); }, std::nullopt};
  }
  return std::nullopt;
}

Status AsQueryFailure(const ServedSession& session, const Command& command, const Status& error) {
  const std::shared_ptr<RunningQuery> failed =
      command.has_streaming_query_command()
          ? session.session()->queries().Find(command.streaming_query_command().query_id().run_id())
          : session.FindFailed(error);
  if (failed == nullptr || !failed->exception()) return error;
  return StreamFailed(failed->id(), failed->run_id(), error);
}

}  // namespace sluice
