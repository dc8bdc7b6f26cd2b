// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <string>
#include <vector>

#include "connectors/batch_sink.h"
#include "plan/plan.h"

namespace sluice {

class Session;

// A batch query, and where its rows go.
struct BatchWrite {
  PlanPtr plan;
  std::string format;
  std::string path;  // empty: the format needs none
  SaveMode mode = SaveMode::kErrorIfExists;
  std::map<std::string, std::string> options;
  std::vector<std::string> partition_columns;
};

// Whether the plan reads files of this very folder.
Result<bool> ReadsFrom(Session* session, const PlanNode& plan, const std::string& path);

// Runs the query under the session's settings and writes its rows, all of them or none.
Status WriteBatch(Session* session, const BatchWrite& write);

}  // namespace sluice
