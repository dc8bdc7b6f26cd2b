// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "expr/json_tokenizer.h"

namespace sluice {

// A path of get_json_object: $.name['name'][0][*].*
class JsonPath {
 public:
  // Nothing when it is no path.
  static std::optional<JsonPath> Parse(std::string_view text);

  // Appends what the path finds in `json`, as Hive and Spark write it: a string without quotes, a value behind [*]
  // alone as it is, several in an array. False when there is nothing, or the JSON is malformed before it is found.
  bool Find(std::string_view json, JsonTokenizer* tokenizer, std::string* out) const;

  // [*] and [1] are two steps, kSubscript and what stands in it; .a is kKey and kName. A .* alone is kWildcard, which
  // finds nothing, in Spark too.
  struct Step {
    enum Kind { kSubscript, kKey, kWildcard, kIndex, kName };
    Kind kind;
    int64_t index = 0;
    std::string name;
  };

 private:
  std::vector<Step> steps_;
};

// The departures from the JSON standard that the functions which look into JSON allow.
JsonSyntax JsonPathSyntax();

}  // namespace sluice
