// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>

#include "base/status.h"
#include "channel/channel.h"
#include "channel/connection_string.h"
#include "channel/retry_policy.h"
#include "channel/transport.h"

namespace sluice {

class Env;

using TransportOpener = std::function<Result<std::unique_ptr<Transport>>(const TransportTarget&)>;

// A session of a Spark Connect server far away. Nothing is sent before the first request. `env`: where variables and
// new ids come from.
Result<std::shared_ptr<Channel>> RemoteChannel(const std::string& url, const std::shared_ptr<Env>& env,
                                               const TransportOpener& open, RetryPolicy retry = {});

// A request that sets all of `conf` without an error for what the server keeps to itself; it warns instead.
spark::connect::ConfigRequest SilentSettings(const std::map<std::string, std::string>& conf);

}  // namespace sluice
