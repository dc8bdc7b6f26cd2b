// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <initializer_list>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace sluice {

struct PlanHandle;

// Says where and how the rows of a DataFrame are written. A value for one thread. Nothing runs before save() and its
// kin, which run the query to its end: a reader sees nothing of it before, and _SUCCESS when all is there. They throw
// SparkException; then what was there before is there still.
class DataFrameWriter {
 public:
  explicit DataFrameWriter(std::shared_ptr<const PlanHandle> plan) : plan_(std::move(plan)) {}
  // csv, json, parquet, text, noop; without one that of spark.sql.sources.default.
  DataFrameWriter& format(const std::string& source);
  // What happens when something is there: "error" (or "errorifexists", which it is at first), "append", "overwrite",
  // "ignore".
  DataFrameWriter& mode(const std::string& mode);
  DataFrameWriter& option(const std::string& key, const std::string& value);
  DataFrameWriter& option(const std::string& key, const char* value) { return option(key, std::string(value)); }
  DataFrameWriter& option(const std::string& key, bool value) {
    return option(key, std::string(value ? "true" : "false"));
  }
  DataFrameWriter& option(const std::string& key, int64_t value) { return option(key, std::to_string(value)); }
  DataFrameWriter& option(const std::string& key, int value) { return option(key, std::to_string(value)); }
  DataFrameWriter& options(const std::map<std::string, std::string>& values);
  // One folder for each value of these columns.
  DataFrameWriter& partitionBy(const std::vector<std::string>& columns);
  DataFrameWriter& partitionBy(std::initializer_list<const char*> columns) {
    return partitionBy(std::vector<std::string>(columns.begin(), columns.end()));
  }
  template <typename... Names>
  DataFrameWriter& partitionBy(const std::string& first, const Names&... rest) {
    return partitionBy(std::vector<std::string>{first, std::string(rest)...});
  }

  void save() const;
  void save(const std::string& path) const;
  void csv(const std::string& path) { format("csv").save(path); }
  void json(const std::string& path) { format("json").save(path); }
  void parquet(const std::string& path) { format("parquet").save(path); }
  void text(const std::string& path) { format("text").save(path); }
  // Makes a table of the catalog, adds to it or replaces it, by the mode. With the option path the table is external:
  // its files are there, and stay when it is dropped.
  void saveAsTable(const std::string& name) const;
  // Adds rows to a table by the position of columns, or replaces its rows in the mode "overwrite".
  void insertInto(const std::string& name) const;

 private:
  std::shared_ptr<const PlanHandle> plan_;
  std::string format_;
  std::string mode_ = "error";
  std::map<std::string, std::string> options_;
  std::vector<std::string> partition_columns_;
};

}  // namespace sluice
