// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "sluice/column.h"

// The Arrow C stream interface (https://arrow.apache.org/docs/format/CStreamInterface.html).
struct ArrowArrayStream;

namespace sluice {

struct PlanHandle;  // an unresolved Spark Connect relation with its session
class DataStreamWriter;
class GroupedData;

// One row of a small result: its values as Spark prints them, nothing for NULL.
using Row = std::vector<std::optional<std::string>>;

// A relation that has not run yet. A cheap value; errors in names and types come when it is resolved (schema(), show(),
// start()), as over Spark Connect.
class DataFrame {
 public:
  explicit DataFrame(std::shared_ptr<const PlanHandle> plan) : plan_(std::move(plan)) {}

  DataFrame select(const std::vector<Column>& columns) const;
  DataFrame select(const std::vector<std::string>& names) const;
  DataFrame selectExpr(const std::vector<std::string>& expressions) const;
  template <typename... Strings>
  DataFrame selectExpr(const std::string& first, const Strings&... rest) const {
    return selectExpr(std::vector<std::string>{first, std::string(rest)...});
  }
  DataFrame withColumn(const std::string& name, const Column& value) const;
  DataFrame withColumnRenamed(const std::string& from, const std::string& to) const;
  DataFrame drop(const std::string& name) const;
  DataFrame filter(const Column& condition) const;
  DataFrame filter(const std::string& condition) const;
  DataFrame where(const Column& condition) const { return filter(condition); }
  DataFrame where(const std::string& condition) const { return filter(condition); }
  GroupedData groupBy(const std::vector<std::string>& names) const;
  DataFrame orderBy(const std::vector<Column>& keys) const;
  DataFrame sort(const std::vector<Column>& keys) const { return orderBy(keys); }
  DataFrame limit(int count) const;
  DataFrame offset(int count) const;
  DataFrame distinct() const;
  DataFrame repartition(int partitions) const;
  DataFrame coalesce(int partitions) const;
  DataFrame alias(const std::string& name) const;

  // Spark's schema JSON.
  std::string schemaJson() const;
  std::vector<std::string> columns() const;
  void printSchema() const;
  void explain() const;
  bool isStreaming() const;

  // Prints the first rows as a table.
  void show(int rows = 20, bool truncate = true) const;
  std::string showString(int rows = 20, int truncate = 20) const;
  std::vector<Row> collect() const;
  int64_t count() const;
  // Exports the rows; the stream must be released by its consumer and may outlive everything else.
  void toArrow(ArrowArrayStream* out) const;

  void createOrReplaceTempView(const std::string& name) const;
  DataStreamWriter writeStream() const;

  const PlanHandle& plan() const { return *plan_; }

 private:
  std::shared_ptr<const PlanHandle> plan_;
};

class GroupedData {
 public:
  GroupedData(std::shared_ptr<const PlanHandle> plan, std::vector<std::string> names)
      : plan_(std::move(plan)), names_(std::move(names)) {}
  DataFrame agg(const std::vector<Column>& aggregates) const;
  DataFrame count() const;

 private:
  std::shared_ptr<const PlanHandle> plan_;
  std::vector<std::string> names_;
};

}  // namespace sluice
