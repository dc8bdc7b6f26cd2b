// SPDX-License-Identifier: Apache-2.0
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <memory>
#include <ostream>
#include <variant>

#include "analysis/sql/parser.h"
#include "analysis/sql/variables.h"
#include "base/spark_error.h"
#include "cli/commands.h"
#include "cli/global_options.h"
#include "cli/output_file.h"
#include "cli/pipeline_file.h"
#include "cli/row_output.h"
#include "exec/operator.h"
#include "service/connect_service.h"
#include "session/session.h"

namespace sluice::cli {
namespace {

struct SqlOptions {
  GlobalOptions global;
  std::string query;
  std::string file;
  Params params;
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

Result<std::string> TextOf(const SqlOptions& options) {
  if (!options.file.empty()) {
    if (!options.query.empty()) return UserError("SLUICE_USAGE", "Give a query or --file, not both.");
    return ReadSqlText(options.file);
  }
  if (options.query.empty()) {
    if (::isatty(STDIN_FILENO) != 0) {
      return UserError("SLUICE_USAGE", "Give a query, as in sluice sql \"SELECT 1\", or --file FILE.");
    }
    return ReadSqlText("-");
  }
  const bool one_word = options.query.find_first_of(" \t\n(") == std::string::npos;
  if (one_word && options.query.ends_with(".sql")) {
    return UserError("SLUICE_USAGE", "'" + options.query + "' is no query: read a file by sluice sql --file " +
                                         options.query + ", or run a streaming statement by sluice run.");
  }
  return options.query;
}

Result<SqlFile> Parse(const std::string& text, const SqlOptions& options, const Program& program) {
  SLUICE_ASSIGN(const VariableLookup lookup, options.params.Lookup(program.env.get()));
  SLUICE_ASSIGN(const std::string ready, sql::SubstituteVariables(text, options.file, lookup));
  return ParseScriptSql(ready, program.session->conf(), options.file);
}

int RunSql(const SqlOptions& options) {
  OutputFormat format = OutputFormat::kTable;
  if (!ParseOutputFormat(options.format, &format)) {
    return Fail(UserError("SLUICE_USAGE", "--format takes table, csv, json or markdown."), kBadUsage);
  }
  const Result<Program> program = StartProgram(options.global);
  if (!program.ok()) return Fail(program.status(), kBadUsage);
  const Result<std::string> text = TextOf(options);
  if (!text.ok()) return Fail(text.status(), kBadUsage);
  const Result<SqlFile> script = Parse(*text, options, *program);
  if (!script.ok()) return FailInText(script.status(), *text, kBadUsage);
  if (!options.output.empty()) {
    const auto file = OutputFile::Open(options.output);
    if (!file.ok()) return Fail(file.status(), kBadUsage);
    Status done = Execute(*program, *script, format, (*file)->stream());
    if (done.ok()) done = (*file)->Finish();
    return done.ok() ? kEndedWell : FailInText(done, *text, kQueryFailed);
  }
  const std::unique_ptr<std::ostream> out = OpenStdout();
  const Status done = Execute(*program, *script, format, *out);
  if (!done.ok()) return FailInText(done, *text, kQueryFailed);
  out->flush();
  if (!*out) return Fail(EnvironmentError("SLUICE_IO", "The output could not be written."), kQueryFailed);
  return kEndedWell;
}

}  // namespace

void AddSqlCommand(CLI::App* app, Chosen* chosen) {
  auto options = std::make_shared<SqlOptions>();
  CLI::App* command = app->add_subcommand("sql", "Run a query and print its rows");
  options->global.AddTo(command);
  command->add_option("QUERY", options->query,
                      "SQL; a table is named by its path: FROM 's3a://bucket/key' (default: standard input)");
  command->add_option("-f,--file", options->file, "A file with the query instead; - is standard input");
  options->params.AddTo(command);
  command->add_option("--format", options->format, "table, csv, json or markdown")->capture_default_str();
  command->add_option("--output", options->output,
                      "A file instead of standard output; replaced when the query has succeeded");
  command->footer(
      "Examples:\n"
      "  sluice sql \"SELECT star_rating, count(*) FROM 'lake/bronze/reviews' GROUP BY star_rating\"\n"
      "  sluice sql --format csv --output top.csv \"SELECT * FROM 's3a://${BUCKET}/reviews' LIMIT 10\"\n"
      "  sluice sql --file report.sql");
  command->callback([options, chosen] { *chosen = [options] { return RunSql(*options); }; });
}

}  // namespace sluice::cli
