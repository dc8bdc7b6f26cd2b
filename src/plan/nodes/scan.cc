// SPDX-License-Identifier: Apache-2.0
#include "plan/nodes/scan.h"

#include <arrow/api.h>
#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "conf/conf.h"
#include "plan/event_time.h"
#include "plan/nodes/text.h"
#include "plan/pruning.h"

namespace sluice::plan {
namespace {

std::string ConditionsText(const ScanSpec& source, const arrow::Schema& output) {
  if (source.conditions.empty()) return {};
  std::vector<std::string> names;  // by column of the source
  for (size_t i = 0; i < source.columns.size(); ++i) {
    const auto column = static_cast<size_t>(source.columns[i]);
    names.resize(std::max(names.size(), column + 1));
    names[column] = output.field(static_cast<int>(i))->name();
  }
  std::vector<std::string> parts;
  for (const ScanCondition& condition : source.conditions) parts.push_back(ToString(condition, names));
  return fmt::format(" conditions=[{}]", Listed(parts));
}

}  // namespace

std::string Scan::Line(const arrow::Schema& output) const {
  std::vector<std::string> options;
  for (const auto& [key, value] : source.options) options.push_back(key + "=" + (IsSecretKey(key) ? "***" : value));
  return fmt::format("{} {} [{}] paths=[{}] options=[{}]{}", source.streaming ? "StreamScan" : "Scan", source.format,
                     Listed(output.field_names()), Listed(source.paths), Listed(options),
                     ConditionsText(source, output));
}

Pruned Scan::Prune(const PlanPtr& node, std::vector<bool> needed) const {
  if (source.columns.size() != static_cast<size_t>(node->schema->num_fields())) return Unchanged(node);
  if (source.streaming || !source.counts_rows) KeepOne(*node->schema, &needed);
  Scan scan = *this;
  scan.source.columns = KeepItems(source.columns, needed);
  Pruned pruned;
  auto schema = KeepFields(*node->schema, needed, &pruned.columns);
  pruned.plan = MakeNode(std::move(scan), {}, std::move(schema));
  return pruned;
}

std::vector<EventTimeMark> Scan::EventTimes(const PlanNode& node) const {
  return NoEventTimes(node);
}

}  // namespace sluice::plan
