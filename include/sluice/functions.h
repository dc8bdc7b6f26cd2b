// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <concepts>
#include <string>
#include <vector>

#include "sluice/column.h"

namespace sluice {

namespace functions {
Column col(const std::string& name);
// A constant; a Column stays what it is.
template <typename T>
Column lit(const T& value) {
  if constexpr (std::same_as<T, Column>) {
    return value;
  } else if constexpr (std::floating_point<T>) {
    return Column::literal(static_cast<double>(value));
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
// CASE WHEN: when(a, 1).when(b, 2).otherwise(3); without otherwise NULL.
Column when(const Column& condition, const Column& value);
template <Constant T>
Column when(const Column& condition, const T& value) {
  return when(condition, lit(value));
}
// The windows that a time lies in, as a key of groupBy: of this duration ("10 minutes"), one beginning each slide, or
// side by side, and shifted by the start.
Column window(const Column& time, const std::string& duration);
Column window(const Column& time, const std::string& duration, const std::string& slide);
Column window(const Column& time, const std::string& duration, const std::string& slide, const std::string& start);
// The session that a time lies in, as a key of groupBy: times of a group that are less than the gap ("5 minutes") apart
// share one. The gap may be a text of each row.
Column session_window(const Column& time, const std::string& gap);
Column session_window(const Column& time, const Column& gap);
// Keys of orderBy by name.
Column asc(const std::string& name);
Column desc(const std::string& name);
Column count(const Column& value);
Column countDistinct(const Column& value);
Column sum(const Column& value);
Column avg(const Column& value);
Column min(const Column& value);
Column max(const Column& value);
// Of a column by name, since an aggregate of a constant text is of no use: avg("stars"), count("*").
Column count(const std::string& name);
Column countDistinct(const std::string& name);
Column sum(const std::string& name);
Column avg(const std::string& name);
Column min(const std::string& name);
Column max(const std::string& name);
}  // namespace functions

}  // namespace sluice
