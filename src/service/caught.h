// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <exception>
#include <string>

#include "base/spark_error.h"

namespace sluice {

// What `work` gives, or the exception that left it as an error: whatever one call meets (the system gives no thread
// more, a library throws), the other calls of a server go on.
template <typename Work>
auto Caught(const Work& work) -> decltype(work()) {
  try {
    return work();
  } catch (const std::exception& error) {
    return InternalError(std::string("An exception ended the call: ") + error.what());
  }
}

}  // namespace sluice
