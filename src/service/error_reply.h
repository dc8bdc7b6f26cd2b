// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <spark/connect/base.pb.h>

#include <string>

#include "base/status.h"

namespace sluice {

// What travels with a failed call.
struct ErrorReply {
  std::string message;
  std::string details;  // google.rpc.Status with an ErrorInfo, serialised
};

// `error_id`: by which FetchErrorDetails gives the rest; empty: nothing is kept. Message and details together stay
// below what clients take as trailers: the message is cut first.
ErrorReply ReplyOf(const Status& error, const std::string& error_id);

// The error and its causes as FetchErrorDetails answers, without secrets. `client_type`: as the client calls itself.
// Clients of the JVM make the text from class and parameters by Spark's own list, so classes that are not in it are
// left out for them: they show the message then.
void AddErrorDetails(const Status& error, const std::string& client_type,
                     spark::connect::FetchErrorDetailsResponse* response);

// The error of a streaming query as its client sees it: STREAM_FAILED, with what ended the query as its cause.
Status StreamFailed(const std::string& id, const std::string& run_id, const Status& cause);

}  // namespace sluice
