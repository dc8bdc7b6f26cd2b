// SPDX-License-Identifier: Apache-2.0
#include "session/batch_write.h"

#include <arrow/compute/initialize.h>
#include <fmt/format.h>

#include <set>

#include "analysis/sql/token_cursor.h"
#include "base/spark_error.h"
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

// The place that a path names, however it is spelled: s3a://b/t/ and s3://b/t are one.
Result<std::string> PlaceOf(Env* env, const std::string& uri, const Conf& conf) {
  SLUICE_ASSIGN(Location location, env->Locate(uri, conf));
  while (location.path.size() > 1 && location.path.ends_with('/')) location.path.pop_back();
  return location.path;
}

void CollectPaths(const PlanNode& node, std::set<const PlanNode*>* seen, std::set<std::string>* paths) {
  if (!seen->insert(&node).second) return;
  if (const auto* scan = node.As<plan::Scan>()) paths->insert(scan->source.paths.begin(), scan->source.paths.end());
  for (const PlanPtr& input : node.inputs) CollectPaths(*input, seen, paths);
}

Result<bool> ReadsPlace(Env* env, const Conf& conf, const PlanNode& plan, const std::string& target_uri) {
  std::set<const PlanNode*> seen;
  std::set<std::string> paths;
  CollectPaths(plan, &seen, &paths);
  SLUICE_ASSIGN(const std::string target, PlaceOf(env, target_uri, conf));
  for (const std::string& path : paths) {
    SLUICE_ASSIGN(const std::string read, PlaceOf(env, path, conf));
    if (read == target) return true;
  }
  return false;
}

// A query cannot take the place of the very files that it reads, unless by partitions; Spark loses them.
Status CheckOverwrite(Env* env, const Conf& conf, const BatchWrite& write) {
  const auto option = write.options.find("partitionOverwriteMode");
  const std::string mode =
      option != write.options.end() ? option->second : conf.Get("spark.sql.sources.partitionOverwriteMode");
  if (write.mode != SaveMode::kOverwrite || write.path.empty()) return Status::OK();
  if (!write.partition_columns.empty() && sql::EqualsIgnoringCase(mode, "dynamic")) return Status::OK();
  SLUICE_ASSIGN(const bool reads, ReadsPlace(env, conf, *write.plan, write.path));
  if (!reads) return Status::OK();
  return UserError("UNSUPPORTED_OVERWRITE.PATH",
                   fmt::format("Can't overwrite the target that is also being read from: {}.", write.path),
                   {{"path", write.path}});
}

}  // namespace

Result<bool> ReadsFrom(Session* session, const PlanNode& plan, const std::string& path) {
  return ReadsPlace(session->process().env().get(), session->conf(), plan, path);
}

Status WriteBatch(Session* session, const BatchWrite& write) {
  static const Status initialized = arrow::compute::Initialize();
  SLUICE_RETURN_IF_ERROR(initialized);
  Process& process = session->process();
  const Conf conf = session->conf();
  SLUICE_RETURN_IF_ERROR(CheckOverwrite(process.env().get(), conf, write));
  SLUICE_ASSIGN(const PlannedParts parts, PlanParts(write.plan, PlannerContextOf(&process, conf)));
  SinkContext context;
  context.env = process.env();
  context.conf = conf;
  context.options = Options(write.options);
  context.path = write.path;
  context.partition_columns = write.partition_columns;
  context.schema = write.plan->schema;
  context.budget = &process.budget();
  SLUICE_ASSIGN(const std::unique_ptr<BatchSink> sink, OpenBatchSink(write.format, context, write.mode));
  if (sink == nullptr) return Status::OK();
  SLUICE_ASSIGN(auto commits, WriteRows(parts, process.tasks(), [&](TaskId task) { return sink->OpenTask(task); }));
  return sink->Commit(std::move(commits));
}

}  // namespace sluice
