// SPDX-License-Identifier: Apache-2.0
#include <string>
#include <variant>

#include "base/logging.h"
#include "plan/plan.h"

namespace sluice {
namespace {

void Append(const PlanNode& node, int depth, std::string* text) {
  const std::string line = std::visit([&](const auto& op) { return op.Line(*node.schema); }, node.op);
  *text += std::string(static_cast<size_t>(depth) * 2, ' ') + line + "\n";
  for (const PlanPtr& input : node.inputs) Append(*input, depth + 1, text);
}

}  // namespace

std::string Explain(const PlanNode& node) {
  std::string text;
  Append(node, 0, &text);
  return Redact(text);
}

}  // namespace sluice
