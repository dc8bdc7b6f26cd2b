// SPDX-License-Identifier: Apache-2.0
#include "cli/pipeline_file.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <map>
#include <optional>
#include <variant>

#include "base/spark_error.h"
#include "cli/global_options.h"
#include "env/env.h"
#include "env/posix_file.h"
#include "service/connect_service.h"
#include "session/session.h"

namespace sluice::cli {
namespace {

Result<std::string> ReadText(const std::string& path) {
  Result<std::string> text = ReadPlainFile(path, kSmallFileBytes);
  if (text.ok()) return text;
  return UserError("SLUICE_USAGE", IsNotFound(text.status()) ? fmt::format("There is no file {}.", path)
                                                             : FindSparkError(text.status())->message + ".");
}

Result<std::map<std::string, std::string>> ParseParams(const std::vector<std::string>& params) {
  std::map<std::string, std::string> values;
  for (const std::string& param : params) {
    const size_t equals = param.find('=');
    if (equals == std::string::npos) {
      return UserError("SLUICE_USAGE", "--param takes NAME=VALUE, not '" + NamePartOf(param) + "...'.");
    }
    values[param.substr(0, equals)] = param.substr(equals + 1);
  }
  return values;
}

Result<SqlFile> ParseFile(const PipelineFile& file, Env* env) {
  SLUICE_ASSIGN(const std::string text, ReadText(file.path));
  SLUICE_ASSIGN(const auto params, ParseParams(file.params));
  const auto lookup = [&](const std::string& name) -> std::optional<std::string> {
    const auto param = params.find(name);
    return param != params.end() ? param->second : env->Variable(name);
  };
  return ParseFileSql(text, file.path, lookup);
}

}  // namespace

void PipelineFile::AddTo(CLI::App* command, const std::string& name) {
  command->add_option(name, path, "The SQL file")->required();
  command->add_option("--param", params, "Value of ${NAME} in the file, NAME=VALUE; may be repeated")
      ->allow_extra_args(false);
}

Result<spark::connect::Command> PreparePipeline(const PipelineFile& file, const Program& program) {
  SLUICE_ASSIGN(SqlFile parsed, ParseFile(file, program.env.get()));
  spark::connect::Command command;
  for (SqlStatement& statement : parsed.statements) {
    if (const auto* set = std::get_if<SetStatement>(&statement)) {
      SLUICE_RETURN_IF_ERROR(program.session->SetConf(set->key, set->value));
    } else if (auto* found = std::get_if<spark::connect::Command>(&statement)) {
      command = std::move(*found);
    }
  }
  return command;
}

Result<std::shared_ptr<RunningQuery>> StartPipeline(const Program& program, spark::connect::Command command) {
  spark::connect::ExecutePlanRequest request;
  request.set_session_id(program.session->id());
  *request.mutable_plan()->mutable_command() = std::move(command);
  SLUICE_ASSIGN(const Execution execution, program.service->ExecutePlan(request));
  const auto& started = execution.messages.at(0).write_stream_operation_start_result();
  return program.session->queries().Find(started.query_id().run_id());
}

}  // namespace sluice::cli
