// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <iostream>
#include <memory>
#include <string>
#include <vector>

#include "base/spark_error.h"
#include "cli/commands.h"
#include "cli/global_options.h"

namespace sluice::cli {
namespace {

struct CompletionOptions {
  std::string shell;
};

// The words that may follow a command, each option by its long name.
std::string WordsOf(const CLI::App& command) {
  std::string words;
  const auto add = [&](const std::string& word) { words += (words.empty() ? "" : " ") + word; };
  for (const CLI::App* below : command.get_subcommands({})) add(below->get_name());
  for (const CLI::Option* option : command.get_options()) {
    for (const std::string& name : option->get_lnames()) add("--" + name);
  }
  return words;
}

// A line of the script's `case` a command: "sluice checkpoint show") words=".." ;;
void AppendCases(const CLI::App& command, const std::string& path, std::string* script) {
  *script += fmt::format("    '{}') words='{}' ;;\n", path, WordsOf(command));
  for (const CLI::App* below : command.get_subcommands({})) {
    AppendCases(*below, path + " " + below->get_name(), script);
  }
}

// The words so far that are no options lead to the command; what no command knows (a file, an option's value) is passed
// over. Behind an option with few values come these, behind any other a file.
std::string Script(const CLI::App& app) {
  std::string cases;
  AppendCases(app, app.get_name(), &cases);
  return fmt::format(R"(_sluice() {{
  local word=${{COMP_WORDS[COMP_CWORD]}} before=${{COMP_WORDS[COMP_CWORD-1]}} path=sluice words='' found i
  _sluice_words "$path" && found=$words
  for ((i = 1; i < COMP_CWORD; i++)); do
    _sluice_words "$path ${{COMP_WORDS[i]}}" && path="$path ${{COMP_WORDS[i]}}" && found=$words
  done
  case $before in
    --format) found='table vertical csv json markdown' ;;
    --log-level) found='trace debug info warn error off' ;;
    --log-format) found='text json' ;;
    --progress) found='auto bar json none' ;;
    --conf|--param|--memory|--max-rows|--metrics-port|--records|--table) return ;;
    --*file|--output|--pipeline|--sink|--bad-records) found='' ;;
  esac
  COMPREPLY=($(compgen -W "$found" -- "$word"))
  [[ $word == -* ]] || COMPREPLY+=($(compgen -f -- "$word"))
}}
_sluice_words() {{
  case $1 in
{}    *) return 1 ;;
  esac
}}
complete -o filenames -F _sluice sluice
)",
                     cases);
}

int PrintCompletion(const CLI::App& app, const CompletionOptions& options) {
  if (options.shell != "bash" && options.shell != "zsh") {
    return Fail(UserError("SLUICE_USAGE", "Completion is there for bash and zsh."), kBadUsage);
  }
  if (options.shell == "zsh")
    std::cout << "(( $+functions[compdef] )) || { autoload -Uz compinit && compinit -i }\nautoload -Uz bashcompinit && "
                 "bashcompinit\n";
  std::cout << Script(app) << std::flush;
  return kEndedWell;
}

}  // namespace

void AddCompletionCommand(CLI::App* app, Chosen* chosen) {
  auto options = std::make_shared<CompletionOptions>();
  CLI::App* command =
      app->add_subcommand("completion", "Print the script that completes this program's words in a shell");
  command->add_option("SHELL", options->shell, "bash or zsh")->required();
  command->footer(
      "Examples:\n"
      "  source <(sluice completion bash)     in ~/.bashrc, or ~/.zshrc with zsh for bash");
  command->callback([options, app, chosen] { *chosen = [options, app] { return PrintCompletion(*app, *options); }; });
}

}  // namespace sluice::cli
