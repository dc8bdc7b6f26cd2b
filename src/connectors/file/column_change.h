// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <arrow/type_fwd.h>

#include <string>

#include "checkpoint/file_sink_log.h"
#include "connectors/file/file_sink_settings.h"
#include "env/env.h"

namespace sluice {

// How the columns that a query writes differ from those of a table's last data file: "review_date is new, purchase_date
// is missing, stars was INT and is STRING". Empty when they do not, or when that cannot be told cheaply: one log entry
// and one footer are read. Order and NOT NULL are no difference.
std::string ColumnChange(const arrow::Schema& query, const FileSinkSettings& settings, const FileSinkLog& log,
                         const Location& table);

// The same of two schemas.
std::string SchemaChange(const arrow::Schema& before, const arrow::Schema& now);

}  // namespace sluice
