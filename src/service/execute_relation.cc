// SPDX-License-Identifier: Apache-2.0
#include "base/spark_error.h"
#include "exec/operator.h"
#include "service/handlers.h"
#include "service/show_string.h"
#include "session/session.h"

namespace sluice::service {

Result<Execution> ExecuteRelation(const std::shared_ptr<Session>& session, const spark::connect::Relation& relation) {
  Execution execution;
  execution.session = session;
  if (relation.has_show_string()) {
    SLUICE_ASSIGN(execution.rows, ShowString(session.get(), relation.show_string()));
  } else {
    SLUICE_ASSIGN(const PlanPtr plan, session->Resolve(relation));
    if (IsStreaming(*plan)) {
      return UserError(
          "SLUICE_STREAMING_NEEDS_START",
          "A streaming relation has no rows to give: start it with writeStream.start(), or in SQL by CREATE "
          "STREAMING TABLE and `sluice run`; without STREAM the rows that are there now are read.");
    }
    SLUICE_ASSIGN(execution.rows, session->Run(plan));
  }
  execution.schema = execution.rows->schema();
  return execution;
}

}  // namespace sluice::service
