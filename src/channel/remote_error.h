// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <spark/connect/base.pb.h>

#include <string>

#include "base/status.h"
#include "channel/transport.h"

namespace sluice {

// By which FetchErrorDetails gives the rest of an error; empty: the server kept nothing.
std::string ErrorIdOf(const CallEnd& end);

// The error of a failed call with Spark's class, SQLSTATE and parameters. `details` wins over what came with the call;
// null: there is none. The text is shown as the server wrote it. Without a class it is the server's or the network's,
// and it names the address.
Status ErrorOf(const CallEnd& end, const spark::connect::FetchErrorDetailsResponse* details,
               const std::string& address);

// Whether the same call may succeed a little later.
bool IsWorthARetry(const CallEnd& end);

}  // namespace sluice
