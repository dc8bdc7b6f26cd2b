// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <google/protobuf/message.h>
#include <spark/connect/base.pb.h>

#include <string_view>

#include "base/status.h"

namespace sluice {

class Artifacts;

// Reads a message whose messages may be nested as deep as Spark allows: each call on a DataFrame adds a level. False
// for bytes that are no such message.
bool ParseNested(std::string_view bytes, google::protobuf::Message* message);

// Unpacks a compressed plan, and puts local data that were sent as artifacts into their places. Refused:
// CONNECT_INVALID_PLAN.CANNOT_PARSE for bytes that are no plan or grow beyond any use.
Status CompletePlan(const Artifacts& artifacts, spark::connect::Plan* plan);
// The same for the plans of a question.
Status CompleteAnalysis(const Artifacts& artifacts, spark::connect::AnalyzePlanRequest* request);

}  // namespace sluice
