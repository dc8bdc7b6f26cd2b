// SPDX-License-Identifier: Apache-2.0
#include "session/session.h"

#include <arrow/compute/initialize.h>
#include <fmt/format.h>

#include <algorithm>
#include <chrono>

#include "analysis/analyzer.h"
#include "base/logging.h"
#include "base/spark_error.h"
#include "connectors/memory/memory_table.h"
#include "connectors/registry.h"
#include "exec/deadline.h"
#include "exec/planner.h"
#include "exec/scan_opener.h"
#include "expr/result_pool.h"
#include "expr/session_context.h"
#include "plan/rewrite.h"
#include "python/python_function.h"
#include "python/python_workers.h"
#include "session/stored_views.h"
#include "session/time_zone.h"
#include "types/time_zone.h"

namespace sluice {
namespace {

constexpr char kTimeZone[] = "spark.sql.session.timeZone";
constexpr char kLogFormat[] = "spark.sluice.log.format";

constexpr size_t kMostSettings = 10'000;
constexpr size_t kLongestKey = 4096;
constexpr size_t kLongestValue = 1 << 20;

Status SetLogFormat(const std::string& format) {
  if (format != "text" && format != "json") {
    return UserError("INVALID_CONF_VALUE.TYPE_MISMATCH",
                     fmt::format("The setting {} cannot be '{}': text or json is needed.", kLogFormat, format),
                     {{"confName", kLogFormat}});
  }
  SetLogJson(format == "json");
  return Status::OK();
}

std::string Lower(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(), [](unsigned char c) { return std::tolower(c); });
  return text;
}

QueryResources ResourcesOf(Process* process) {
  return QueryResources{process->env(), &process->budget(), &process->tasks(), process->failures_are_told()};
}

EvalContext MomentOf(Process* process, const Conf& conf) {
  EvalContext context = ContextOf(SessionOptions::Of(conf), process->env()->clock().NowMillis() * 1000);
  BoundResults(process->budget().limit(), &context);
  return context;
}

// What pyspark's workers look at.
constexpr const char* kPythonConf[] = {
    "spark.sql.execution.arrow.maxBytesPerBatch",
    "spark.sql.execution.arrow.maxRecordsPerBatch",
    "spark.sql.execution.pandas.convertToArrowArraySafely",
    "spark.sql.execution.pyspark.binaryAsBytes",
    "spark.sql.execution.pythonUDF.pandas.intToDecimalCoercionEnabled",
    "spark.sql.execution.pythonUDF.pandas.preferIntExtensionDtype",
    "spark.sql.legacy.execution.pandas.groupedMap.assignColumnsByName",
    "spark.sql.legacy.execution.pythonUDF.pandas.conversion.enabled",
};

// Sinks that keep nothing between runs may do without a checkpoint of the user's.
bool NeedsCheckpoint(const std::string& format) {
  return format != "console" && format != "memory" && format != "noop" && format != "foreach" &&
         format != "foreachbatch";
}

}  // namespace

Session::Session(std::shared_ptr<Process> process, std::string id)
    : process_(std::move(process)),
      id_(std::move(id)),
      queries_(id_, ResourcesOf(process_.get()), &process_->queries()) {
  // Setting the zone that the machine has cannot fail.
  (void)conf_.Set(kTimeZone, MachineTimeZone(process_->env().get()));
}

Session::~Session() = default;

Conf Session::conf() const {
  std::lock_guard lock(mutex_);
  return conf_;
}

Status Session::SetConf(const std::string& key, const std::string& value) {
  std::lock_guard lock(mutex_);
  if (key.size() > kLongestKey || value.size() > kLongestValue ||
      (conf_.values().size() >= kMostSettings && !conf_.Find(key))) {
    return UserError("SLUICE_TOO_MANY_SETTINGS",
                     fmt::format("A session has at most {} settings, a name {} bytes and a value {}.", kMostSettings,
                                 kLongestKey, kLongestValue));
  }
  if (key == kLogFormat) SLUICE_RETURN_IF_ERROR(SetLogFormat(value));
  if (key == kTimeZone) SLUICE_RETURN_IF_ERROR(CheckTimeZoneSetting(value));
  return conf_.Set(key, value);
}

void Session::UnsetConf(const std::string& key) {
  std::lock_guard lock(mutex_);
  conf_.Unset(key);
  if (key == kTimeZone) (void)conf_.Set(kTimeZone, MachineTimeZone(process_->env().get()));
}

