// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cctype>
#include <chrono>
#include <iostream>
#include <memory>
#include <optional>
#include <sstream>

#include "analysis/sql/parser.h"
#include "analysis/sql/statement_parser.h"
#include "analysis/sql/variables.h"
#include "base/spark_error.h"
#include "cli/commands.h"
#include "cli/global_options.h"
#include "cli/line_editor.h"
#include "cli/output_file.h"
#include "cli/pipeline_file.h"
#include "cli/script_run.h"
#include "cli/shell.h"
#include "expr/function_registry.h"
#include "session/session.h"

namespace sluice::cli {
namespace {

constexpr char kHelp[] =
    "Statements end with a semicolon and may take several lines: SELECT, WITH, SET key = value, CREATE TEMP VIEW.\n"
    "A table is named by its path: FROM 'lake/bronze/reviews'. TAB completes words, and between quotes files.\n"
    "  .format FORMAT    table, vertical, csv, json or markdown\n"
    "  .max-rows N       rows of a table that are shown; 0: all\n"
    "  .types on|off     the type of each column\n"
    "  .timer on|off     how long a statement took\n"
    "  .help             this text\n"
    "  .quit             the end, as Ctrl-D\n";

std::vector<std::string> WordsToComplete() {
  std::vector<std::string> words = {
      "SELECT",    "FROM",   "WHERE", "GROUP BY", "ORDER BY", "HAVING",   "LIMIT",  "OFFSET",    "DISTINCT", "AS",
      "AND",       "OR",     "NOT",   "IN",       "BETWEEN",  "LIKE",     "RLIKE",  "IS NULL",   "CASE",     "WHEN",
      "THEN",      "ELSE",   "END",   "CAST",     "WITH",     "SET",      "CREATE", "TEMP VIEW", "DESC",     "ASC",
      ".format",   ".types", ".help", ".timer",   ".quit",    "VIEW",     "INT",    "BIGINT",    "STRING",   "DOUBLE",
      "TIMESTAMP", "DATE",   "NULL",  "TRUE",     "FALSE",    ".max-rows"};
  for (const ScalarFunction& function : ScalarFunctions()) {
    if (std::isalpha(static_cast<unsigned char>(*function.name)) != 0)
      words.push_back(std::string(function.name) + "(");
  }
  return words;
}

// Whether the text ends behind a semicolon, outside of strings and comments.
bool IsComplete(const std::string& text) {
  const auto statements = sql::SplitStatements(text);
  const auto with_more = sql::SplitStatements(text + "\n1");
  return !statements.empty() && with_more.size() > statements.size();
}

class Shell {
 public:
  Shell(const Program& program, VariableLookup lookup, LineEditor* editor)
      : program_(program), lookup_(std::move(lookup)), editor_(*editor) {}

  // The exit code: that of the last statement where nobody watches.
  int Run() {
    std::string text;
    while (!ended_) {
      const auto line = editor_.Read(text.empty() ? "sluice> " : "     -> ");
      if (!line) break;
      if (text.empty() && line->starts_with('.')) {
        editor_.Remember(*line);
        DotCommand(*line);
        continue;
      }
      text += *line + "\n";
      if (sql::SplitStatements(text).empty()) text.clear();  // blanks and comments
      if (!text.empty() && IsComplete(text)) Statement(&text);
    }
    if (!text.empty()) Statement(&text);
    return editor_.on_terminal() ? static_cast<int>(kEndedWell) : code_;
  }

 private:
  void Statement(std::string* text) {
    const std::string statement = std::move(*text);
    text->clear();
    editor_.Remember(statement.substr(0, statement.find_last_not_of(" \n") + 1));
    const auto begin = std::chrono::steady_clock::now();
    const std::unique_ptr<std::ostream> out = OpenStdout();
    const Result<int64_t> rows = Execute(statement, *out);
    out->flush();
    if (!rows.ok()) {
      code_ = FailInText(rows.status(), statement, kQueryFailed);
      return;
    }
    if (!timer_) return;
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin;
    std::cout << fmt::format("{} {}, {:.3f} s\n", *rows, *rows == 1 ? "row" : "rows", took.count()) << std::flush;
  }

  Result<int64_t> Execute(const std::string& statement, std::ostream& out) {
    SLUICE_ASSIGN(const SqlFile script, ParseScriptSql(statement, program_.session->conf(), "", lookup_));
    RowStyle style = StyleForStdout(format_, kRowsOnTerminal);
    if (max_rows_) style.max_rows = *max_rows_;
    style.types = types_;
    return RunScript(program_, script, style, out);
  }

  void DotCommand(const std::string& line) {
    std::istringstream words(line);
    std::string command;
    std::string value;
    words >> command >> value;
    if (command == ".quit" || command == ".exit") {
      ended_ = true;
    } else if (command == ".help") {
      std::cout << kHelp << std::flush;
    } else if (command == ".timer" && (value == "on" || value == "off")) {
      timer_ = value == "on";
    } else if (command == ".types" && (value == "on" || value == "off")) {
      types_ = value == "on";
    } else if (command == ".max-rows" && !value.empty() && value.find_first_not_of("0123456789") == std::string::npos &&
               value.size() < 10) {
      max_rows_ = std::stoll(value);
    } else if (command != ".format" || !ParseOutputFormat(value, &format_)) {
      code_ = Fail(UserError("SLUICE_USAGE", "No such command, or not with this value; .help shows all."), kBadUsage);
    }
  }

  const Program& program_;
  const VariableLookup lookup_;
  LineEditor& editor_;
  OutputFormat format_ = OutputFormat::kTable;
  std::optional<int64_t> max_rows_;
  bool types_ = false;
  bool timer_ = false;
  bool ended_ = false;
  int code_ = kEndedWell;
};

}  // namespace

int RunShell(const ShellOptions& options) {
  const Result<Program> program = StartProgram(options.global);
  if (!program.ok()) return Fail(program.status(), kBadUsage);
  Result<VariableLookup> lookup = options.params.Lookup(program->env.get());
  if (!lookup.ok()) return Fail(lookup.status(), kBadUsage);
  LineEditor editor(WordsToComplete());
  if (editor.on_terminal()) std::cout << "Sluice. Statements end with ; and .help tells more.\n" << std::flush;
  return Shell(*program, std::move(*lookup), &editor).Run();
}

void AddShellCommand(CLI::App* app, Chosen* chosen) {
  auto options = std::make_shared<ShellOptions>();
  CLI::App* command = app->add_subcommand("shell", "Type statements and see their rows");
  options->global.AddTo(command);
  options->params.AddTo(command);
  command->footer(
      "Examples:\n"
      "  sluice shell\n"
      "  sluice> SELECT count(*) FROM 'lake/bronze/reviews';");
  command->callback([options, chosen] { *chosen = [options] { return RunShell(*options); }; });
}

}  // namespace sluice::cli
