// SPDX-License-Identifier: Apache-2.0
#include "session/batch_write.h"

#include <arrow/compute/initialize.h>

#include "exec/planner.h"
#include "exec/scan_opener.h"
#include "exec/write_rows.h"
#include "expr/result_pool.h"
#include "expr/session_context.h"
#include "session/session.h"

namespace sluice {
namespace {

PlannerContext PlannerContextOf(Process* process, const Conf& conf) {
  PlannerContext context;
  context.eval = ContextOf(SessionOptions::Of(conf), process->env()->clock().NowMillis() * 1000);
  BoundResults(process->budget().limit(), &context.eval);
  context.budget = &process->budget();
  context.threads = process->tasks().size();
  SourceContext sources;
  sources.env = process->env();
  sources.conf = conf;
  sources.budget = &process->budget();
  context.open_source = ScanOpener(sources);
  return context;
}

}  // namespace

Status WriteBatch(Session* session, const BatchWrite& write) {
  static const Status initialized = arrow::compute::Initialize();
  SLUICE_RETURN_IF_ERROR(initialized);
  Process& process = session->process();
  const Conf conf = session->conf();
  SLUICE_ASSIGN(const PlannedParts parts, PlanParts(write.plan, PlannerContextOf(&process, conf)));
  SinkContext context;
  context.env = process.env();
  context.conf = conf;
  context.options = Options(write.options);
  context.path = write.path;
  context.partition_columns = write.partition_columns;
  context.schema = write.plan->schema;
  context.budget = &process.budget();
  context.tasks_at_once = parts.spread;
  SLUICE_ASSIGN(const std::unique_ptr<BatchSink> sink, OpenBatchSink(write.format, context, write.mode));
  if (sink == nullptr) return Status::OK();
  SLUICE_ASSIGN(auto commits, WriteRows(parts, process.tasks(), [&](TaskId task) { return sink->OpenTask(task); }));
  return sink->Commit(std::move(commits));
}

}  // namespace sluice
