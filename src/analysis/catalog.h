// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <arrow/type_fwd.h>

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/status.h"
#include "plan/plan.h"

namespace sluice {

class PythonWorkers;
struct PythonFunction;

// Where a session's Python functions run, and the settings that they see.
struct PythonHome {
  std::shared_ptr<PythonWorkers> workers;
  std::map<std::string, std::string> conf;
};

// What the analyzer asks about the world; the session implements it. Analysis itself does no I/O.
class Catalog {
 public:
  virtual ~Catalog() = default;
  // The plan of a temporary view (one name, without regard to case), or null when there is none.
  virtual Result<PlanPtr> FindView(const std::vector<std::string>& name) = 0;
  // A kScan node with its schema, for a source named by format, options and paths. `schema` is what the user demanded,
  // or null. Errors are those of the source (DATA_SOURCE_NOT_FOUND, PATH_NOT_FOUND, refused options).
  virtual Result<PlanPtr> ResolveScan(ScanSpec spec, std::shared_ptr<arrow::Schema> schema) = 0;
  // The first `most` rows of a plan: what a pivot's columns are decided by. Runs it.
  virtual Result<std::vector<std::shared_ptr<arrow::RecordBatch>>> Collect(const PlanPtr& plan, int64_t most);
  // Is there a source of this format? Decides whether parquet.`/path` names a file or a table of a schema.
  virtual bool HasFormat(const std::string& format) const = 0;
  // A function that the session has registered, without regard to case, or null.
  virtual std::shared_ptr<const PythonFunction> FindFunction(const std::string& name) { return nullptr; }
  virtual Result<PythonHome> Python();
  // The rows that the session keeps for its client under an id.
  virtual Result<PlanPtr> FindFrame(const std::string& id);
  // A kScan node of a table of the catalog ("t", "db.t", "spark_catalog.db.t"), or null when there is none. `options`
  // are added to the table's own.
  virtual Result<PlanPtr> FindTable(const std::vector<std::string>& name,
                                    const std::map<std::string, std::string>& options, bool streaming) {
    return PlanPtr();
  }
  // The schema of names without one.
  virtual std::string CurrentDatabase() const { return "default"; }
};

}  // namespace sluice
