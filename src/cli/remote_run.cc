// SPDX-License-Identifier: Apache-2.0
#include "cli/remote_run.h"

#include <fmt/format.h>

#include <atomic>
#include <chrono>
#include <cstdlib>
#include <future>
#include <optional>
#include <thread>
#include <vector>

#include "base/spark_error.h"
#include "channel/channel.h"
#include "cli/query_watch.h"
#include "cli/remote_program.h"
#include "cli/remote_query.h"
#include "cli/say.h"
#include "exec/operator.h"

namespace sluice::cli {
namespace {

constexpr int64_t kLookMs = 300;

using Queries = std::vector<RemoteQuery>;

// A second signal ends the process, whatever call it waits in: the server has the queries.
class SecondSignal {
 public:
  SecondSignal() : watch_([this] { Watch(); }) {}
  ~SecondSignal() {
    done_ = true;
    watch_.join();
  }

 private:
  void Watch() const {
    while (!done_) {
      std::this_thread::sleep_for(std::chrono::milliseconds(50));
      if (StopSignals() < 2) continue;
      Say("left; what was not stopped yet goes on at the server");
      std::_Exit(kBatchGivenUp);
    }
  }

  std::atomic<bool> done_{false};
  std::thread watch_;
};

std::string NameBefore(const Queries& queries, const RemoteQuery& query) {
  return queries.size() == 1 || query.name().empty() ? "" : query.name() + ": ";
}

Status StartAll(const RemoteProgram& program, Pipeline pipeline, Queries* queries) {
  for (auto& view : pipeline.views) {
    spark::connect::ExecutePlanRequest request;
    *request.mutable_plan()->mutable_command() = std::move(view);
    SLUICE_RETURN_IF_ERROR(program.channel->ExecutePlan(std::move(request)).status());
  }
  for (auto& query : pipeline.queries) {
    SLUICE_ASSIGN(RemoteQuery started, RemoteQuery::Start(program.channel, std::move(query)));
    queries->push_back(std::move(started));
  }
  return Status::OK();
}

// Stops all; the first error.
Status StopAll(Queries* queries) {
  Status status;
  for (RemoteQuery& query : *queries) {
    const Status stopped = query.Stop();
    if (status.ok()) status = stopped;
  }
  return status;
}

int EndBySignal(Queries* queries, ProgressPrinter* printer) {
  const Status stopped = StopAll(queries);
  if (!stopped.ok()) return Fail(stopped, kQueryFailed);
  for (RemoteQuery& query : *queries) {
    (void)query.ShowProgress(printer);
    const std::optional<int64_t> last = query.last_batch();
    Say(NameBefore(*queries, query) +
        (last ? fmt::format("stopped after batch {}", *last) : "stopped; no batch was run"));
  }
  return kEndedWell;
}

// Looks for a moment. An error is that of a query, or of the way to the server.
Result<bool> AllEnded(Queries* queries, ProgressPrinter* printer) {
  bool all = true;
  for (RemoteQuery& query : *queries) {
    const Result<bool> ended = query.AwaitTermination(all ? kLookMs : 1);
    // What was done before it failed is shown first.
    const Status shown = query.ShowProgress(printer);
    SLUICE_RETURN_IF_ERROR(ended.status());
    SLUICE_RETURN_IF_ERROR(shown);
    all &= *ended;
  }
  return all;
}

int Watch(Queries* queries, ProgressPrinter* printer) {
  for (;;) {
    if (StopSignals() > 0) return EndBySignal(queries, printer);
    const Result<bool> ended = AllEnded(queries, printer);
    if (!ended.ok()) {
      // Without the server there is nobody to stop the others.
      if (!IsRetryable(ended.status())) (void)StopAll(queries);
      return Fail(ended.status(), kQueryFailed);
    }
    if (*ended) return kEndedWell;
  }
}

struct Started {
  Status refused;  // the file or the address is wrong
  Status failed;   // the server could not start something
  std::optional<RemoteProgram> program;
  Queries queries;
  bool bounded = true;
};

Status Prepare(const RemoteRun& run, Started* started, Pipeline* pipeline) {
  SLUICE_ASSIGN(started->program, StartRemoteProgram(run.global, run.url));
  SLUICE_ASSIGN(*pipeline, PrepareAtServer(run.pipeline, *started->program));
  for (auto& query : pipeline->queries) {
    auto* start = query.mutable_write_stream_operation_start();
    if (run.available_now) start->set_available_now(true);
    started->bounded &= start->available_now();
  }
  return Status::OK();
}

// Waits for `done`. After a signal a server that does not answer is left soon.
void AwaitAnswer(const std::future<void>& done) {
  constexpr int kLooks = 10;
  for (int looks = 0; done.wait_for(std::chrono::milliseconds(50)) != std::future_status::ready;) {
    if (StopSignals() == 0 || (++looks < kLooks && StopSignals() == 1)) continue;
    Say("left while the queries were starting; what the server has started already goes on there");
    std::_Exit(kBatchGivenUp);
  }
}

}  // namespace

int RunAtServer(const RemoteRun& run) {
  Started started;
  const std::future<void> done = std::async(std::launch::async, [&] {
    Pipeline pipeline;
    started.refused = Prepare(run, &started, &pipeline);
    if (started.refused.ok()) started.failed = StartAll(*started.program, std::move(pipeline), &started.queries);
  });
  AwaitAnswer(done);
  if (!started.refused.ok()) {
    // Standard input cannot be read a second time for the line at fault.
    const Result<std::string> text =
        run.pipeline.path == "-" ? Result<std::string>("") : ReadSqlText(run.pipeline.path);
    return FailInText(started.refused, text.ValueOr(""), kBadUsage);
  }
  const SecondSignal second;
  ProgressPrinter printer(run.style, started.bounded ? ProgressPrinter::kWhatIsThere : ProgressPrinter::kUnknown);
  int code = kQueryFailed;
  if (started.failed.ok()) {
    code = Watch(&started.queries, &printer);
  } else {
    (void)StopAll(&started.queries);
    Fail(started.failed, kQueryFailed);
  }
  (void)started.program->channel->ReleaseSession();
  printer.Finish();
  return code;
}

}  // namespace sluice::cli
