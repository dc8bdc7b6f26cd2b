// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

namespace sluice {

class RunningQuery;

// The JSON of Spark's QueryStartedEvent and QueryTerminatedEvent.
std::string QueryStartedJson(const RunningQuery& query, int64_t now_ms);
std::string QueryTerminatedJson(const RunningQuery& query);

}  // namespace sluice
