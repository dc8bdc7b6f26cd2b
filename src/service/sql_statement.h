// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <spark/connect/relations.pb.h>

#include <optional>
#include <string>

#include "analysis/sql/parser.h"
#include "base/status.h"

namespace sluice {

class Session;

namespace service {

// Runs the text of spark.sql when it is a statement and no query: SET, CREATE TEMPORARY VIEW, EXPLAIN, DESCRIBE, SHOW,
// INSERT OVERWRITE DIRECTORY, and those about schemas and tables. The rows that the statement gives are local data.
// Nothing for any other text.
Result<std::optional<spark::connect::Relation>> RunSqlStatement(Session* session, const std::string& text,
                                                                const ParseOptions& options);

}  // namespace service
}  // namespace sluice
