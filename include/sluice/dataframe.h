// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <initializer_list>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "sluice/column.h"
#include "sluice/dataframe_writer.h"

// The Arrow C stream interface (https://arrow.apache.org/docs/format/CStreamInterface.html).
struct ArrowArrayStream;

namespace sluice {

struct PlanHandle;  // an unresolved Spark Connect relation with its session
class DataStreamWriter;
class GroupedData;

// One row of a small result: its values as Spark prints them, nothing for NULL.
using Row = std::vector<std::optional<std::string>>;

// A column of a schema. `type` as SQL writes it: "decimal(10,2)".
struct SchemaField {
  std::string name;
  std::string type;
  bool nullable = true;
};

// A relation that has not run yet: a cheap value that any thread may use. Methods that give a DataFrame only plan;
// errors in names and types come when it is resolved (schema(), show(), start()), as over Spark Connect. Whatever takes
// columns takes names as well: select("a", col("b") + 1), select({"a", "b"}).
class DataFrame {
 public:
  explicit DataFrame(std::shared_ptr<const PlanHandle> plan) : plan_(std::move(plan)) {}

  DataFrame select(const std::vector<Column>& columns) const;
  DataFrame select(const std::vector<std::string>& names) const;
  DataFrame select(std::initializer_list<ColumnOrName> columns) const;
  template <typename... Rest>
  DataFrame select(const ColumnOrName& first, const Rest&... rest) const {
    return select({first, ColumnOrName(rest)...});
  }
  DataFrame selectExpr(const std::vector<std::string>& expressions) const;
  DataFrame selectExpr(std::initializer_list<const char*> expressions) const {
    return selectExpr(std::vector<std::string>(expressions.begin(), expressions.end()));
  }
  template <typename... Strings>
  DataFrame selectExpr(const std::string& first, const Strings&... rest) const {
    return selectExpr(std::vector<std::string>{first, std::string(rest)...});
  }
  DataFrame withColumn(const std::string& name, const Column& value) const;
  DataFrame withColumnRenamed(const std::string& from, const std::string& to) const;
  DataFrame drop(const std::vector<std::string>& names) const;
  DataFrame drop(std::initializer_list<const char*> names) const {
    return drop(std::vector<std::string>(names.begin(), names.end()));
  }
  template <typename... Rest>
  DataFrame drop(const std::string& first, const Rest&... rest) const {
    return drop(std::vector<std::string>{first, std::string(rest)...});
  }
  DataFrame filter(const Column& condition) const;
  DataFrame filter(const std::string& condition) const;
  DataFrame where(const Column& condition) const { return filter(condition); }
  DataFrame where(const std::string& condition) const { return filter(condition); }
  GroupedData groupBy(const std::vector<std::string>& names) const;
  GroupedData groupBy(const std::vector<Column>& keys) const;
  GroupedData groupBy(std::initializer_list<ColumnOrName> keys) const;
  template <typename... Rest>
  GroupedData groupBy(const ColumnOrName& first, const Rest&... rest) const;
  // Groups by all keys, by fewer and fewer of them, and by none; or by every choice of them.
  GroupedData rollup(std::initializer_list<ColumnOrName> keys) const;
  GroupedData cube(std::initializer_list<ColumnOrName> keys) const;
  // Aggregates of all rows: agg(functions::count(lit(1)), functions::max(col("a"))).
  template <typename... Columns>
  DataFrame agg(const Columns&... aggregates) const;
  DataFrame orderBy(const std::vector<Column>& keys) const;
  DataFrame orderBy(std::initializer_list<ColumnOrName> keys) const;
  template <typename... Rest>
  DataFrame orderBy(const ColumnOrName& first, const Rest&... rest) const {
    return orderBy({first, ColumnOrName(rest)...});
  }
  template <typename... Keys>
  DataFrame sort(const Keys&... keys) const {
    return orderBy(keys...);
  }
  DataFrame sort(std::initializer_list<ColumnOrName> keys) const { return orderBy(keys); }
  DataFrame limit(int count) const;
  DataFrame offset(int count) const;
  DataFrame distinct() const;
  // Of a stream: how late rows may come by the time in this column, such as "10 seconds". Groups, duplicates and joins
  // by that time, or by windows of it, leave the state once it has passed.
  DataFrame withWatermark(const std::string& eventTime, const std::string& delayThreshold) const;
  // The same rows. In a streaming query the aggregates of those of a batch stand in its progress under this name, as
  // `observedMetrics`; of other queries they are not told.
  DataFrame observe(const std::string& name, const std::vector<Column>& metrics) const;
  // Joins by columns of one name, which the result has once. Types as Spark writes them: inner, left, right, full,
  // left_semi, left_anti, and their longer forms (left_outer, leftouter, ..).
  DataFrame join(const DataFrame& other, const std::vector<std::string>& columns,
                 const std::string& type = "inner") const;
  DataFrame join(const DataFrame& other, std::initializer_list<std::string> columns,
                 const std::string& type = "inner") const {
    return join(other, std::vector<std::string>(columns), type);
  }
  DataFrame join(const DataFrame& other, const std::string& column, const std::string& type = "inner") const;
  // Joins by a condition; columns of one name are told apart by alias(): col("a.id") == col("b.id").
  DataFrame join(const DataFrame& other, const Column& condition, const std::string& type = "inner") const;
  DataFrame crossJoin(const DataFrame& other) const;
  // Both inputs' rows, duplicates too; columns by place, under this one's names. Streams as well. (`union` is a word of
  // C++.)
  DataFrame unionAll(const DataFrame& other) const;
  // Columns by name; with `allow_missing_columns` one that only one side has is NULL for the other.
  DataFrame unionByName(const DataFrame& other, bool allow_missing_columns = false) const;
  // The distinct rows that both have, or that only this one has.
  DataFrame intersect(const DataFrame& other) const;
  DataFrame subtract(const DataFrame& other) const;
  // The same, each row as often as it is there.
  DataFrame intersectAll(const DataFrame& other) const;
  DataFrame exceptAll(const DataFrame& other) const;
  // The first row of each different value of these columns.
  DataFrame dropDuplicates(const std::vector<std::string>& names) const;
  // A random part; the same seed gives the same rows.
  DataFrame sample(double fraction, int64_t seed) const;
  // Columns to rows: a row for each of the values, with its column's name.
  DataFrame unpivot(const std::vector<std::string>& ids, const std::vector<std::string>& values,
                    const std::string& variable_name, const std::string& value_name) const;
  // The same rows in so many tasks, and so files of a write: row after row to the next one, or by Spark's hash of the
  // columns, so that equal ones are together. Plans only.
  DataFrame repartition(int partitions) const;
  DataFrame repartition(int partitions, const std::vector<Column>& columns) const;
  // By the order of the columns, equal ones together. Batch queries only.
  DataFrame repartitionByRange(int partitions, const std::vector<Column>& columns) const;
  // Neighbouring tasks together, until there are so many at most.
  DataFrame coalesce(int partitions) const;
  DataFrame alias(const std::string& name) const;

