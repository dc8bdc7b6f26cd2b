// SPDX-License-Identifier: Apache-2.0
#include <arrow/api.h>
#include <fmt/format.h>

#include <algorithm>

#include "base/logging.h"
#include "conf/conf.h"
#include "plan/plan.h"
#include "plan/rewrite.h"

namespace sluice {
namespace {

constexpr int64_t kMaxShownNodes = 500;

std::string Shown(const ExprPtr& expr) {
  return WrittenSize(expr, kMaxShownNodes) < kMaxShownNodes ? expr->ToString() : "(a long expression)";
}

std::string Join(const std::vector<std::string>& parts) {
  std::string text;
  for (const std::string& part : parts) text += (text.empty() ? "" : ", ") + part;
  return text;
}

std::string NamedList(const PlanNode& node) {
  std::vector<std::string> parts;
  for (size_t i = 0; i < node.exprs.size(); ++i) {
    const std::string text = Shown(node.exprs[i]);
    const std::string& name = node.schema->field(static_cast<int>(i))->name();
    parts.push_back(text == name ? name : text + " AS " + name);
  }
  return Join(parts);
}

std::string ConditionsText(const PlanNode& scan) {
  if (scan.scan.conditions.empty()) return {};
  std::vector<std::string> names;  // by column of the source
  for (size_t i = 0; i < scan.scan.columns.size(); ++i) {
    const auto column = static_cast<size_t>(scan.scan.columns[i]);
    names.resize(std::max(names.size(), column + 1));
    names[column] = scan.schema->field(static_cast<int>(i))->name();
  }
  std::vector<std::string> parts;
  for (const ScanCondition& condition : scan.scan.conditions) parts.push_back(ToString(condition, names));
  return fmt::format(" conditions=[{}]", Join(parts));
}

std::string ScanText(const PlanNode& node) {
  std::vector<std::string> options;
  for (const auto& [key, value] : node.scan.options) {
    options.push_back(key + "=" + (IsSecretKey(key) ? "***" : value));
  }
  return fmt::format("{} {} [{}] paths=[{}] options=[{}]{}", node.scan.streaming ? "StreamScan" : "Scan",
                     node.scan.format, Join(node.schema->field_names()), Join(node.scan.paths), Join(options),
                     ConditionsText(node));
}

std::string AggregateText(const PlanNode& node) {
  std::vector<std::string> keys;
  std::vector<std::string> calls;
  for (const ExprPtr& key : node.exprs) keys.push_back(Shown(key));
  for (const AggregateCall& call : node.aggregates) calls.push_back(call.display);
  const char* name = node.within_watermark ? "DeduplicateWithinWatermark"
                     : node.deduplicate    ? "Deduplicate"
                                           : "Aggregate";
  return fmt::format("{} keys=[{}] calls=[{}]", name, Join(keys), Join(calls));
}

std::string KeysText(const PlanNode& node) {
  std::vector<std::string> keys;
  for (const SortKey& key : node.sort_keys) {
    keys.push_back(fmt::format("{} {} NULLS {}", Shown(key.expr), key.ascending ? "ASC" : "DESC",
                               key.nulls_first ? "FIRST" : "LAST"));
  }
  return Join(keys);
}

std::string ExprsText(const PlanNode& node) {
  std::vector<std::string> parts;
  for (const ExprPtr& expr : node.exprs) parts.push_back(Shown(expr));
  return Join(parts);
}

std::string GenerateText(const PlanNode& node) {
  constexpr const char* kNames[] = {"explode", "posexplode", "inline", "stack"};
  return fmt::format("Generate {}{}({})", kNames[static_cast<size_t>(node.generator.kind)],
                     node.generator.outer ? "_outer" : "", ExprsText(node));
}

std::string WindowText(const PlanNode& node) {
  std::vector<std::string> calls;
  for (const WindowCall& window : node.windows) calls.push_back(window.call.display);
  return fmt::format("Window [{}] partition=[{}] order=[{}]", Join(calls), ExprsText(node), KeysText(node));
}

std::string LimitText(const PlanNode& node) {
  if (node.last_rows) return fmt::format("Tail {}", *node.limit);
  std::string text = node.limit ? fmt::format("Limit {}", *node.limit) : "Offset";
  if (node.offset > 0 || !node.limit) text += fmt::format("{}{}", node.limit ? " offset " : " ", node.offset);
  return text;
}

const char* NameOf(JoinType type) {
  switch (type) {
    case JoinType::kInner:
      return "Inner";
    case JoinType::kLeft:
      return "Left";
    case JoinType::kRight:
      return "Right";
    case JoinType::kFull:
      return "Full";
    case JoinType::kLeftSemi:
      return "LeftSemi";
    case JoinType::kLeftAnti:
      return "LeftAnti";
    case JoinType::kLeftAntiNullAware:
      return "LeftAntiNullAware";
    case JoinType::kExistence:
      return "Existence";
    case JoinType::kLeftSingle:
      return "LeftSingle";
  }
  return "?";
}

std::string JoinText(const PlanNode& node) {
  std::vector<std::string> parts;
  for (size_t i = 0; i < node.null_safe.size(); ++i) {
    parts.push_back(fmt::format("{} {} {}", Shown(node.exprs[2 * i]), node.null_safe[i] ? "<=>" : "=",
                                Shown(node.exprs[2 * i + 1])));
  }
  for (size_t i = 2 * node.null_safe.size(); i < node.exprs.size(); ++i) parts.push_back(Shown(node.exprs[i]));
  return fmt::format("{}Join [{}]", NameOf(node.join), Join(parts));
}

std::string TimeWindowText(const PlanNode& node) {
  const std::string& name = node.schema->fields().back()->name();
  if (node.window.length_us == 0) {
    return fmt::format("SessionWindow {} to {} AS {}", Shown(node.exprs[0]), Shown(node.exprs[1]), name);
  }
  return fmt::format("TimeWindow {} length={} us, slide={} us, start={} us AS {}", Shown(node.exprs[0]),
                     node.window.length_us, node.window.slide_us, node.window.start_us, name);
}

std::string NodeText(const PlanNode& node) {
  switch (node.kind) {
    case PlanKind::kScan:
      return ScanText(node);
    case PlanKind::kLocal:
      return fmt::format("LocalRows [{}]", Join(node.schema->field_names()));
    case PlanKind::kRange:
      return fmt::format("Range ({}, {}, step={})", node.range_start, node.range_end, node.range_step);
    case PlanKind::kProject:
      return fmt::format("Project [{}]", NamedList(node));
    case PlanKind::kFilter:
      return fmt::format("Filter {}", Shown(node.exprs[0]));
    case PlanKind::kAggregate:
      return AggregateText(node);
    case PlanKind::kSort:
      return fmt::format("Sort [{}]", KeysText(node));
    case PlanKind::kLimit:
      return LimitText(node);
    case PlanKind::kRepartition:
      return fmt::format("{} {}", node.shuffle ? "Repartition" : "Coalesce", node.partitions);
    case PlanKind::kUnion:
      return "Union";
    case PlanKind::kJoin:
      return JoinText(node);
    case PlanKind::kWatermark:
      return fmt::format("EventTimeWatermark {} delay={} ms", Shown(node.exprs[0]), node.delay_ms);
    case PlanKind::kTimeWindow:
      return TimeWindowText(node);
    case PlanKind::kGenerate:
      return GenerateText(node);
    case PlanKind::kWindow:
      return WindowText(node);
    case PlanKind::kSample:
      return fmt::format("Sample [{}, {}){} seed={}", node.sample.lower, node.sample.upper,
                         node.sample.with_replacement ? " with replacement" : "", node.sample.seed);
    case PlanKind::kPython:
      return Shown(node.exprs[0]);
  }
  return "?";
}

void Append(const PlanNode& node, int depth, std::string* text) {
  *text += std::string(static_cast<size_t>(depth) * 2, ' ') + NodeText(node) + "\n";
  for (const PlanPtr& input : node.inputs) Append(*input, depth + 1, text);
}

}  // namespace

std::string Explain(const PlanNode& node) {
  std::string text;
  Append(node, 0, &text);
  return Redact(text);
}

}  // namespace sluice
