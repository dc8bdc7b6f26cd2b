// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "plan/plan.h"

namespace sluice {

// Views that are gone with their owner: a session, or the process for those of global_temp. Names are found without
// regard to case. Thread-safe.
class TempViews {
 public:
  // False when there is a view of the name and `replace` is not given.
  bool Set(const std::string& name, const PlanPtr& plan, bool replace);
  // True when there was one.
  bool Drop(const std::string& name);
  // Null when there is none.
  PlanPtr Find(const std::string& name) const;
  // In lower case, in order.
  std::vector<std::string> Names() const;
  size_t size() const;
  void CopyFrom(const TempViews& other);

 private:
  mutable std::mutex mutex_;
  std::map<std::string, PlanPtr> views_;
};

}  // namespace sluice
