// SPDX-License-Identifier: Apache-2.0
#include "exec/scan_opener.h"

#include <fmt/format.h>

#include <utility>

#include "base/spark_error.h"

namespace sluice {

SourceOpener ScanOpener(SourceContext context) {
  return [context = std::move(context)](const ScanSpec& scan) -> Result<std::unique_ptr<BatchSource>> {
    SLUICE_ASSIGN(const Connector* connector, FindConnector(scan.format));
    if (connector->open_batch == nullptr) {
      return NotSupported(fmt::format("The format {} cannot be read by a batch query.", scan.format));
    }
    SourceContext its = context;
    its.options = Options(scan.options);
    its.paths = scan.paths;
    its.resolved = scan.resolved;
    // What is looked for anew are the files: the columns stay, by their names.
    if (connector->takes_schema) its.schema = scan.source_schema;
    return connector->open_batch(its);
  };
}

}  // namespace sluice
