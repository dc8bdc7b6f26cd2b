// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <spark/connect/base.pb.h>

#include <atomic>
#include <memory>
#include <string>

#include "channel/channel.h"
#include "sluice/column.h"
#include "sluice/dataframe.h"
#include "sluice/streaming.h"

namespace sluice {

// What the values of the public API point to.

struct ColumnNode {
  spark::connect::Expression expression;
};

// One session, here or at a server. Any thread; after a stop every call but the destructor is refused.
struct SessionHandle {
  std::shared_ptr<Channel> channel;
  std::string remote;  // the connection string; empty: in process
  std::atomic<bool> stopped{false};
  // Ends a session of this process. One of a server stays there with its queries, as with Spark's own clients.
  ~SessionHandle();

  // Ends the session once; a second call does nothing.
  void Stop();
  // Refuses after a stop.
  Channel& OpenChannel() const;
  // Runs a relation or a command; errors become exceptions.
  Execution Execute(spark::connect::Relation relation) const;
  // Runs a command that answers with one message.
  spark::connect::ExecutePlanResponse Command(spark::connect::Command command) const;
  spark::connect::AnalyzePlanResponse Analyze(spark::connect::AnalyzePlanRequest request) const;
  spark::connect::ConfigResponse Config(spark::connect::ConfigRequest request) const;
  // spark.sql.session.timeZone, in which values are printed.
  std::string TimeZone() const;
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
