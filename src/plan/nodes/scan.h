// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <arrow/type_fwd.h>

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "plan/nodes/node.h"
#include "plan/scan_condition.h"

namespace sluice {

struct ResolvedSource;

// A source named but not opened: format, options, paths and the schema that its connector gave when it was resolved.
struct ScanSpec {
  std::string format;                          // "kafka", "parquet", "rate", ...
  std::map<std::string, std::string> options;  // as the user gave them
  std::vector<std::string> paths;
  bool streaming = false;
  std::vector<int>
      columns;  // indices into the connector's schema that are read, ascending; the node's schema is just these
  std::vector<ScanCondition> conditions;         // rows that do not fulfil all of them may be left out
  bool counts_rows = false;                      // its batch reader can be asked for no column at all
  bool file_facts = false;                       // the last columns are what files tell of themselves
  std::shared_ptr<arrow::Schema> source_schema;  // all that `columns` point into, as it was when the scan was resolved
  std::shared_ptr<ResolvedSource> resolved;      // what the connector found while resolving; opaque here
};

namespace plan {

// The rows of a source. Output: its columns that are read.
struct Scan {
  ScanSpec source;

  void VisitExpressions(const ExprVisitor& /*visit*/) {}
  std::string Line(const arrow::Schema& output) const;
  Pruned Prune(const PlanPtr& node, std::vector<bool> needed) const;
  std::vector<EventTimeMark> EventTimes(const PlanNode& node) const;
};

}  // namespace plan
}  // namespace sluice
