// SPDX-License-Identifier: Apache-2.0
#include <sys/uio.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <iterator>
#include <new>
#include <string>
#include <string_view>
#include <vector>

#include "base/closest_name.h"
#include "base/log_context.h"
#include "cli/commands.h"
#include "cli/global_options.h"
#include "cli/version.h"

namespace {

// Without memory nothing can be unwound for sure; what is half done is as after a kill, and a restart goes on.
[[noreturn]] void EndWithoutMemory() {
  constexpr std::string_view kText =
      "[SLUICE_OUT_OF_MEMORY] The system gives no more memory. Batches that are committed stay; the same command goes "
      "on after them.";
  const bool json = sluice::LogsAreJson();
  const std::string_view line[] = {json ? R"({"level":"error","message":")" : "sluice: ", kText, json ? "\"}\n" : "\n"};
  iovec pieces[std::size(line)];
  for (size_t i = 0; i < std::size(line); ++i) pieces[i] = {const_cast<char*>(line[i].data()), line[i].size()};
  [[maybe_unused]] const ssize_t written = ::writev(STDERR_FILENO, pieces, std::size(pieces));
  ::_exit(sluice::cli::kQueryFailed);
}

// What to say of a first word that is no command; empty when it is one, or an option.
std::string UnknownCommand(const CLI::App& app, const std::string& word) {
  std::vector<std::string> names;
  std::string list;
  for (const CLI::App* command : app.get_subcommands({})) {
    if (command->get_name() == word) return "";
    names.push_back(command->get_name());
    list += (list.empty() ? "" : ", ") + command->get_name();
  }
  if (word.starts_with('-')) return "";
  return "sluice: There is no command '" + word + "'." + sluice::DidYouMean(word, names) + " The commands are " + list +
         ".\n";
}

}  // namespace

int main(int argc, char** argv) {
  std::set_new_handler(EndWithoutMemory);
  CLI::App app{"Sluice: Spark Structured Streaming as one small process", "sluice"};
  app.require_subcommand(1);
  bool verbose = false;
  CLI::Option* verbose_flag =
      app.add_flag("--verbose", verbose, "With --version: the libraries that the program is made of");
  verbose_flag->needs(app.set_version_flag(
      "--version", [&verbose] { return verbose ? sluice::cli::VerboseVersionText() : sluice::cli::VersionText(); }));
  sluice::cli::Chosen chosen;
  sluice::cli::AddRunCommand(&app, &chosen);
  sluice::cli::AddSqlCommand(&app, &chosen);
  sluice::cli::AddServerCommand(&app, &chosen);
  sluice::cli::AddSubmitCommand(&app, &chosen);
  sluice::cli::AddShellCommand(&app, &chosen);
  sluice::cli::AddCheckpointCommand(&app, &chosen);
  sluice::cli::AddDdlCommand(&app, &chosen);
  sluice::cli::AddTopicCommand(&app, &chosen);
  sluice::cli::AddDemoCommand(&app, &chosen);
  sluice::cli::AddCompletionCommand(&app, &chosen);
  sluice::cli::AddManCommand(&app, &chosen);
  if (argc == 1) {
    std::cout << app.help();
    return sluice::cli::kBadUsage;
  }
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    if (const std::string wrong = UnknownCommand(app, argv[1]); !wrong.empty()) {
      std::cerr << wrong;
      return sluice::cli::kBadUsage;
    }
    return app.exit(error) == 0 ? sluice::cli::kEndedWell : sluice::cli::kBadUsage;
  }
  const int code = chosen();
  // Nothing is left to be done: destroying what is static would wait up to a second for librdkafka's threads.
  std::cout.flush();
  std::fflush(nullptr);
  std::quick_exit(code);
}
