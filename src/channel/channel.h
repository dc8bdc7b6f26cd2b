// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <spark/connect/base.pb.h>

#include <memory>
#include <string>

#include "base/status.h"
#include "service/connect_service.h"

namespace sluice {

// How a client's messages reach a service of Spark Connect: in this process, or far away. A channel is one session;
// it writes the session's ids into every request. Thread-safe. Rows come back in the engine's types wherever they were
// made, are pulled batch by batch, and are broken off by their Cancel; they do not outlive the channel.
class Channel {
 public:
  virtual ~Channel() = default;
  virtual Result<Execution> ExecutePlan(spark::connect::ExecutePlanRequest request) = 0;
  virtual Result<spark::connect::AnalyzePlanResponse> AnalyzePlan(spark::connect::AnalyzePlanRequest request) = 0;
  virtual Result<spark::connect::ConfigResponse> Config(spark::connect::ConfigRequest request) = 0;
  // Ends the session with its queries.
  virtual Status ReleaseSession() = 0;
  virtual bool is_remote() const = 0;
};

// The messages go to the service as they are: nothing is serialised.
std::shared_ptr<Channel> InProcessChannel(std::shared_ptr<ConnectService> service, std::string session_id);

}  // namespace sluice
