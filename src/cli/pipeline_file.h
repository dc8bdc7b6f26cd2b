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
class Env;
class RunningQuery;
}  // namespace sluice

namespace sluice::cli {

struct Program;

// --param NAME=VALUE, as a command takes it.
struct Params {
  std::vector<std::string> values;

  void AddTo(CLI::App* command);
  // Finds ${NAME}: in --param first, then in the environment and .env. `env` outlives the result.
  Result<VariableLookup> Lookup(Env* env) const;
};

// A SQL file with one streaming statement, and the values of its variables.
struct PipelineFile {
  std::string path;
  Params params;

  // FILE, or --`name`, and --param.
  void AddTo(CLI::App* command, const std::string& name);
};

// The text of a file; "-" is standard input.
Result<std::string> ReadSqlText(const std::string& path);

// Reads the file, carries out its SET statements in the program's session, and gives back the streaming command.
Result<spark::connect::Command> PreparePipeline(const PipelineFile& file, const Program& program);
Result<std::shared_ptr<RunningQuery>> StartPipeline(const Program& program, spark::connect::Command command);

}  // namespace sluice::cli
