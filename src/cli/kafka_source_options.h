// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "base/status.h"
#include "cli/pipeline_file.h"
#include "connectors/options.h"

namespace CLI {
class App;
}

namespace sluice::cli {

struct Program;

// How a command that looks at Kafka reaches it: as a pipeline's file does, or by options of its own.
struct KafkaSourceOptions {
  std::string pipeline;
  Params params;
  std::string bootstrap;
  std::vector<std::string> options;  // NAME=VALUE

  void AddTo(CLI::App* command);
  // The client's options, `kafka.` in front.
  Result<Options> Client(const Program& program) const;
};

}  // namespace sluice::cli
