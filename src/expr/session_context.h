// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "conf/session_options.h"
#include "expr/expr.h"

namespace sluice {

// The context in which a session's expressions are folded and evaluated. `now_us`: current_timestamp(), microseconds
// since 1970 UTC.
inline EvalContext ContextOf(const SessionOptions& options, int64_t now_us) {
  EvalContext context;
  context.now_us = now_us;
  context.time_zone = options.time_zone;
  context.ansi = options.ansi;
  return context;
}

}  // namespace sluice
