// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "exec/planner.h"

namespace sluice {

// Opens batch scans by the registry of connectors. Of `context` options, paths and what was resolved are the scan's
// own.
SourceOpener ScanOpener(SourceContext context);

}  // namespace sluice
