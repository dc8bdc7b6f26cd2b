// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sluice {

// A JSON value as it was written: numbers keep their text, members their order and repetitions; strings are decoded
// and need not be UTF-8.
struct JsonValue {
  enum Kind { kNull, kTrue, kFalse, kNumber, kString, kArray, kObject };
  Kind kind = kNull;
  std::string text;  // of a number or string
  std::vector<JsonValue> items;
  std::vector<std::pair<std::string, JsonValue>> members;

  // In the source, where the pairs of `members` are complete types: clang insists.
  JsonValue();
  ~JsonValue();
  JsonValue(const JsonValue&);
  JsonValue(JsonValue&&) noexcept;
  JsonValue& operator=(const JsonValue&);
  JsonValue& operator=(JsonValue&&) noexcept;

  // The value of the first member with this name, or null.
  const JsonValue* Find(std::string_view name) const;
};

// One value; what follows it is looked at only when `whole`. Nothing when malformed or nested deeper than 1,000.
std::optional<JsonValue> ParseJson(std::string_view text, bool whole);

// What is no UTF-8 becomes U+FFFD (types/utf8_repair.h).
void AppendJsonString(std::string_view text, std::string* out);
// Without blanks.
void AppendJson(const JsonValue& value, std::string* out);

}  // namespace sluice
