// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "sluice/dataframe.h"
#include "sluice/spark_catalog.h"
#include "sluice/streaming.h"

namespace sluice {

struct SessionHandle;

class RuntimeConfig {
 public:
  explicit RuntimeConfig(std::shared_ptr<SessionHandle> session) : session_(std::move(session)) {}
  void set(const std::string& key, const std::string& value);
  std::string get(const std::string& key) const;
  std::string get(const std::string& key, const std::string& fallback) const;
  void unset(const std::string& key);

 private:
  std::shared_ptr<SessionHandle> session_;
};

class DataFrameReader {
 public:
  explicit DataFrameReader(std::shared_ptr<SessionHandle> session) : session_(std::move(session)) {}
  DataFrameReader& format(const std::string& source);
  DataFrameReader& option(const std::string& key, const std::string& value);
  DataFrameReader& option(const std::string& key, const char* value) { return option(key, std::string(value)); }
  DataFrameReader& option(const std::string& key, bool value) {
    return option(key, std::string(value ? "true" : "false"));
  }
  DataFrameReader& option(const std::string& key, int64_t value) { return option(key, std::to_string(value)); }
  DataFrameReader& option(const std::string& key, int value) { return option(key, std::to_string(value)); }
  DataFrameReader& options(const std::map<std::string, std::string>& values);
  DataFrameReader& schema(const std::string& ddl);
  DataFrame load() const;
  DataFrame load(const std::string& path) const;
  DataFrame csv(const std::string& path) { return format("csv").load(path); }
  DataFrame json(const std::string& path) { return format("json").load(path); }
  DataFrame parquet(const std::string& path);
  // One row a line, in the column value.
  DataFrame text(const std::string& path) { return format("text").load(path); }
  DataFrame table(const std::string& name) const;

 private:
  std::shared_ptr<SessionHandle> session_;
  std::string format_;
  std::string schema_;
  std::map<std::string, std::string> options_;
};

// The entrance. A cheap value; the session lives until stop() or until the last value that came from it is gone. At a
// server it lives until stop(), or until the server gives it up; a query that was started there goes on without the
// program.
class SparkSession {
 public:
  class Builder {
   public:
    Builder& appName(const std::string& name);
    Builder& master(const std::string& master);
    // A Spark Connect server instead of this process: "sc://host:port/;token=..;use_ssl=true". Without it the variable
    // SPARK_REMOTE names one. Not together with master().
    Builder& remote(const std::string& url);
    Builder& config(const std::string& key, const std::string& value);
    Builder& config(const std::string& key, const char* value) { return config(key, std::string(value)); }
    Builder& config(const std::string& key, bool value) { return config(key, std::string(value ? "true" : "false")); }
    Builder& config(const std::string& key, int value) { return config(key, std::to_string(value)); }
    // The program's session, with these settings added: a new one if there is none or it was stopped. One process has
    // one memory budget and one set of threads, those of its first session. At a server: waits for its answer; settings
    // that it keeps to itself are warned of, and it must not be another one than that of the program's session.
    SparkSession getOrCreate() const;

   private:
    std::map<std::string, std::string> conf_;
  };
  static Builder builder() { return Builder(); }

  explicit SparkSession(std::shared_ptr<SessionHandle> handle) : handle_(std::move(handle)) {}
  DataStreamReader readStream() const { return DataStreamReader(handle_); }
  DataFrameReader read() const { return DataFrameReader(handle_); }
  DataFrame sql(const std::string& query) const;
  DataFrame range(int64_t end) const { return range(0, end); }
  DataFrame range(int64_t start, int64_t end, int64_t step = 1) const;
  DataFrame table(const std::string& name) const { return read().table(name); }
  RuntimeConfig conf() const { return RuntimeConfig(handle_); }
  SparkCatalog catalog() const { return SparkCatalog(handle_); }
  StreamingQueryManager streams() const { return StreamingQueryManager(handle_); }
  // The Spark version whose behaviour and formats these are.
  std::string version() const;
  // Ends all queries, each after its running batch, and waits for them. Any thread; every later call throws
  // SLUICE_SESSION_STOPPED, and getOrCreate makes a new session.
  void stop();

 private:
  std::shared_ptr<SessionHandle> handle_;
};

// Puts the NAME=VALUE lines of a file into this process's environment, where a name is not set yet. False when there is
// no such file; throws SparkException, naming file and line, when it cannot be read as such. ".env": docs/security.md.
bool loadDotenv(const std::string& path = ".env");

}  // namespace sluice