  // Spark's schema JSON.
  std::string schemaJson() const;
  std::vector<SchemaField> schema() const;
  std::vector<std::string> columns() const;
  // Name and type of each column.
  std::vector<std::pair<std::string, std::string>> dtypes() const;
  void printSchema() const;
  void explain() const;
  bool isStreaming() const;

  // Prints the first rows as a table.
  void show(int rows = 20, bool truncate = true) const;
  std::string showString(int rows = 20, int truncate = 20) const;
  // Runs the query and holds all its rows as text.
  std::vector<Row> collect() const;
  // The first rows; take runs no further than it must.
  std::vector<Row> take(int rows) const;
  std::vector<Row> head(int rows) const { return take(rows); }
  std::optional<Row> first() const;
  std::optional<Row> head() const { return first(); }
  // The last rows: runs the whole query and holds no more than these.
  std::vector<Row> tail(int rows) const;
  bool isEmpty() const { return !first().has_value(); }
  // Runs the query to count its rows.
  int64_t count() const;
  // Exports the rows; the stream must be released by its consumer and may outlive everything else.
  void toArrow(ArrowArrayStream* out) const;

  // A view of this session; the global ones are named global_temp.name, by all sessions of the process. Those without
  // "replace" throw TEMP_TABLE_OR_VIEW_ALREADY_EXISTS.
  void createTempView(const std::string& name) const;
  void createOrReplaceTempView(const std::string& name) const;
  void createGlobalTempView(const std::string& name) const;
  void createOrReplaceGlobalTempView(const std::string& name) const;
  DataFrameWriter write() const;
  DataStreamWriter writeStream() const;

  const PlanHandle& plan() const { return *plan_; }

 private:
  std::shared_ptr<const PlanHandle> plan_;
};

// Groups of a DataFrame, on which nothing has run yet. A cheap value.
class GroupedData {
 public:
  enum class Kind { kGroupBy, kRollup, kCube };
  GroupedData(std::shared_ptr<const PlanHandle> plan, std::vector<Column> keys, Kind kind = Kind::kGroupBy)
      : plan_(std::move(plan)), keys_(std::move(keys)), kind_(kind) {}
  // A column for each value of `name`, or for each of `values`.
  GroupedData pivot(const std::string& name, const std::vector<Column>& values = {}) const;
  DataFrame agg(const std::vector<Column>& aggregates) const;
  // Column name to aggregate function: agg({{"stars", "avg"}, {"*", "count"}}).
  DataFrame agg(std::initializer_list<std::pair<std::string, std::string>> aggregates) const;
  template <typename... Rest>
  DataFrame agg(const Column& first, const Rest&... rest) const {
    return agg(std::vector<Column>{first, rest...});
  }
  DataFrame count() const;
  // One aggregate of each named column.
  template <typename... Names>
  DataFrame avg(const Names&... names) const {
    return Each("avg", {std::string(names)...});
  }
  template <typename... Names>
  DataFrame mean(const Names&... names) const {
    return Each("avg", {std::string(names)...});
  }
  template <typename... Names>
  DataFrame sum(const Names&... names) const {
    return Each("sum", {std::string(names)...});
  }
  template <typename... Names>
  DataFrame min(const Names&... names) const {
    return Each("min", {std::string(names)...});
  }
  template <typename... Names>
  DataFrame max(const Names&... names) const {
    return Each("max", {std::string(names)...});
  }

 private:
  DataFrame Each(const std::string& function, const std::vector<std::string>& names) const;

  std::shared_ptr<const PlanHandle> plan_;
  std::vector<Column> keys_;
  Kind kind_;
  std::vector<Column> pivot_;  // the column, then its values
};

template <typename... Rest>
GroupedData DataFrame::groupBy(const ColumnOrName& first, const Rest&... rest) const {
  return groupBy({first, ColumnOrName(rest)...});
}

template <typename... Columns>
DataFrame DataFrame::agg(const Columns&... aggregates) const {
  return groupBy(std::vector<Column>()).agg(std::vector<Column>{aggregates...});
}

}  // namespace sluice
