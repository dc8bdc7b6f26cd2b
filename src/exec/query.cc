// SPDX-License-Identifier: Apache-2.0
#include "exec/query.h"

#include <utility>

#include "base/spark_error.h"
#include "base/thread_pool.h"

namespace sluice {
namespace {

SourceOpener RegistryOpener(const QueryContext& context) {
  return [env = context.env, conf = context.conf,
          budget = context.budget](const ScanSpec& scan) -> Result<std::unique_ptr<BatchSource>> {
    SLUICE_ASSIGN(const Connector* connector, FindConnector(scan.format));
    if (connector->open_batch == nullptr) {
      return NotSupported("The format " + scan.format + " cannot be read by a batch query yet.");
    }
    SourceContext source;
    source.env = env;
    source.conf = conf;
    source.options = Options(scan.options);
    source.paths = scan.paths;
    source.budget = budget;
    return connector->open_batch(source);
  };
}

Status Cancelled() {
  return EnvironmentError("OPERATION_CANCELED", "The query was cancelled.");
}

}  // namespace

Result<std::unique_ptr<Query>> Query::Start(const PlanPtr& plan, QueryContext context) {
  PlannerContext planner;
  planner.eval = context.eval;
  if (planner.eval.now_us == 0 && context.env) planner.eval.now_us = context.env->clock().NowMillis() * 1000;
  planner.budget = context.budget;
  planner.threads = context.threads > 0 ? context.threads : AvailableProcessors();
  planner.open_source = context.open_source ? context.open_source : RegistryOpener(context);
  SLUICE_ASSIGN(auto rows, PlanOperators(Optimize(plan, planner.eval), planner));
  return std::unique_ptr<Query>(new Query(std::move(rows)));
}

Result<std::shared_ptr<arrow::RecordBatch>> Query::Next() {
  if (cancelled_) return Cancelled();
  if (ended_) return nullptr;
  auto slice = rows_->Next();
  if (cancelled_) return Cancelled();  // rather than what the cancelled reader says
  ended_ = !slice.ok() || *slice == nullptr;
  return slice;
}

Result<std::vector<std::shared_ptr<arrow::RecordBatch>>> Query::Collect() {
  std::vector<std::shared_ptr<arrow::RecordBatch>> slices;
  for (;;) {
    SLUICE_ASSIGN(auto slice, Next());
    if (slice == nullptr) return slices;
    slices.push_back(std::move(slice));
  }
}

void Query::Cancel() {
  cancelled_ = true;
  rows_->Cancel();
}

}  // namespace sluice
