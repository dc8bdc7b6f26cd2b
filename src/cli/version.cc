// SPDX-License-Identifier: Apache-2.0
#include "cli/version.h"

namespace sluice::cli {

std::string VersionText() {
  return "sluice " SLUICE_VERSION " (Spark " SLUICE_SPARK_VERSION ")";
}

}  // namespace sluice::cli
