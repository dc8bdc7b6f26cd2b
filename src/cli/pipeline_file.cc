// SPDX-License-Identifier: Apache-2.0
#include "cli/pipeline_file.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <iostream>
#include <iterator>
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

Result<SqlFile> ParseFile(const PipelineFile& file, const Program& program) {
  SLUICE_ASSIGN(const std::string text, ReadSqlText(file.path));
  SLUICE_ASSIGN(const VariableLookup lookup, file.params.Lookup(program.env.get()));
  return ParseFileSql(text, file.path, lookup, program.session->conf());
}

}  // namespace

Result<std::string> ReadSqlText(const std::string& path) {
  if (path == "-") return std::string(std::istreambuf_iterator<char>(std::cin), {});
  Result<std::string> text = ReadPlainFile(path, kSmallFileBytes);
  if (text.ok()) return text;
  return UserError("SLUICE_USAGE", IsNotFound(text.status()) ? fmt::format("There is no file {}.", path)
                                                             : FindSparkError(text.status())->message + ".");
}

void Params::AddTo(CLI::App* command) {
  command->add_option("--param", values, "Value of ${NAME} in the SQL text, NAME=VALUE; may be repeated")
      ->allow_extra_args(false);
}

Result<VariableLookup> Params::Lookup(Env* env) const {
  std::map<std::string, std::string> given;
  for (const std::string& param : values) {
    const size_t equals = param.find('=');
    if (equals == std::string::npos) {
      return UserError("SLUICE_USAGE", "--param takes NAME=VALUE, not '" + NamePartOf(param) + "...'.");
    }
    given[param.substr(0, equals)] = param.substr(equals + 1);
  }
  return VariableLookup([given = std::move(given), env](const std::string& name) -> std::optional<std::string> {
    const auto param = given.find(name);
    return param != given.end() ? param->second : env->Variable(name);
  });
}

void PipelineFile::AddTo(CLI::App* command, const std::string& name) {
  command->add_option(name, path, "The SQL file")->required();
  params.AddTo(command);
}

Result<Pipeline> PreparePipeline(const PipelineFile& file, const Program& program) {
  SLUICE_ASSIGN(SqlFile parsed, ParseFile(file, program));
  Pipeline pipeline;
  for (SqlStatement& statement : parsed.statements) {
    if (const auto* set = std::get_if<SetStatement>(&statement)) {
      SLUICE_RETURN_IF_ERROR(program.session->SetConf(set->key, set->value));
    } else if (auto* found = std::get_if<spark::connect::Command>(&statement)) {
      auto& list = found->has_write_stream_operation_start() ? pipeline.queries : pipeline.views;
      list.push_back(std::move(*found));
    }
  }
  return pipeline;
}

Result<std::vector<std::shared_ptr<RunningQuery>>> StartPipeline(const Program& program, const Pipeline& pipeline) {
  spark::connect::ExecutePlanRequest request;
  request.set_session_id(program.session->id());
  for (const auto& view : pipeline.views) {
    *request.mutable_plan()->mutable_command() = view;
    SLUICE_RETURN_IF_ERROR(program.service->ExecutePlan(request).status());
  }
  std::vector<std::shared_ptr<RunningQuery>> queries;
  for (const auto& query : pipeline.queries) {
    *request.mutable_plan()->mutable_command() = query;
    SLUICE_ASSIGN(const Execution execution, program.service->ExecutePlan(request));
    const auto& started = execution.messages.at(0).write_stream_operation_start_result();
    queries.push_back(program.session->queries().Find(started.query_id().run_id()));
  }
  return queries;
}

}  // namespace sluice::cli
