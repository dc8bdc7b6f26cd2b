// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "analysis/sql/parser.h"
#include "base/status.h"

namespace CLI {
class App;
}

namespace sluice {
class RunningQuery;
}

namespace sluice::cli {

struct Program;

// A SQL file with one streaming statement, and the values of its variables.
struct PipelineFile {
  std::string path;
  std::vector<std::string> params;  // NAME=VALUE

  // FILE, or --`name`, and --param.
  void AddTo(CLI::App* command, const std::string& name);
};

// Reads the file, carries out its SET statements in the program's session, and gives back the streaming command.
Result<spark::connect::Command> PreparePipeline(const PipelineFile& file, const Program& program);
Result<std::shared_ptr<RunningQuery>> StartPipeline(const Program& program, spark::connect::Command command);

}  // namespace sluice::cli
