// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdio>
#include <cstdlib>
#include <string>

// A property that no input may break.
#define FUZZ_CHECK(condition, text)                                                                       \
  do {                                                                                                    \
    if (!(condition)) {                                                                                   \
      std::fprintf(stderr, "%s:%d: %s\n%s\n", __FILE__, __LINE__, #condition, std::string(text).c_str()); \
      std::abort();                                                                                       \
    }                                                                                                     \
  } while (false)
