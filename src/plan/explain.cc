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
  return fmt::format("{} keys=[{}] calls=[{}]", node.deduplicate ? "Deduplicate" : "Aggregate", Join(keys),
                     Join(calls));
}

std::string SortText(const PlanNode& node) {
  std::vector<std::string> keys;
  for (const SortKey& key : node.sort_keys) {
    keys.push_back(fmt::format("{} {} NULLS {}", Shown(key.expr), key.ascending ? "ASC" : "DESC",
                               key.nulls_first ? "FIRST" : "LAST"));
  }
  return fmt::format("Sort [{}]", Join(keys));
}

std::string LimitText(const PlanNode& node) {
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
      return SortText(node);
    case PlanKind::kLimit:
      return LimitText(node);
    case PlanKind::kRepartition:
      return fmt::format("{} {}", node.shuffle ? "Repartition" : "Coalesce", node.partitions);
    case PlanKind::kUnion:
      return "Union";
    case PlanKind::kJoin:
      return JoinText(node);
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
