// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <arrow/type_fwd.h>

#include <memory>
#include <string>
#include <vector>

#include "base/status.h"
#include "plan/plan.h"

namespace sluice {

// What the analyzer asks about the world; the session implements it. Analysis itself does no I/O.
class Catalog {
 public:
  virtual ~Catalog() = default;
  // The plan of a temporary view (one name, without regard to case), or null when there is none.
  virtual Result<PlanPtr> FindView(const std::vector<std::string>& name) = 0;
  // A kScan node with its schema, for a source named by format, options and paths. `schema` is what the user demanded,
  // or null. Errors are those of the source (DATA_SOURCE_NOT_FOUND, PATH_NOT_FOUND, refused options).
  virtual Result<PlanPtr> ResolveScan(ScanSpec spec, std::shared_ptr<arrow::Schema> schema) = 0;
  // Is there a source of this format? Decides whether parquet.`/path` names a file or a table of a schema.
  virtual bool HasFormat(const std::string& format) const = 0;
};

}  // namespace sluice
