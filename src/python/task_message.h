// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "python/worker_task.h"

namespace sluice {

// What a worker of a version of pyspark reads before the rows: where it runs, its settings, the functions.
std::string TaskMessage(const PythonTaskSpec& spec, const PythonVersions& versions);
// Whether a worker of this version gets each group of rows as a stream of its own.
bool TakesGroups(PythonEval eval, int pyspark_minor);
// How many longs a worker of this version sends at the end.
int TimingLongs(int pyspark_minor);

}  // namespace sluice
