// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <concepts>
#include <memory>
#include <string>
#include <vector>

namespace sluice {

struct ColumnNode;  // an unresolved Spark Connect expression

// An expression over the columns of a DataFrame, not yet resolved. A cheap value.
class Column {
 public:
  // A column by name: "a", "a.b", "`odd name`", "*".
  explicit Column(const std::string& name);
  explicit Column(std::shared_ptr<const ColumnNode> node) : node_(std::move(node)) {}
  // Constants.
  static Column literal(const char* value);
  static Column literal(const std::string& value);
  static Column literal(bool value);
  static Column literal(int value);
  static Column literal(long long value);
  static Column literal(double value);
  static Column null();

  Column as(const std::string& name) const;
  Column alias(const std::string& name) const { return as(name); }
  Column name(const std::string& name) const { return as(name); }
  // A type as SQL writes it: "int", "decimal(10,2)".
  Column cast(const std::string& type) const;
  Column try_cast(const std::string& type) const;
  Column getItem(int index) const;
  Column getItem(const std::string& key) const;
  Column getField(const std::string& name) const;
  Column operator[](int index) const { return getItem(index); }

  Column isNull() const;
  Column isNotNull() const;
  Column like(const std::string& pattern) const;
  Column rlike(const std::string& pattern) const;
  Column contains(const Column& other) const;
  Column startsWith(const Column& other) const;
  Column endsWith(const Column& other) const;
  Column substr(int start, int length) const;
  Column between(const Column& low, const Column& high) const;
  Column isin(const std::vector<Column>& values) const;
  Column eqNullSafe(const Column& other) const;
  Column asc() const;
  Column desc() const;

  const ColumnNode& node() const { return *node_; }

 private:
  std::shared_ptr<const ColumnNode> node_;
};

namespace functions {
Column col(const std::string& name);
template <typename T>
Column lit(const T& value) {
  if constexpr (std::same_as<T, Column>) {
    return value;
  } else if constexpr (std::integral<T> && !std::same_as<T, bool> && !std::same_as<T, int>) {
    return Column::literal(static_cast<long long>(value));
  } else {
    return Column::literal(value);
  }
}
// An expression in SQL.
Column expr(const std::string& sql);
// Any function by its name in SQL.
Column call_function(const std::string& name, const std::vector<Column>& args);

Column split(const Column& value, const std::string& pattern, int limit = -1);
Column current_timestamp();
Column coalesce(const std::vector<Column>& values);
Column concat(const std::vector<Column>& values);
Column upper(const Column& value);
Column lower(const Column& value);
Column trim(const Column& value);
Column length(const Column& value);
Column to_date(const Column& value);
Column to_timestamp(const Column& value);
Column from_json(const Column& value, const std::string& schema);
Column get_json_object(const Column& value, const std::string& path);
Column when(const Column& condition, const Column& value, const Column& otherwise);
Column count(const Column& value);
Column countDistinct(const Column& value);
Column sum(const Column& value);
Column avg(const Column& value);
Column min(const Column& value);
Column max(const Column& value);
}  // namespace functions

Column operator+(const Column& a, const Column& b);
Column operator-(const Column& a, const Column& b);
Column operator*(const Column& a, const Column& b);
Column operator/(const Column& a, const Column& b);
Column operator%(const Column& a, const Column& b);
Column operator==(const Column& a, const Column& b);
Column operator!=(const Column& a, const Column& b);
Column operator<(const Column& a, const Column& b);
Column operator<=(const Column& a, const Column& b);
Column operator>(const Column& a, const Column& b);
Column operator>=(const Column& a, const Column& b);
Column operator&&(const Column& a, const Column& b);
Column operator||(const Column& a, const Column& b);
Column operator!(const Column& a);

}  // namespace sluice
