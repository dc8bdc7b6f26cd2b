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

// A SQL file with streaming statements, and the values of its variables.
struct PipelineFile {
  std::string path;
  Params params;

  // FILE, or --`name`, and --param.
  void AddTo(CLI::App* command, const std::string& name);
};

// The text of a file; "-" is standard input.
Result<std::string> ReadSqlText(const std::string& path);

// What a file makes, in its order: views, then streaming queries.
struct Pipeline {
  std::vector<spark::connect::Command> views;
  std::vector<spark::connect::Command> queries;
};

// Reads the file and carries out its SET statements in the program's session.
Result<Pipeline> PreparePipeline(const PipelineFile& file, const Program& program);
// Makes the views and starts the queries; those that were started before one that cannot be stay.
Result<std::vector<std::shared_ptr<RunningQuery>>> StartPipeline(const Program& program, const Pipeline& pipeline);

}  // namespace sluice::cli
