// SPDX-License-Identifier: Apache-2.0
#include "client/errors.h"

#include "base/redaction.h"
#include "base/spark_error.h"
#include "sluice/exception.h"

namespace sluice {
namespace {

template <typename Exception>
void Throw(const Status& status) {
  if (status.ok()) return;
  const SparkErrorDetail* detail = FindSparkError(status);
  const std::string message = Redact(detail != nullptr ? detail->ToString() : status.ToString());
  throw Exception(message, detail != nullptr ? detail->error_class : "", detail != nullptr ? detail->sqlstate : "");
}

}  // namespace

void ThrowIfError(const Status& status) {
  Throw<SparkException>(status);
}
void ThrowIfQueryFailed(const Status& status) {
  Throw<StreamingQueryException>(status);
}

}  // namespace sluice
