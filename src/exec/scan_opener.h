// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "exec/planner.h"

namespace sluice {

// The context in which a scan's connector opens it: of `base` options, paths, columns and what was resolved are the
// scan's own. What may be looked for anew are the files of a table; its columns stay, by their names.
SourceContext ContextOfScan(SourceContext base, const ScanSpec& scan, const Connector& connector);

// Opens batch scans by the registry of connectors. Of `context` options, paths and what was resolved are the scan's
// own.
SourceOpener ScanOpener(SourceContext context);

}  // namespace sluice
