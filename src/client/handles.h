// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <spark/connect/base.pb.h>

#include <atomic>
#include <memory>
#include <string>

#include "service/connect_service.h"
#include "sluice/column.h"
#include "sluice/dataframe.h"
#include "sluice/streaming.h"

namespace sluice {

// What the values of the public API point to.

struct ColumnNode {
  spark::connect::Expression expression;
};

// One session of the in-process target: messages go to the service as they are, nothing is serialised. Any thread;
// after a stop every call but the destructor is refused.
struct SessionHandle {
  std::shared_ptr<ConnectService> service;
  std::string session_id;
  std::atomic<bool> stopped{false};
  ~SessionHandle();

  spark::connect::ExecutePlanRequest NewRequest() const;
  // Runs a relation or a command; errors become exceptions.
  Execution Execute(const spark::connect::ExecutePlanRequest& request) const;
  // Runs a command that answers with one message.
  spark::connect::ExecutePlanResponse Command(spark::connect::Command command) const;
  spark::connect::AnalyzePlanResponse Analyze(const spark::connect::AnalyzePlanRequest& request) const;
  spark::connect::ConfigResponse Config(const spark::connect::ConfigRequest& request) const;

 private:
  ConnectService& Service() const;
};

struct PlanHandle {
  std::shared_ptr<SessionHandle> session;
  spark::connect::Relation relation;
};

struct QueryHandle {
  std::shared_ptr<SessionHandle> session;
  std::string id;
  std::string run_id;
  std::string name;
};

DataFrame MakeDataFrame(std::shared_ptr<SessionHandle> session, spark::connect::Relation relation);

}  // namespace sluice
