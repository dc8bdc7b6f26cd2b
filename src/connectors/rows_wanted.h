// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <arrow/type_fwd.h>

#include <vector>

#include "plan/scan_condition.h"

namespace sluice {

// What of a source's rows a query still wants, so that a source may leave out the others: it may, and need not, since
// the query drops them in any case. Shared by the readers of all tasks; thread-safe.
class RowsWanted {
 public:
  virtual ~RowsWanted() = default;
  // Wanted rows fulfil all of these, by columns of the source's schema. Gets stricter while rows are read.
  virtual std::vector<ScanCondition> Conditions() const = 0;
  // By which columns AnyOf tells: positions in the list of columns that is read, ascending; empty: it cannot.
  virtual const std::vector<int>& columns() const = 0;
  // Whether any of these rows is wanted, by the values of columns() alone.
  virtual bool AnyOf(const arrow::RecordBatch& rows) const = 0;
};

}  // namespace sluice
