// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "base/status.h"

namespace sluice {

// Who looked for a name: the error's search path depends on it.
enum class Lookup { kCatalog, kQuery };

// Spark's errors about names of the catalog. `name`: its parts, as the error shows them.
Status TableNotFound(const std::vector<std::string>& name, const std::string& current_database,
                     Lookup lookup = Lookup::kCatalog);
// Of a table that DROP names, with all its parts.
Status NothingToDrop(const std::vector<std::string>& name, const std::string& current_database);
Status TableExists(const std::vector<std::string>& name);
Status TemporaryViewExists(const std::vector<std::string>& name);
Status SchemaNotFound(const std::vector<std::string>& name);
Status SchemaExists(const std::vector<std::string>& name);
Status SchemaNotEmpty(const std::vector<std::string>& name);
Status LocationExists(const std::vector<std::string>& name, const std::string& location);
// A view stands where a statement needs a table, or the other way round. `operation`: "INSERT INTO".
Status TableExpected(const std::vector<std::string>& name, const std::string& operation);
Status UseAlterView(const std::vector<std::string>& name, const std::string& operation);
// `alters`: there is an ALTER TABLE that does it.
Status ViewExpected(const std::vector<std::string>& name, const std::string& operation, bool alters);
Status ViewNotTemporary(const std::vector<std::string>& name, const std::string& operation);

}  // namespace sluice
