// SPDX-License-Identifier: Apache-2.0
#include <CLI/CLI.hpp>
#include <iostream>
#include <string>

#include "cli/commands.h"
#include "cli/global_options.h"

namespace sluice::cli {
namespace {

// Text for roff: no line may begin with its commands, and a hyphen in an option is a minus.
std::string Roff(const std::string& text) {
  std::string out;
  for (const char c : text) {
    if (c == '\\') {
      out += "\\e";
    } else if (c == '-') {
      out += "\\-";
    } else if ((c == '.' || c == '\'') && (out.empty() || out.back() == '\n')) {
      out += "\\&";
      out += c;
    } else {
      out += c;
    }
  }
  return out;
}

void PrintOptions(const CLI::App& command, std::ostream& out) {
  for (const CLI::Option* option : command.get_options()) {
    const std::string standard = option->get_default_str();
    out << ".TP\n.B " << Roff(option->get_name(/*positional=*/option->get_positional(), /*all_options=*/true)) << "\n"
        << Roff(option->get_description()) << (standard.empty() ? "" : Roff(" (default: " + standard + ")")) << "\n";
  }
}

// The lines of a footer as they stand.
void PrintExamples(const CLI::App& command, std::ostream& out) {
  if (command.get_footer().empty()) return;
  out << ".PP\n.nf\n" << Roff(command.get_footer()) << "\n.fi\n";
}

void PrintCommand(const CLI::App& command, const std::string& path, std::ostream& out) {
  out << ".SS " << Roff(path) << "\n" << Roff(command.get_description()) << ".\n";
  PrintOptions(command, out);
  PrintExamples(command, out);
  for (const CLI::App* below : command.get_subcommands({})) {
    PrintCommand(*below, path + " " + below->get_name(), out);
  }
}

int PrintManual(const CLI::App& app) {
  std::ostream& out = std::cout;
  out << ".\\\" Printed by sluice man\n.TH SLUICE 1\n.SH NAME\nsluice \\- Spark Structured Streaming as one small "
         "process\n"
      << ".SH SYNOPSIS\n.B sluice\n.I command\n.RI [ options ]\n.SH OPTIONS\n";
  PrintOptions(app, out);
  out << ".SH COMMANDS\n";
  for (const CLI::App* command : app.get_subcommands({})) PrintCommand(*command, "sluice " + command->get_name(), out);
  out << ".SH EXIT STATUS\n.TP\n.B 0\nended well, after a signal too\n.TP\n.B 1\na query failed\n.TP\n.B 2\nbad usage "
         "or "
         "configuration\n.TP\n.B 3\nthe running batch was given up; a restart runs it again\n"
      << ".SH ENVIRONMENT\nAWS's usual variables, SSL_CERT_FILE, and those that SQL texts name as ${NAME}; they may "
         "stand "
         "in\n.I ./.env\n.SH FILES\n.TP\n.I ./.env\nNAME=VALUE lines; the real environment wins\n";
  return kEndedWell;
}

}  // namespace

void AddManCommand(CLI::App* app, Chosen* chosen) {
  CLI::App* command = app->add_subcommand("man", "Print this program's manual page, for man -l -");
  command->callback([app, chosen] { *chosen = [app] { return PrintManual(*app); }; });
}

}  // namespace sluice::cli
