// SPDX-License-Identifier: Apache-2.0
#include "exec/scan_opener.h"

#include <fmt/format.h>

#include <utility>

#include "base/spark_error.h"

namespace sluice {

SourceContext ContextOfScan(SourceContext base, const ScanSpec& scan, const Connector& connector) {
  base.options = Options(scan.options);
  base.paths = scan.paths;
  base.resolved = scan.resolved;
  base.file_facts = scan.file_facts;
  if (connector.takes_schema) base.schema = scan.source_schema;
  return base;
}

SourceOpener ScanOpener(SourceContext context) {
  return [context = std::move(context)](const ScanSpec& scan) -> Result<std::unique_ptr<BatchSource>> {
    SLUICE_ASSIGN(const Connector* connector, FindConnector(scan.format));
    if (connector->open_batch == nullptr) {
      return NotSupported(fmt::format("The format {} cannot be read by a batch query.", scan.format));
    }
    return connector->open_batch(ContextOfScan(context, scan, *connector));
  };
}

}  // namespace sluice
