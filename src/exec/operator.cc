// SPDX-License-Identifier: Apache-2.0
#include "exec/operator.h"

#include "base/spark_error.h"

namespace sluice {

Status AtPlaceOf(const Operator& input, const Status& status) {
  const SparkErrorDetail* detail = FindSparkError(status);
  if (detail == nullptr || !detail->row) return status;
  std::string place = input.PlaceOf(*detail->row);
  return place.empty() ? status : WithContext(status, std::move(place));
}

}  // namespace sluice
