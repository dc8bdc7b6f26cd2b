// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "base/status.h"
#include "checkpoint/file_sink_log.h"

namespace sluice {

// What the marks in the names of our part files show. `damage` receives a line a finding.

// An entry that names a file of another batch or query than its own. Compact files name everybody's.
Status CheckEntryMarks(const FileSinkLog& log, const std::string& query_id, std::vector<std::string>* damage);

// Takes out of `orphans` the files of committed batches whose task no entry names: the log may have lost their line,
// and with it their rows. (A file of a task that has another file in the log is what a crashed attempt left, and so are
// those of a batch that has only files without marks: Spark ran it again.)
Status FindLostLines(const FileSinkLog& log, const std::string& query_id, std::vector<std::string>* orphans,
                     std::vector<std::string>* damage);

}  // namespace sluice
