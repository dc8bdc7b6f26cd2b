// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <ostream>

#include "connectors/sink.h"

namespace sluice {

// Prints the first rows of each batch as Spark's console sink does: options numRows (20) and truncate (true: cells of
// 20 characters). `out` must outlive the sink.
Result<std::unique_ptr<StreamSink>> OpenConsoleSink(const SinkContext& context, std::ostream* out);

}  // namespace sluice
