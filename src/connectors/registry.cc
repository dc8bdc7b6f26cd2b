// SPDX-License-Identifier: Apache-2.0
#include "connectors/registry.h"

#include <algorithm>
#include <cctype>

#include "base/spark_error.h"

namespace sluice {

// One row a format; each is defined in its own folder's *_connector.cc.
extern const Connector kCsvConnector;
extern const Connector kJsonConnector;
extern const Connector kKafkaConnector;
extern const Connector kConsoleConnector;
extern const Connector kMemoryConnector;
extern const Connector kNoopConnector;
extern const Connector kParquetConnector;
extern const Connector kRateConnector;
extern const Connector kRateMicroBatchConnector;
extern const Connector kTextConnector;

const std::vector<Connector>& AllConnectors() {
  static const std::vector<Connector> connectors = {
      kKafkaConnector, kConsoleConnector, kCsvConnector,  kJsonConnector,           kMemoryConnector,
      kNoopConnector,  kParquetConnector, kRateConnector, kRateMicroBatchConnector, kTextConnector,
  };
  return connectors;
}

Result<const Connector*> FindConnector(const std::string& format) {
  std::string lower = format;
  std::transform(lower.begin(), lower.end(), lower.begin(), [](unsigned char c) { return std::tolower(c); });
  for (const Connector& connector : AllConnectors()) {
    if (lower == connector.format) return &connector;
  }
  return UserError("DATA_SOURCE_NOT_FOUND", "There is no data source named '" + format + "'.", {{"provider", format}});
}

}  // namespace sluice
