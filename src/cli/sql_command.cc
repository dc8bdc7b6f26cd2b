// SPDX-License-Identifier: Apache-2.0
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <memory>
#include <optional>
#include <ostream>

#include "analysis/sql/parser.h"
#include "base/spark_error.h"
#include "channel/channel.h"
#include "cli/commands.h"
#include "cli/global_options.h"
#include "cli/output_file.h"
#include "cli/pipeline_file.h"
#include "cli/remote_program.h"
#include "cli/row_output.h"
#include "cli/script_run.h"
#include "cli/shell.h"
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
  std::string remote;
  bool types = false;
  std::optional<int64_t> max_rows;
};

Result<std::string> TextOf(const SqlOptions& options) {
  if (!options.file.empty()) {
    if (!options.query.empty()) return UserError("SLUICE_USAGE", "Give a query or --file, not both.");
    return ReadSqlText(options.file);
  }
  if (options.query.empty()) return ReadSqlText("-");
  const bool one_word = options.query.find_first_of(" \t\n(") == std::string::npos;
  if (one_word && options.query.ends_with(".sql")) {
    return UserError("SLUICE_USAGE", "'" + options.query + "' is no query: read a file by sluice sql --file " +
                                         options.query + ", or run a streaming statement by sluice run.");
  }
  return options.query;
}

// Where the statements run, and how their text is read.
struct Place {
  std::shared_ptr<Env> env;
  std::shared_ptr<Channel> channel;
  Conf conf;
};

Result<Place> StartPlace(const SqlOptions& options) {
  if (!options.remote.empty()) {
    SLUICE_ASSIGN(const RemoteProgram program, StartRemoteProgram(options.global, options.remote));
    return Place{program.env, program.channel, program.conf};
  }
  SLUICE_ASSIGN(const Program program, StartProgram(options.global));
  return Place{program.env, InProcessChannel(program.service, program.session->id()), program.session->conf()};
}

Result<SqlFile> Parse(const std::string& text, const SqlOptions& options, const Place& place) {
  SLUICE_ASSIGN(const VariableLookup lookup, options.params.Lookup(place.env.get()));
  return ParseScriptSql(text, place.conf, options.file, lookup);
}

Result<RowStyle> StyleOf(const SqlOptions& options) {
  OutputFormat format = OutputFormat::kTable;
  if (!ParseOutputFormat(options.format, &format)) {
    return UserError("SLUICE_USAGE", std::string("--format takes ") + kOutputFormats + ".");
  }
  RowStyle style;
  style.format = format;
  if (options.output.empty()) style = StyleForStdout(format, kRowsOnTerminal);
  style.types = options.types;
  if (style.types && format != OutputFormat::kTable) {
    return UserError("SLUICE_USAGE", "--types is for tables; typeof(column) gives a type as a value.");
  }
  if (!options.max_rows) return style;
  if (*options.max_rows < 0) return UserError("SLUICE_USAGE", "--max-rows takes a whole number; 0: all rows.");
  if (format != OutputFormat::kTable && format != OutputFormat::kVertical) {
    return UserError("SLUICE_USAGE", "--max-rows is for tables and vertical output; write LIMIT into the query.");
  }
  style.max_rows = *options.max_rows;
  return style;
}

int RunAndPrint(const SqlOptions& options, const Place& place, const SqlFile& script, const RowStyle& style,
                const std::string& text) {
  if (!options.output.empty()) {
    const auto file = OutputFile::Open(options.output);
    if (!file.ok()) return Fail(file.status(), kBadUsage);
    Status done = RunScript(place.channel.get(), script, style, (*file)->stream()).status();
    if (done.ok()) done = (*file)->Finish();
    return done.ok() ? kEndedWell : FailInText(done, text, kQueryFailed);
  }
  const std::unique_ptr<std::ostream> out = OpenStdout();
  const Status done = RunScript(place.channel.get(), script, style, *out).status();
  if (!done.ok()) return FailInText(done, text, kQueryFailed);
  out->flush();
  if (!*out) return Fail(EnvironmentError("SLUICE_IO", "The output could not be written."), kQueryFailed);
  return kEndedWell;
}

int RunSql(const SqlOptions& options) {
  if (options.query.empty() && options.file.empty() && ::isatty(STDIN_FILENO) != 0) {
    if (options.output.empty() && options.format == "table" && !options.types && !options.max_rows &&
        options.remote.empty()) {
      return RunShell({options.global, options.params});
    }
    return Fail(UserError("SLUICE_USAGE", "Give a query, as in sluice sql \"SELECT 1\", or --file FILE."), kBadUsage);
  }
  const Result<RowStyle> style = StyleOf(options);
  if (!style.ok()) return Fail(style.status(), kBadUsage);
  const Result<Place> place = StartPlace(options);
  if (!place.ok()) return Fail(place.status(), kBadUsage);
  const Result<std::string> text = TextOf(options);
  if (!text.ok()) return Fail(text.status(), kBadUsage);
  const Result<SqlFile> script = Parse(*text, options, *place);
  if (!script.ok()) return FailInText(script.status(), *text, kBadUsage);
  const int code = RunAndPrint(options, *place, *script, *style, *text);
  // A session of a server would stay there.
  if (!options.remote.empty()) (void)place->channel->ReleaseSession();
  return code;
}

}  // namespace

void AddSqlCommand(CLI::App* app, Chosen* chosen) {
  auto options = std::make_shared<SqlOptions>();
  CLI::App* command = app->add_subcommand("sql", "Run a query and print its rows");
  options->global.AddTo(command);
  command->add_option("QUERY", options->query,
                      "SQL; a table is named by its path: FROM 's3a://bucket/key' (default: standard input; on a "
                      "terminal as sluice shell)");
  command->add_option("-f,--file", options->file, "A file with the query instead; - is standard input");
  options->params.AddTo(command);
  command->add_option("--format", options->format, kOutputFormats)->capture_default_str();
  command->add_flag("--types", options->types, "In tables, a line with the type of each column");
  command->add_option("--max-rows", options->max_rows,
                      "Rows of a table that are shown; all are counted. 0: all (default: 40 on a terminal, else all)");
  command->add_option("--output", options->output,
                      "A file instead of standard output; replaced when the query has succeeded");
  command->add_option("--remote", options->remote, "A Spark Connect server to run it on, sc://host:port/;token=..");
  command->footer(
      "Examples:\n"
      "  sluice sql \"SELECT star_rating, count(*) FROM 'lake/bronze/reviews' GROUP BY star_rating\"\n"
      "  sluice sql --format csv --output top.csv \"SELECT * FROM 's3a://bucket/reviews' LIMIT 10\"\n"
      "  sluice sql --file report.sql");
  command->callback([options, chosen] { *chosen = [options] { return RunSql(*options); }; });
}

}  // namespace sluice::cli
