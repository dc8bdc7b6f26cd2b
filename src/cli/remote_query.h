// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "base/status.h"
#include "channel/channel.h"

namespace sluice {
class ProgressPrinter;
}

namespace sluice::cli {

// A streaming query at a Spark Connect server. One thread.
class RemoteQuery {
 public:
  // Starts it by a command with write_stream_operation_start.
  static Result<RemoteQuery> Start(std::shared_ptr<Channel> channel, spark::connect::Command command);

  // Waits for its end; false: it still runs. An error is the query's own, or that the server is gone.
  Result<bool> AwaitTermination(int64_t timeout_ms);
  // Prints the batches that were not printed yet. Those that the server has dropped in between are missed.
  Status ShowProgress(ProgressPrinter* printer);
  // Ends it; at Sluice's server after its batch, while Spark breaks the batch off and a restart runs it again.
  Status Stop();
  const std::string& name() const { return name_; }
  std::optional<int64_t> last_batch() const { return last_batch_; }

 private:
  RemoteQuery(std::shared_ptr<Channel> channel, const spark::connect::WriteStreamOperationStartResult& started);
  // Sends a command of this query.
  Result<spark::connect::StreamingQueryCommandResult> Ask(spark::connect::StreamingQueryCommand command);

  std::shared_ptr<Channel> channel_;
  spark::connect::StreamingQueryInstanceId id_;
  std::string name_;
  std::string last_shown_;  // the JSON of the batch that was printed last
  std::optional<int64_t> last_batch_;
};

}  // namespace sluice::cli
