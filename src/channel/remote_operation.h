// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <spark/connect/base.pb.h>

#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "base/status.h"
#include "channel/remote_client.h"

namespace sluice {

// One reattachable operation of a server: its responses are pulled one by one. A stream that ends early, because the
// server limits its length or a connection breaks, is taken up again behind the last response; an operation that never
// reached the server is sent again. One thread, except Cancel.
class RemoteOperation {
 public:
  RemoteOperation(std::shared_ptr<RemoteClient> client, spark::connect::ExecutePlanRequest request);
  // Tells the server that nobody needs the responses any more, which also ends an operation that still runs.
  ~RemoteOperation();

  // The next response that says something, or nothing at the end.
  Result<std::optional<spark::connect::ExecutePlanResponse>> Next();
  // Makes a running or later Next fail soon. Any thread.
  void Cancel();

 private:
  // What the next stream is of.
  enum class Start { kExecute, kReattach };

  // The stream that is open; a new one if there is none. Null after Cancel.
  std::shared_ptr<ResponseStream> OpenStream();
  // Makes ready for the next stream after one that ended. An error: there is none.
  Status CloseStream(const CallEnd& end);

  const std::shared_ptr<RemoteClient> client_;
  spark::connect::ExecutePlanRequest request_;
  Start start_ = Start::kExecute;
  std::string last_response_;  // its id; empty: none came yet
  bool sent_ = false;
  bool complete_ = false;
  int64_t waited_ms_ = 0;  // since the last response

  std::mutex mutex_;
  std::shared_ptr<ResponseStream> stream_;
  bool cancelled_ = false;
};

}  // namespace sluice
