// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "analysis/sql/parser.h"

namespace sluice::sql {

// A text whose variables are replaced.
struct SubstitutedText {
  // A value outside quotes, from `begin` up to `end`. It ends no statement and begins no comment:
  // `SET spark.hadoop.fs.s3a.session.token = ${TOKEN};` takes a token with `--` or `;` in it whole.
  struct Value {
    size_t begin = 0;
    size_t end = 0;
  };

  std::string text;
  std::vector<Value> values;  // in the order of their places
};

// Replaces ${NAME} by its value, before anything is parsed. Inside a quoted string the value's quotes and backslashes
// are escaped, so that no value can end the string; comments stay as they are. A variable without a value is an error
// that names it and its place, and so is an empty one: `s3a://lake/${USER}/t` must not become `s3a://lake//t`.
// ${NAME:-text} stands for `text` when NAME is missing or empty; ${NAME:-} allows the empty value. Values of variables
// with secret names (password, token ...) are registered as secrets.
Result<SubstitutedText> SubstituteVariables(std::string_view text, const std::string& file_name,
                                            const VariableLookup& lookup);

}  // namespace sluice::sql
