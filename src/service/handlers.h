// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <spark/connect/base.pb.h>

#include <memory>
#include <vector>

#include "base/status.h"
#include "service/connect_service.h"

namespace sluice {

class Session;

// One file a family of requests. A handler knows its session and its message, and no transport.
namespace service {

using Responses = std::vector<spark::connect::ExecutePlanResponse>;

// execute_relation.cc
Result<Execution> ExecuteRelation(const std::shared_ptr<Session>& session, const spark::connect::Relation& relation);
// execute_command.cc
Result<Responses> ExecuteCommand(Session* session, const spark::connect::Command& command);
// start_query.cc
Result<Responses> StartStreamingQuery(Session* session, const spark::connect::WriteStreamOperationStart& command);
// query_commands.cc
Result<Responses> CommandQuery(Session* session, const spark::connect::StreamingQueryCommand& command);
Result<Responses> CommandQueryManager(Session* session, const spark::connect::StreamingQueryManagerCommand& command);
// analyze_plan.cc
Result<spark::connect::AnalyzePlanResponse> AnalyzePlan(Session* session,
                                                        const spark::connect::AnalyzePlanRequest& request);
// config.cc
Result<spark::connect::ConfigResponse> Config(Session* session, const spark::connect::ConfigRequest& request);

}  // namespace service
}  // namespace sluice
