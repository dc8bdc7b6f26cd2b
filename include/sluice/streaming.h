// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <initializer_list>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "sluice/dataframe.h"

namespace sluice {

struct SessionHandle;
struct QueryHandle;

// When a streaming query runs a batch.
class Trigger {
 public:
  // Every interval ("10 seconds"), or as soon as possible for "0 seconds".
  static Trigger ProcessingTime(const std::string& interval) { return Trigger(Kind::kProcessingTime, interval); }
  // All that is there now, under the rate limits, then stop.
  static Trigger AvailableNow() { return Trigger(Kind::kAvailableNow, ""); }
  // All that is there now in one batch, then stop.
  static Trigger Once() { return Trigger(Kind::kOnce, ""); }
  // Refused when the query is started.
  static Trigger Continuous(const std::string& interval) { return Trigger(Kind::kContinuous, interval); }

  enum class Kind { kProcessingTime, kAvailableNow, kOnce, kContinuous };
  Kind kind() const { return kind_; }
  const std::string& interval() const { return interval_; }

 private:
  Trigger(Kind kind, std::string interval) : kind_(kind), interval_(std::move(interval)) {}
  Kind kind_;
  std::string interval_;
};

struct StreamingQueryStatus {
  std::string message;
  bool isDataAvailable = false;
  bool isTriggerActive = false;
};

// A started query. A cheap value. The query goes on when it is dropped, until stop() or the session ends.
class StreamingQuery {
 public:
  explicit StreamingQuery(std::shared_ptr<const QueryHandle> handle) : handle_(std::move(handle)) {}
  std::string id() const;     // the same after a restart from the checkpoint
  std::string runId() const;  // new at each start
  std::string name() const;   // empty: none
  bool isActive() const;
  // Waits for the end; throws StreamingQueryException when the query failed.
  void awaitTermination() const;
  // The same for at most `timeout_ms`; false when the query still runs.
  bool awaitTermination(int64_t timeout_ms) const;
  void processAllAvailable() const;
  // Lets the running batch finish (at most spark.sluice.shutdownTimeout), then ends the query.
  void stop() const;
  StreamingQueryStatus status() const;
  // Progress of the last batch as Spark's JSON, or empty before the first.
  std::string lastProgress() const;
  std::vector<std::string> recentProgress() const;
  // The message of the error that ended the query, or nothing.
  std::optional<std::string> exception() const;

 private:
  std::shared_ptr<const QueryHandle> handle_;
};

class StreamingQueryManager {
 public:
  explicit StreamingQueryManager(std::shared_ptr<SessionHandle> session) : session_(std::move(session)) {}
  std::vector<StreamingQuery> active() const;
  std::optional<StreamingQuery> get(const std::string& id) const;
  void awaitAnyTermination() const;
  bool awaitAnyTermination(int64_t timeout_ms) const;
  void resetTerminated() const;

 private:
  std::shared_ptr<SessionHandle> session_;
};

class DataStreamReader {
 public:
  explicit DataStreamReader(std::shared_ptr<SessionHandle> session) : session_(std::move(session)) {}
  DataStreamReader& format(const std::string& source);
  DataStreamReader& option(const std::string& key, const std::string& value);
  DataStreamReader& option(const std::string& key, const char* value) { return option(key, std::string(value)); }
  DataStreamReader& option(const std::string& key, bool value) {
    return option(key, std::string(value ? "true" : "false"));
  }
  DataStreamReader& option(const std::string& key, int64_t value) { return option(key, std::to_string(value)); }
  DataStreamReader& option(const std::string& key, int value) { return option(key, std::to_string(value)); }
  DataStreamReader& options(const std::map<std::string, std::string>& values);
  // "a INT, b STRING", for sources that take one.
  DataStreamReader& schema(const std::string& ddl);
  DataFrame load() const;
  DataFrame load(const std::string& path) const;
  // The files of a folder, each once. csv and json need a schema.
  DataFrame csv(const std::string& path) { return format("csv").load(path); }
  DataFrame json(const std::string& path) { return format("json").load(path); }
  DataFrame parquet(const std::string& path) { return format("parquet").load(path); }
  DataFrame text(const std::string& path) { return format("text").load(path); }
  // A view over a stream.
  DataFrame table(const std::string& name) const;

 private:
  std::shared_ptr<SessionHandle> session_;
  std::string format_;
  std::string schema_;
  std::map<std::string, std::string> options_;
};

class DataStreamWriter {
 public:
  explicit DataStreamWriter(std::shared_ptr<const PlanHandle> plan) : plan_(std::move(plan)) {}
  DataStreamWriter& format(const std::string& sink);
  DataStreamWriter& outputMode(const std::string& mode);
  DataStreamWriter& option(const std::string& key, const std::string& value);
  DataStreamWriter& option(const std::string& key, const char* value) { return option(key, std::string(value)); }
  DataStreamWriter& option(const std::string& key, bool value) {
    return option(key, std::string(value ? "true" : "false"));
  }
  DataStreamWriter& option(const std::string& key, int64_t value) { return option(key, std::to_string(value)); }
  DataStreamWriter& option(const std::string& key, int value) { return option(key, std::to_string(value)); }
  DataStreamWriter& options(const std::map<std::string, std::string>& values);
  DataStreamWriter& partitionBy(const std::vector<std::string>& columns);
  DataStreamWriter& partitionBy(std::initializer_list<const char*> columns) {
    return partitionBy(std::vector<std::string>(columns.begin(), columns.end()));
  }
  template <typename... Rest>
  DataStreamWriter& partitionBy(const std::string& first, const Rest&... rest) {
    return partitionBy(std::vector<std::string>{first, std::string(rest)...});
  }
  DataStreamWriter& queryName(const std::string& name);
  DataStreamWriter& trigger(const Trigger& trigger);
  StreamingQuery start() const;
  StreamingQuery start(const std::string& path) const;
  // Starts the query into a table of the catalog, which is made if it is not there.
  StreamingQuery toTable(const std::string& name) const;

 private:
  StreamingQuery startInto(const std::string& path, const std::string& table) const;

  std::shared_ptr<const PlanHandle> plan_;
  std::string format_;
  std::string mode_;
  std::string name_;
  std::map<std::string, std::string> options_;
  std::vector<std::string> partition_columns_;
  std::optional<Trigger> trigger_;
};

}  // namespace sluice
