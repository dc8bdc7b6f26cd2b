// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "conf/conf.h"
#include "plan/output_mode.h"
#include "plan/plan.h"
#include "streaming/foreach_sink.h"
#include "streaming/trigger.h"

namespace sluice {

// What a start of a query is for.
enum class QueryWork {
  kStream,            // batches of the sources, as the trigger says
  kReplayBadRecords,  // one batch of the records that were set aside
};

// A streaming query as it was asked for. A plain value.
struct QuerySpec {
  std::string session;  // whose it is; set when it starts
  std::string name;     // empty: none
  PlanPtr plan;         // resolved and optimized, with one streaming scan
  std::string sink_format;
  SinkOpener open_sink;  // of a sink that is a function; null: that of `sink_format`
  std::map<std::string, std::string> sink_options;
  std::string sink_path;
  std::vector<std::string> partition_columns;
  std::string output_mode = "append";
  QueryTrigger trigger;
  QueryWork work = QueryWork::kStream;
  std::string checkpoint;  // URI of the folder; empty: the query keeps its logs in memory only (console, memory, noop)
  Conf conf;               // the session's settings when the query was started
};

// `output_mode` was checked when the query was started.
inline OutputMode ModeOf(const QuerySpec& spec) {
  return OutputModeOf(spec.output_mode).value_or(OutputMode::kAppend);
}

}  // namespace sluice
