// SPDX-License-Identifier: Apache-2.0
#include <arrow/record_batch.h>

#include "base/spark_error.h"
#include "exec/observe.h"
#include "exec/operator.h"
#include "exec/retained_batch.h"
#include "service/catalog_rows.h"
#include "service/handlers.h"
#include "service/observed_metrics.h"
#include "service/show_string.h"
#include "session/session.h"

namespace sluice::service {
namespace {

Result<std::unique_ptr<Operator>> RunBatch(Session* session, const spark::connect::Relation& relation,
                                           Measurements* measurements) {
  SLUICE_ASSIGN(const PlanPtr plan, session->Resolve(relation));
  if (IsStreaming(*plan)) {
    return UserError("SLUICE_STREAMING_NEEDS_START",
                     "A streaming relation has no rows to give: start it with writeStream.start(), or in SQL by CREATE "
                     "STREAMING TABLE and `sluice run`; without STREAM the rows that are there now are read.");
  }
  if (measurements == nullptr) return session->Run(plan);
  return session->Run(WithMeasurements(plan, &session->process().budget(), measurements));
}

}  // namespace

Result<Execution> ExecuteRelation(const std::shared_ptr<Session>& session, const spark::connect::Relation& relation) {
  return ExecuteMeasured(session, relation, nullptr);
}

Result<Execution> ExecuteMeasured(const std::shared_ptr<Session>& session, const spark::connect::Relation& relation,
                                  Measurements* measurements) {
  Execution execution;
  execution.session = session;
  if (relation.has_show_string()) {
    SLUICE_ASSIGN(execution.rows, ShowString(session.get(), relation.show_string(), measurements));
  } else if (relation.has_catalog()) {
    SLUICE_ASSIGN(execution.rows, CatalogRows(session.get(), relation.catalog()));
  } else {
    SLUICE_ASSIGN(execution.rows, RunBatch(session.get(), relation, measurements));
  }
  execution.schema = execution.rows->schema();
  return execution;
}

}  // namespace sluice::service
