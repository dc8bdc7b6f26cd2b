// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>

#include "channel/transport.h"

namespace sluice {

// A connection of gRPC, which is opened with the first call. Never null.
std::unique_ptr<Transport> OpenGrpcTransport(const TransportTarget& target);

}  // namespace sluice
