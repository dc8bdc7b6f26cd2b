// SPDX-License-Identifier: Apache-2.0
#include "catalog/temp_views.h"

#include <algorithm>
#include <cctype>
#include <utility>

#include "plan/rewrite.h"

namespace sluice {
namespace {

std::string Lower(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(), [](unsigned char c) { return std::tolower(c); });
  return text;
}

}  // namespace

bool TempViews::Set(const std::string& name, const PlanPtr& plan, bool replace) {
  PlanPtr fresh = WithFreshScans(plan);
  std::lock_guard lock(mutex_);
  PlanPtr& view = views_[Lower(name)];
  if (view != nullptr && !replace) return false;
  view = std::move(fresh);
  return true;
}

bool TempViews::Drop(const std::string& name) {
  std::lock_guard lock(mutex_);
  return views_.erase(Lower(name)) > 0;
}

PlanPtr TempViews::Find(const std::string& name) const {
  std::lock_guard lock(mutex_);
  const auto found = views_.find(Lower(name));
  return found == views_.end() ? nullptr : found->second;
}

std::vector<std::string> TempViews::Names() const {
  std::lock_guard lock(mutex_);
  std::vector<std::string> names;
  for (const auto& [name, plan] : views_) names.push_back(name);
  return names;
}

size_t TempViews::size() const {
  std::lock_guard lock(mutex_);
  return views_.size();
}

void TempViews::CopyFrom(const TempViews& other) {
  std::scoped_lock lock(mutex_, other.mutex_);
  views_ = other.views_;
}

}  // namespace sluice
