// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <ostream>
#include <vector>

#include "connectors/options.h"
#include "connectors/sink.h"

namespace sluice {

const std::vector<OptionRow>& ConsoleSinkOptions();

// Prints the first rows of each batch as Spark's console sink does. `out` must outlive the sink.
Result<std::unique_ptr<StreamSink>> OpenConsoleSink(const SinkContext& context, std::ostream* out);

}  // namespace sluice
