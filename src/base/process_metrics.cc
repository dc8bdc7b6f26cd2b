// SPDX-License-Identifier: Apache-2.0
#include "base/process_metrics.h"

namespace sluice {

ProcessMetrics& TheProcessMetrics() {
  static ProcessMetrics metrics;
  return metrics;
}

}  // namespace sluice
