// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <string>
#include <vector>

#include "base/status.h"
#include "catalog/catalog_records.h"

namespace sluice {

class Session;

namespace service {

// The statement that makes the table or view again, as SHOW CREATE TABLE prints it. `name`: as the statement has it.
// EXPECT_PERMANENT_VIEW_NOT_TEMP, UNSUPPORTED_SHOW_CREATE_TABLE.ON_DATA_SOURCE_TABLE_WITH_AS_SERDE.
Result<std::string> CreateStatementOf(Session* session, const std::vector<std::string>& name, bool as_serde);
// A part of a name, in quotes only if it needs them.
std::string Named(const std::string& name);
// What may be shown of properties or options: the values of those that tell of a secret or of an address are hidden.
std::map<std::string, std::string> WithoutSecrets(std::map<std::string, std::string> pairs);

}  // namespace service
}  // namespace sluice
