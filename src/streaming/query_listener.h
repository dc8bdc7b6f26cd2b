// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>

namespace sluice {

struct QueryProgress;

// Who is told what a query does, on the query's thread. Each may be null.
struct QueryListener {
  std::function<void(const QueryProgress&)> progress;  // after each batch
  std::function<void()> no_new_data;                   // after each look that found nothing new
  std::function<void()> ended;                         // once, as the last
};

// Tells the first, then the second.
QueryListener Both(QueryListener first, QueryListener second);

}  // namespace sluice
