// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/status.h"

namespace sluice {

// Throws SparkException for an error.
void ThrowIfError(const Status& status);
// Throws StreamingQueryException for an error.
void ThrowIfQueryFailed(const Status& status);

// The value, or an exception.
template <typename T>
T ValueOrThrow(Result<T> result) {
  ThrowIfError(result.status());
  return std::move(result).ValueUnsafe();
}

}  // namespace sluice
