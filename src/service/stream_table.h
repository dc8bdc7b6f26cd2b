// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>

#include "base/status.h"
#include "streaming/query_manager.h"

namespace sluice {

class RunningQuery;
class Session;

namespace service {

// writeStream.toTable: starts the query into the folder of a table, which is made if it is not there, and not kept if
// the query does not start. The query's log in that folder decides what was written, as for any folder. `format_given`:
// the format of `spec` is the user's, not the default.
Result<std::shared_ptr<RunningQuery>> StartInto(Session* session, const std::string& table, bool format_given,
                                                QuerySpec spec);

}  // namespace service
}  // namespace sluice
