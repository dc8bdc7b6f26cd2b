// SPDX-License-Identifier: Apache-2.0
#include <CLI/CLI.hpp>
#include <memory>
#include <ostream>
#include <variant>

#include "analysis/sql/parser.h"
#include "base/spark_error.h"
#include "cli/commands.h"
#include "cli/global_options.h"
#include "cli/output_file.h"
#include "cli/row_output.h"
#include "exec/operator.h"
#include "service/connect_service.h"
#include "session/session.h"

namespace sluice::cli {
namespace {

struct SqlOptions {
  GlobalOptions global;
  std::string query;
  std::string format = "table";
  std::string output;
};

Status Execute(const Program& program, const SqlFile& script, OutputFormat format, std::ostream& out) {
  for (const SqlStatement& statement : script.statements) {
    if (const auto* set = std::get_if<SetStatement>(&statement)) {
      SLUICE_RETURN_IF_ERROR(program.session->SetConf(set->key, set->value));
      continue;
    }
    const auto* relation = std::get_if<spark::connect::Relation>(&statement);
    if (relation == nullptr) return NotSupported("A streaming statement is started with 'sluice run FILE.sql'.");
    spark::connect::ExecutePlanRequest request;
    request.set_session_id(program.session->id());
    *request.mutable_plan()->mutable_root() = *relation;
    SLUICE_ASSIGN(const Execution execution, program.service->ExecutePlan(request));
    SLUICE_RETURN_IF_ERROR(PrintRows(execution.rows.get(), format, program.session->conf().time_zone(), out));
  }
  return Status::OK();
}

int RunSql(const SqlOptions& options) {
  OutputFormat format = OutputFormat::kTable;
  if (!ParseOutputFormat(options.format, &format)) {
    return Fail(UserError("SLUICE_USAGE", "--format takes table, csv, json or markdown."), kBadUsage);
  }
  const Result<Program> program = StartProgram(options.global);
  if (!program.ok()) return Fail(program.status(), kBadUsage);
  const Result<SqlFile> script = ParseScriptSql(options.query);
  if (!script.ok()) return Fail(script.status(), kQueryFailed);
  if (!options.output.empty()) {
    const auto file = OutputFile::Open(options.output);
    if (!file.ok()) return Fail(file.status(), kBadUsage);
    Status done = Execute(*program, *script, format, (*file)->stream());
    if (done.ok()) done = (*file)->Finish();
    return done.ok() ? kEndedWell : Fail(done, kQueryFailed);
  }
  const std::unique_ptr<std::ostream> out = OpenStdout();
  const Status done = Execute(*program, *script, format, *out);
  if (!done.ok()) return Fail(done, kQueryFailed);
  out->flush();
  if (!*out) return Fail(EnvironmentError("SLUICE_IO", "The output could not be written."), kQueryFailed);
  return kEndedWell;
}

}  // namespace

void AddSqlCommand(CLI::App* app, Chosen* chosen) {
  auto options = std::make_shared<SqlOptions>();
  CLI::App* command = app->add_subcommand("sql", "Run a query and print its rows");
  options->global.AddTo(command);
  command->add_option("QUERY", options->query, "SQL; tables by path: parquet.`s3a://bucket/key`")->required();
  command->add_option("--format", options->format, "table, csv, json or markdown")->capture_default_str();
  command->add_option("--output", options->output,
                      "A file instead of standard output; replaced when the query has succeeded");
  command->callback([options, chosen] { *chosen = [options] { return RunSql(*options); }; });
}

}  // namespace sluice::cli
