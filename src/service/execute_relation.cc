// SPDX-License-Identifier: Apache-2.0
#include <arrow/record_batch.h>

#include <algorithm>
#include <deque>

#include "base/spark_error.h"
#include "exec/local.h"
#include "exec/operator.h"
#include "service/catalog_rows.h"
#include "service/handlers.h"
#include "service/show_string.h"
#include "session/session.h"

namespace sluice::service {
namespace {

Result<std::unique_ptr<Operator>> RunBatch(Session* session, const spark::connect::Relation& relation) {
  SLUICE_ASSIGN(const PlanPtr plan, session->Resolve(relation));
  if (IsStreaming(*plan)) {
    return UserError("SLUICE_STREAMING_NEEDS_START",
                     "A streaming relation has no rows to give: start it with writeStream.start(), or in SQL by CREATE "
                     "STREAMING TABLE and `sluice run`; without STREAM the rows that are there now are read.");
  }
  return session->Run(plan);
}

// The last rows: all are read, and the slices that may still be needed are kept.
Result<std::unique_ptr<Operator>> Tail(Session* session, const spark::connect::Tail& tail) {
  SLUICE_ASSIGN(const std::unique_ptr<Operator> rows, RunBatch(session, tail.input()));
  const int64_t wanted = std::max(tail.limit(), 0);
  std::deque<std::shared_ptr<arrow::RecordBatch>> kept;
  int64_t count = 0;
  for (;;) {
    SLUICE_ASSIGN(auto batch, rows->Next());
    if (batch == nullptr) break;
    count += batch->num_rows();
    kept.push_back(std::move(batch));
    while (count - kept.front()->num_rows() >= wanted && kept.size() > 1) {
      count -= kept.front()->num_rows();
      kept.pop_front();
    }
  }
  std::vector<std::shared_ptr<arrow::RecordBatch>> last(kept.begin(), kept.end());
  if (count > wanted) last.front() = last.front()->Slice(count - wanted);
  std::erase_if(last, [](const auto& batch) { return batch->num_rows() == 0; });
  return std::make_unique<LocalOperator>(rows->schema(), std::move(last));
}

}  // namespace

Result<Execution> ExecuteRelation(const std::shared_ptr<Session>& session, const spark::connect::Relation& relation) {
  Execution execution;
  execution.session = session;
  if (relation.has_show_string()) {
    SLUICE_ASSIGN(execution.rows, ShowString(session.get(), relation.show_string()));
  } else if (relation.has_catalog()) {
    SLUICE_ASSIGN(execution.rows, CatalogRows(session.get(), relation.catalog()));
  } else if (relation.has_tail()) {
    SLUICE_ASSIGN(execution.rows, Tail(session.get(), relation.tail()));
  } else {
    SLUICE_ASSIGN(execution.rows, RunBatch(session.get(), relation));
  }
  execution.schema = execution.rows->schema();
  return execution;
}

}  // namespace sluice::service