Result<PlanPtr> Session::Resolve(const spark::connect::Relation& relation) {
  const Conf settings = conf();
  SLUICE_ASSIGN(const PlanPtr plan, Analyzer(*this, settings).Resolve(relation));
  return Optimize(plan, MomentOf(process_.get(), settings));
}

Result<std::unique_ptr<Operator>> Session::Run(const PlanPtr& plan) {
  static const Status initialized = arrow::compute::Initialize();
  SLUICE_RETURN_IF_ERROR(initialized);
  PlannerContext context;
  context.eval = MomentOf(process_.get(), conf());
  context.budget = &process_->budget();
  context.threads = process_->tasks().size();
  context.open_source = ScanOpener(ContextOf({}));
  SLUICE_ASSIGN(std::unique_ptr<Operator> rows, PlanOperators(plan, context));
  const std::chrono::milliseconds timeout(conf().GetDurationMs("spark.sluice.query.timeout"));
  if (timeout.count() > 0) rows = std::make_unique<DeadlineOperator>(std::move(rows), timeout);
  return rows;
}

Status Session::PlaceCheckpoint(QuerySpec* spec) const {
  spec->checkpoint = Options(spec->sink_options).Get("checkpointLocation", "");
  if (!spec->checkpoint.empty()) return Status::OK();
  const std::string parent = spec->conf.Get("spark.sql.streaming.checkpointLocation");
  if (!parent.empty()) {
    spec->checkpoint = parent + "/" + (spec->name.empty() ? process_->env()->NewUuid() : spec->name);
    return Status::OK();
  }
  if (!NeedsCheckpoint(Lower(spec->sink_format))) return Status::OK();
  return UserError(
      "SLUICE_CHECKPOINT_LOCATION",
      "A checkpointLocation is needed: as an option of the query, or by spark.sql.streaming.checkpointLocation. "
      "It is where the query remembers what it has done.");
}

Result<std::shared_ptr<RunningQuery>> Session::StartQuery(QuerySpec spec) {
  static const Status initialized = arrow::compute::Initialize();
  SLUICE_RETURN_IF_ERROR(initialized);
  QueryListener listener;
  std::optional<QueryListener> progress;
  {
    std::lock_guard lock(mutex_);
    spec.conf = conf_;
    listener = listener_;
    progress = progress_;
  }
  if (spec.name.size() > kLongestKey) {
    return UserError("SLUICE_INVALID_OPTION", fmt::format("A query's name has at most {} bytes.", kLongestKey));
  }
  if (spec.conf.GetBool("spark.sluice.badRecords.replay")) spec.work = QueryWork::kReplayBadRecords;
  SLUICE_RETURN_IF_ERROR(PlaceCheckpoint(&spec));
  SLUICE_RETURN_IF_ERROR(process_->ServeMetrics(spec.conf));
  if (!progress) {
    SLUICE_ASSIGN(progress, process_->ProgressOf(spec.conf));
  }
  process_->StopOnSignals(spec.conf);
  return queries_.Start(std::move(spec), Both(std::move(listener), std::move(*progress)));
}

void Session::SetListener(QueryListener listener) {
  std::lock_guard lock(mutex_);
  listener_ = std::move(listener);
}

void Session::SetProgress(QueryListener progress) {
  std::lock_guard lock(mutex_);
  progress_ = std::move(progress);
}

SessionCatalog Session::catalog() {
  return SessionCatalog(process_.get(), conf(), &catalog_);
}

std::string Session::KeepFrame(PlanPtr plan) {
  std::string id = process_->env()->NewUuid();
  std::lock_guard lock(mutex_);
  frames_[id] = std::move(plan);
  return id;
}

Result<PlanPtr> Session::FindFrame(const std::string& id) {
  std::lock_guard lock(mutex_);
  const auto found = frames_.find(id);
  if (found != frames_.end()) return found->second;
  return UserError("CONNECT_INVALID_PLAN.DATAFRAME_NOT_FOUND",
                   fmt::format("The Spark Connect plan is invalid. No DataFrame with id {} is found in the session {}",
                               id, client_.session_id),
                   {{"dfId", id}, {"sessionId", client_.session_id}});
}

void Session::DropFrame(const std::string& id) {
  std::lock_guard lock(mutex_);
  frames_.erase(id);
}

Result<PythonSettings> Session::python_settings() const {
  return PythonSettings::Of(conf(), process_->env().get());
}

void Session::SetFunction(std::shared_ptr<const PythonFunction> function) {
  std::lock_guard lock(mutex_);
  functions_[Lower(function->name)] = std::move(function);
}

std::vector<std::string> Session::FunctionNames() const {
  std::lock_guard lock(mutex_);
  std::vector<std::string> names;
  for (const auto& [name, function] : functions_) names.push_back(name);
  return names;
}

