// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "sluice/column.h"
#include "sluice/functions.h"

namespace sluice {

// The same with a constant on one side: col("stars") >= 4, col("state") == "MO".
template <Constant T>
Column operator+(const Column& a, const T& b) {
  return a + functions::lit(b);
}
template <Constant T>
Column operator+(const T& a, const Column& b) {
  return functions::lit(a) + b;
}
template <Constant T>
Column operator-(const Column& a, const T& b) {
  return a - functions::lit(b);
}
template <Constant T>
Column operator-(const T& a, const Column& b) {
  return functions::lit(a) - b;
}
template <Constant T>
Column operator*(const Column& a, const T& b) {
  return a * functions::lit(b);
}
template <Constant T>
Column operator*(const T& a, const Column& b) {
  return functions::lit(a) * b;
}
template <Constant T>
Column operator/(const Column& a, const T& b) {
  return a / functions::lit(b);
}
template <Constant T>
Column operator/(const T& a, const Column& b) {
  return functions::lit(a) / b;
}
template <Constant T>
Column operator%(const Column& a, const T& b) {
  return a % functions::lit(b);
}
template <Constant T>
Column operator%(const T& a, const Column& b) {
  return functions::lit(a) % b;
}
template <Constant T>
Column operator==(const Column& a, const T& b) {
  return a == functions::lit(b);
}
template <Constant T>
Column operator==(const T& a, const Column& b) {
  return functions::lit(a) == b;
}
template <Constant T>
Column operator!=(const Column& a, const T& b) {
  return a != functions::lit(b);
}
template <Constant T>
Column operator!=(const T& a, const Column& b) {
  return functions::lit(a) != b;
}
template <Constant T>
Column operator<(const Column& a, const T& b) {
  return a < functions::lit(b);
}
template <Constant T>
Column operator<(const T& a, const Column& b) {
  return functions::lit(a) < b;
}
template <Constant T>
Column operator<=(const Column& a, const T& b) {
  return a <= functions::lit(b);
}
template <Constant T>
Column operator<=(const T& a, const Column& b) {
  return functions::lit(a) <= b;
}
template <Constant T>
Column operator>(const Column& a, const T& b) {
  return a > functions::lit(b);
}
template <Constant T>
Column operator>(const T& a, const Column& b) {
  return functions::lit(a) > b;
}
template <Constant T>
Column operator>=(const Column& a, const T& b) {
  return a >= functions::lit(b);
}
template <Constant T>
Column operator>=(const T& a, const Column& b) {
  return functions::lit(a) >= b;
}

template <typename T>
Column Column::contains(const T& text) const {
  return contains(functions::lit(text));
}
template <typename T>
Column Column::startsWith(const T& text) const {
  return startsWith(functions::lit(text));
}
template <typename T>
Column Column::endsWith(const T& text) const {
  return endsWith(functions::lit(text));
}
template <typename Low, typename High>
Column Column::between(const Low& low, const High& high) const {
  return between(functions::lit(low), functions::lit(high));
}
template <typename First, typename... Rest>
Column Column::isin(const First& first, const Rest&... rest) const {
  return isin(std::vector<Column>{functions::lit(first), functions::lit(rest)...});
}
template <typename T>
Column Column::eqNullSafe(const T& value) const {
  return eqNullSafe(functions::lit(value));
}
template <typename T>
Column Column::when(const Column& condition, const T& value) const {
  return when(condition, functions::lit(value));
}
template <typename T>
Column Column::otherwise(const T& value) const {
  return otherwise(functions::lit(value));
}

}  // namespace sluice
