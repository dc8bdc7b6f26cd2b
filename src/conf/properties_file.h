// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "base/status.h"

namespace sluice {

// One setting of a file, with the line where it begins (from 1).
struct Property {
  std::string key;
  std::string value;
  int line = 0;
};

// Reads Java's properties format, as spark-defaults.conf and --properties-file of spark-submit have it: a key a line,
// then '=', ':' or blanks, then the value; # and ! begin comments, a backslash at the end goes on in the next line, \t,
// \n, \r, \f and \uXXXX are what they are in Java. Spark trims values. A key without a value is an error here
// (SLUICE_USAGE, "file:line: ..."), in Java it has an empty one. Texts of lines are not shown: they may be secrets.
Result<std::vector<Property>> ParseProperties(const std::string& text, const std::string& file_name);

}  // namespace sluice
