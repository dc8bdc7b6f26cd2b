// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "base/status.h"
#include "exec/task_pipeline.h"
#include "plan/plan.h"

namespace sluice {

struct QuerySpec;

// A checksum (8 hex digits) of all that decides how a batch is cut into files, and more: one that differs means that an
// earlier attempt may have made files of other names. Secrets are left out: they decide nothing, and their checksum in
// a stored file would help whoever guesses them.
std::string SetupOf(const QuerySpec& spec);

// The plan of the rows that the sink gets. A row whose partition value cannot be the name of a folder fails in it,
// where it can be set aside.
PlanPtr RowsToWrite(const QuerySpec& spec);

// Refuses a replay of bad records that cannot be: without their folder, or of a source that does not keep records
// whole.
Status CheckWork(const QuerySpec& spec, const StreamingShape& shape);

}  // namespace sluice