std::shared_ptr<const PythonFunction> Session::FindFunction(const std::string& name) {
  std::lock_guard lock(mutex_);
  if (functions_.empty()) return nullptr;
  const auto found = functions_.find(Lower(name));
  return found == functions_.end() ? nullptr : found->second;
}

Result<PythonHome> Session::Python() {
  std::lock_guard lock(mutex_);
  if (python_ == nullptr) {
    SLUICE_ASSIGN(PythonSettings settings, PythonSettings::Of(conf_, process_->env().get()));
    python_ = std::make_shared<PythonWorkers>(std::move(settings));
  }
  PythonHome home;
  home.workers = python_;
  for (const char* key : kPythonConf) {
    if (auto value = conf_.Find(key)) home.conf[key] = std::move(*value);
  }
  return home;
}

void Session::CopyFrom(const Session& other) {
  catalog_.views.CopyFrom(other.catalog_.views);
  catalog_.current_database.Set(other.catalog_.current_database.Get());
  std::scoped_lock lock(mutex_, other.mutex_);
  conf_ = other.conf_;
  functions_ = other.functions_;
}

Result<PlanPtr> Session::FindView(const std::vector<std::string>& name) {
  if (PlanPtr view = catalog().FindView(name)) return view;
  if (name.size() != 1) return PlanPtr();
  const std::shared_ptr<MemoryTable> table = FindMemoryTable(process_->env(), id_, name[0]);
  if (table == nullptr) return PlanPtr();
  SLUICE_ASSIGN(auto rows, table->Rows());
  return MakeNode(plan::LocalRows{std::move(rows)}, {}, table->schema());
}

Result<PlanPtr> Session::FindTable(const std::vector<std::string>& name,
                                   const std::map<std::string, std::string>& options, bool streaming) {
  const SessionCatalog its = catalog();
  SLUICE_ASSIGN(const auto table, its.FindRecord(name));
  if (!table) return PlanPtr();
  if (table->view) return ResolveStoredView(this, *table, streaming);
  SLUICE_ASSIGN(ScanSpec scan, its.ScanOf(*table, options));
  scan.streaming = streaming;
  return ResolveScan(std::move(scan), table->schema);
}

std::string Session::CurrentDatabase() const {
  return catalog_.current_database.Get();
}

SourceContext Session::ContextOf(const ScanSpec& spec) const {
  SourceContext context;
  context.env = process_->env();
  context.conf = conf();
  context.options = Options(spec.options);
  context.paths = spec.paths;
  context.budget = &process_->budget();
  context.resolved = spec.resolved;
  return context;
}

Result<PlanPtr> Session::ResolveScan(ScanSpec spec, std::shared_ptr<arrow::Schema> schema) {
  if (spec.format.empty()) spec.format = conf().Get("spark.sql.sources.default");
  SLUICE_ASSIGN(const Connector* connector, FindConnector(spec.format));
  if (spec.streaming && connector->open_stream == nullptr) {
    return NotSupported(fmt::format(
        "The format {} cannot be read as a stream; csv, json, kafka, parquet, rate, rate-micro-batch and text can.",
        spec.format));
  }
  if (schema != nullptr && !connector->takes_schema) {
    return NotSupported(
        fmt::format("A schema for the format {} is not supported: the source gives its own.", spec.format));
  }
  spec.resolved = std::make_shared<ResolvedSource>();
  SourceContext context = ContextOf(spec);
  context.schema = std::move(schema);
  SLUICE_ASSIGN(schema, connector->schema(context, spec.streaming));
  spec.source_schema = schema;
  spec.counts_rows = connector->counts_rows;
  for (int i = 0; i < schema->num_fields(); ++i) spec.columns.push_back(i);
  return MakeNode(plan::Scan{std::move(spec)}, {}, std::move(schema));
}

Result<std::vector<std::shared_ptr<arrow::RecordBatch>>> Session::Collect(const PlanPtr& plan, int64_t most) {
  SLUICE_ASSIGN(const auto rows, Run(Optimize(plan, EvalContext())));
  std::vector<std::shared_ptr<arrow::RecordBatch>> batches;
  int64_t count = 0;
  while (count < most) {
    SLUICE_ASSIGN(auto batch, rows->Next());
    if (batch == nullptr) break;
    count += batch->num_rows();
    batches.push_back(std::move(batch));
  }
  return batches;
}

bool Session::HasFormat(const std::string& format) const {
  return FindConnector(format).ok();
}

}  // namespace sluice
