// SPDX-License-Identifier: Apache-2.0
#include "connectors/batch_sink.h"

#include <fmt/format.h>

#include "base/spark_error.h"
#include "connectors/file/batch_file_sink.h"
#include "connectors/registry.h"

namespace sluice {

Result<std::unique_ptr<BatchSink>> OpenBatchSink(const std::string& format, const SinkContext& context, SaveMode mode) {
  SLUICE_ASSIGN(const Connector* connector, FindConnector(format));
  if (const FileFormat* files = FindFileFormat(connector->format)) return BatchFileSink::Open(*files, context, mode);
  if (std::string_view(connector->format) == "noop") return OpenNoopBatchSink(context);
  return NotSupported(
      fmt::format("The format {} cannot be written by a batch query; csv, json, parquet, text and noop "
                  "can.",
                  format));
}

}  // namespace sluice
