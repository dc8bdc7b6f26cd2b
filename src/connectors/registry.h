// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "connectors/sink.h"
#include "connectors/source.h"

namespace sluice {

// A finite relation, read in parts that tasks may take in parallel.
class BatchSource {
 public:
  virtual ~BatchSource() = default;
  virtual Result<std::vector<InputPartition>> PlanTasks() = 0;
  virtual Result<std::unique_ptr<SliceReader>> OpenReader(const InputPartition& input,
                                                          const std::vector<int>& columns) = 0;
};

// One row a format. A null function: the format cannot do that.
struct Connector {
  const char* format;
  const char* doc;
  // The schema of a read, before anything is planned. For batch reads of files this looks at the files.
  Result<std::shared_ptr<arrow::Schema>> (*schema)(const SourceContext& context, bool streaming);
  Result<std::unique_ptr<StreamSource>> (*open_stream)(const SourceContext& context);
  Result<std::unique_ptr<BatchSource>> (*open_batch)(const SourceContext& context);
  Result<std::unique_ptr<StreamSink>> (*open_sink)(const SinkContext& context);
};

const std::vector<Connector>& AllConnectors();
// DATA_SOURCE_NOT_FOUND when there is none.
Result<const Connector*> FindConnector(const std::string& format);

}  // namespace sluice
