// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "service/remote_service.h"

namespace sluice {

enum class MethodKind {
  kUnary,         // answered at once
  kSlowUnary,     // may wait for servers or batches: answered by a thread of the service
  kExecute,       // a stream of responses
  kReattach,      // the same
  kAddArtifacts,  // a stream of requests
};

// What a call is answered with. Not ok: `error` travels with the status INTERNAL.
struct Reply {
  bool ok = false;
  std::string bytes;
  ErrorReply error;
};

// A call of Spark Connect by its name.
struct Method {
  std::string_view name;  // "/spark.connect.SparkConnectService/Config"
  MethodKind kind;
  Reply (*unary)(RemoteService* service, std::string_view request);  // of the unary kinds
};

// Null when there is no such call.
const Method* FindMethod(std::string_view name);

Reply Refused(RemoteService* service, const SessionKey& caller, const Status& error);
// For bytes that are no message at all.
Reply Unreadable();

}  // namespace sluice
