// SPDX-License-Identifier: Apache-2.0
#include "expr/share.h"

#include <map>
#include <unordered_map>
#include <utility>

namespace sluice {
namespace {

class Sharer {
 public:
  ExprPtr Share(const ExprPtr& expr) {
    if (const auto found = done_.find(expr.get()); found != done_.end()) return found->second;
    std::vector<ExprPtr> children;
    bool changed = false;
    for (const auto& child : expr->children()) {
      children.push_back(Share(child));
      changed |= children.back() != child;
    }
    std::pair<std::string, std::vector<const Expr*>> identity(expr->NodeKey(), {});
    for (const auto& child : children) identity.second.push_back(child.get());
    ExprPtr result = changed ? AtPlaceOf(expr->WithChildren(std::move(children)), *expr) : expr;
    if (!identity.first.empty() && expr->deterministic())
      result = known_.emplace(std::move(identity), result).first->second;
    done_.emplace(expr.get(), result);
    return result;
  }

 private:
  std::map<std::pair<std::string, std::vector<const Expr*>>, ExprPtr> known_;
  std::unordered_map<const Expr*, ExprPtr> done_;
};

}  // namespace

std::vector<ExprPtr> ShareEqual(const std::vector<ExprPtr>& exprs) {
  Sharer sharer;
  std::vector<ExprPtr> shared;
  shared.reserve(exprs.size());
  for (const auto& expr : exprs) shared.push_back(sharer.Share(expr));
  return shared;
}

}  // namespace sluice
