// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <concepts>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <string>
#include <vector>

namespace sluice {

class WindowSpec;
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
  static Column literal(std::chrono::system_clock::time_point value);  // TIMESTAMP, in microseconds
  static Column null();

  Column as(const std::string& name) const;
  // Of a function that makes several columns: posexplode(..).as({"at", "tag"}).
  Column as(const std::vector<std::string>& names) const;
  Column as(std::initializer_list<const char*> names) const {
    return as(std::vector<std::string>(names.begin(), names.end()));
  }
  Column alias(const std::string& name) const { return as(name); }
  // A window function or an aggregate over other rows (window.h).
  Column over(const WindowSpec& window) const;
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
  // After functions::when: what to give where none of the conditions before holds.
  Column when(const Column& condition, const Column& value) const;
  Column otherwise(const Column& value) const;
  // The same with constants: isin("MO", "IL"), between(1, 5), startsWith("x"), otherwise(0).
  template <typename T>
  Column contains(const T& text) const;
  template <typename T>
  Column startsWith(const T& text) const;
  template <typename T>
  Column endsWith(const T& text) const;
  template <typename Low, typename High>
  Column between(const Low& low, const High& high) const;
  template <typename First, typename... Rest>
  Column isin(const First& first, const Rest&... rest) const;
  template <typename T>
  Column eqNullSafe(const T& value) const;
  template <typename T>
  Column when(const Column& condition, const T& value) const;
  template <typename T>
  Column otherwise(const T& value) const;
  Column asc() const;
  Column desc() const;

  const ColumnNode& node() const { return *node_; }

 private:
  std::shared_ptr<const ColumnNode> node_;
};

// What can stand for a constant in an expression. const char* and std::string are text, never names of columns.
template <typename T>
concept Constant = std::integral<T> || std::floating_point<T> || std::convertible_to<const T&, std::string> ||
    std::same_as<T, std::chrono::system_clock::time_point>;

// A column, or its name: what select, groupBy, orderBy and drop take.
class ColumnOrName {
 public:
  ColumnOrName(const Column& column) : column_(column) {}         // NOLINT(google-explicit-constructor)
  ColumnOrName(const std::string& name) : column_(name) {}        // NOLINT(google-explicit-constructor)
  ColumnOrName(const char* name) : column_(std::string(name)) {}  // NOLINT(google-explicit-constructor)
  const Column& column() const { return column_; }

 private:
  Column column_;
};

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
