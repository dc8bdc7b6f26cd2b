// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

namespace sluice {

struct JsonBounds {
  int depth = 1000;          // arrays and objects in each other; more than any file of Spark's or schema needs
  int object_keys = 10'000;  // keys of one object
};

// Says what of a text is beyond the bounds ("it is nested too deeply"), or "" for nothing. Not a check of the JSON.
// A text beyond them parses, but harms its reader: code that walks a deep value by recursion runs out of stack, and an
// object that keeps the order of its keys compares each key with all before it.
std::string_view BeyondJsonBounds(std::string_view json, const JsonBounds& bounds = {});

}  // namespace sluice
