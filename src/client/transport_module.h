// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>

#include "base/status.h"
#include "channel/transport.h"

namespace sluice {

// Opens a connection by the module libsluice_remote.so beside this library. gRPC and the 40 libraries behind it are
// loaded only then: a program that stays in its process neither waits for them nor needs them.
Result<std::unique_ptr<Transport>> LoadTransport(const TransportTarget& target);

}  // namespace sluice
