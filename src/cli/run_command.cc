// SPDX-License-Identifier: Apache-2.0
#include <CLI/CLI.hpp>
#include <fstream>
#include <memory>
#include <sstream>
#include <variant>

#include "analysis/sql/parser.h"
#include "base/spark_error.h"
#include "cli/commands.h"
#include "cli/global_options.h"
#include "cli/progress_printer.h"
#include "cli/query_watch.h"
#include "env/env.h"
#include "service/connect_service.h"
#include "session/session.h"

namespace sluice::cli {
namespace {

struct RunOptions {
  GlobalOptions global;
  std::string file;
  std::vector<std::string> params;  // NAME=VALUE
  bool available_now = false;
  std::string progress = "auto";
};

Result<std::string> ReadText(const std::string& path) {
  std::ifstream file(path);
  if (!file) return UserError("SLUICE_USAGE", "There is no file " + path + ".");
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
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

Result<SqlFile> ParseFile(const RunOptions& options, Env* env) {
  SLUICE_ASSIGN(const std::string text, ReadText(options.file));
  SLUICE_ASSIGN(const auto params, ParseParams(options.params));
  const auto lookup = [&](const std::string& name) -> std::optional<std::string> {
    const auto param = params.find(name);
    return param != params.end() ? param->second : env->Variable(name);
  };
  return ParseFileSql(text, options.file, lookup);
}

// Carries out the SET statements and gives back the streaming command.
Result<spark::connect::Command> Prepare(SqlFile file, const RunOptions& options, Session* session) {
  spark::connect::Command command;
  for (SqlStatement& statement : file.statements) {
    if (const auto* set = std::get_if<SetStatement>(&statement)) {
      SLUICE_RETURN_IF_ERROR(session->SetConf(set->key, set->value));
    } else if (auto* found = std::get_if<spark::connect::Command>(&statement)) {
      command = std::move(*found);
    }
  }
  if (options.available_now) command.mutable_write_stream_operation_start()->set_available_now(true);
  return command;
}

Result<std::shared_ptr<RunningQuery>> StartQuery(const Program& program, spark::connect::Command command) {
  spark::connect::ExecutePlanRequest request;
  request.set_session_id(program.session->id());
  *request.mutable_plan()->mutable_command() = std::move(command);
  SLUICE_ASSIGN(const Execution execution, program.service->ExecutePlan(request));
  const auto& started = execution.messages.at(0).write_stream_operation_start_result();
  return program.session->queries().Find(started.query_id().run_id());
}

int Run(const RunOptions& options) {
  ProgressStyle style = ProgressStyle::kAuto;
  if (!ParseProgressStyle(options.progress, &style)) {
    return Fail(UserError("SLUICE_USAGE", "--progress takes auto, bar, json or none."), kBadUsage);
  }
  CatchStopSignals();
  Result<Program> program = StartProgram(options.global);
  if (!program.ok()) return Fail(program.status(), kBadUsage);
  Result<SqlFile> file = ParseFile(options, program->env.get());
  if (!file.ok()) return Fail(file.status(), kBadUsage);
  Result<spark::connect::Command> command = Prepare(std::move(*file), options, program->session.get());
  if (!command.ok()) return Fail(command.status(), kBadUsage);
  const auto printer = std::make_shared<ProgressPrinter>(style);
  program->session->OnProgress([printer](const QueryProgress& progress) { printer->Show(progress); });
  const Result<std::shared_ptr<RunningQuery>> query = StartQuery(*program, std::move(*command));
  if (!query.ok()) return Fail(query.status(), kQueryFailed);
  const int code = WatchQuery(program->session.get(), *query);
  printer->Finish();
  return code;
}

}  // namespace

void AddRunCommand(CLI::App* app, Chosen* chosen) {
  auto options = std::make_shared<RunOptions>();
  CLI::App* command = app->add_subcommand("run", "Run the streaming statement of a SQL file");
  options->global.AddTo(command);
  command->add_option("FILE", options->file, "The SQL file")->required();
  command->add_option("--param", options->params, "Value of ${NAME} in the file, NAME=VALUE; may be repeated")
      ->allow_extra_args(false);
  command->add_flag("--available-now", options->available_now,
                    "Process what is there now, then end, whatever the file says");
  command->add_option("--progress", options->progress, "auto, bar, json or none")->capture_default_str();
  command->callback([options, chosen] { *chosen = [options] { return Run(*options); }; });
}

}  // namespace sluice::cli
