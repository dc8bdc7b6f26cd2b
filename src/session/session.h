// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <spark/connect/relations.pb.h>

#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "analysis/catalog.h"
#include "conf/conf.h"
#include "connectors/source.h"
#include "plan/plan.h"
#include "python/python_settings.h"
#include "session/process.h"
#include "session/session_catalog.h"
#include "streaming/query_manager.h"

namespace sluice {

class Operator;

// A user's session: settings, temporary views, streaming queries. Thread-safe.
class Session : public Catalog, public std::enable_shared_from_this<Session> {
 public:
  Session(std::shared_ptr<Process> process, std::string id);
  ~Session() override;

  const std::string& id() const { return id_; }
  Process& process() { return *process_; }
  QueryManager& queries() { return queries_; }

  // A copy of the settings as they are now.
  Conf conf() const;
  Status SetConf(const std::string& key, const std::string& value);
  void UnsetConf(const std::string& key);

  // Resolves names, types and functions, then optimizes.
  Result<PlanPtr> Resolve(const spark::connect::Relation& relation);
  // Starts a batch query; its rows are pulled from the operator.
  Result<std::unique_ptr<Operator>> Run(const PlanPtr& plan);
  // Starts a streaming query: fills in the checkpoint's place and the settings.
  Result<std::shared_ptr<RunningQuery>> StartQuery(QuerySpec spec);
  // Who listens to the queries that start from now on.
  void SetListener(QueryListener listener);
  // Who shows the progress of the queries that start from now on, instead of what spark.sluice.progress asks for.
  void SetProgress(QueryListener progress);

  // Views, tables and schemas, under the settings as they are now.
  SessionCatalog catalog();
  // Rows that a client may name by the id until they are dropped.
  std::string KeepFrame(PlanPtr plan);
  // CONNECT_INVALID_PLAN.DATAFRAME_NOT_FOUND.
  Result<PlanPtr> FindFrame(const std::string& id) override;
  void DropFrame(const std::string& id);
  // Who the session's client is, as it says itself: set once, by a service with clients far away.
  struct Client {
    std::string user_id;
    std::string session_id;
  };
  void SetClient(Client client) { client_ = std::move(client); }
  const Client& client() const { return client_; }
  Result<PythonSettings> python_settings() const;
  void SetFunction(std::shared_ptr<const PythonFunction> function);
  // In lower case, in order.
  std::vector<std::string> FunctionNames() const;
  // Takes over the settings, views and functions of another session.
  void CopyFrom(const Session& other);

  // Catalog:
  Result<PlanPtr> FindView(const std::vector<std::string>& name) override;
  Result<PlanPtr> FindTable(const std::vector<std::string>& name, const std::map<std::string, std::string>& options,
                            bool streaming) override;
  std::string CurrentDatabase() const override;
  Result<PlanPtr> ResolveScan(ScanSpec spec, std::shared_ptr<arrow::Schema> schema) override;
  Result<std::vector<std::shared_ptr<arrow::RecordBatch>>> Collect(const PlanPtr& plan, int64_t most) override;
  bool HasFormat(const std::string& format) const override;
  std::shared_ptr<const PythonFunction> FindFunction(const std::string& name) override;
  Result<PythonHome> Python() override;

 private:
  SourceContext ContextOf(const ScanSpec& spec) const;
  Status PlaceCheckpoint(QuerySpec* spec) const;

  const std::shared_ptr<Process> process_;
  const std::string id_;
  Client client_;
  mutable std::mutex mutex_;
  Conf conf_;
  CatalogState catalog_;
  std::map<std::string, PlanPtr> frames_;                                   // by id
  std::map<std::string, std::shared_ptr<const PythonFunction>> functions_;  // by lower-case name
  std::shared_ptr<PythonWorkers> python_;                                   // null until a function needs them
  QueryListener listener_;
  std::optional<QueryListener> progress_;
  QueryManager queries_;
};

}  // namespace sluice
