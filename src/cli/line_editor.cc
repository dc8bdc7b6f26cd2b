// SPDX-License-Identifier: Apache-2.0
#include "cli/line_editor.h"

#include <editline/readline.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <iostream>

#include "cli/colors.h"

namespace sluice::cli {
namespace {

constexpr int kMostInHistory = 1000;

std::vector<std::string>& Words() {
  static auto* words = new std::vector<std::string>();
  return *words;
}

bool BeginsWith(const std::string& word, std::string_view beginning) {
  return word.size() >= beginning.size() &&
         std::equal(beginning.begin(), beginning.end(), word.begin(),
                    [](unsigned char a, unsigned char b) { return std::tolower(a) == std::tolower(b); });
}

// The library's protocol: called with state 0 first, gives one match a call in memory of malloc, then null.
char* NextWord(const char* text, int state) {
  static size_t at = 0;
  if (state == 0) at = 0;
  while (at < Words().size()) {
    const std::string& word = Words()[at++];
    if (BeginsWith(word, text)) return ::strdup(word.c_str());
  }
  return nullptr;
}

// Inside of quotes a file's name is completed, which is what the library does by itself.
char** Complete(const char* text, int start, int) {
  if (start > 0 && std::strchr("'\"`", rl_line_buffer[start - 1]) != nullptr) return nullptr;
  if (*text == '\0') return nullptr;
  rl_attempted_completion_over = 1;
  return rl_completion_matches(text, NextWord);
}

std::string HistoryFile() {
  const char* state = std::getenv("XDG_STATE_HOME");
  const char* home = std::getenv("HOME");
  std::string folder = state != nullptr && *state == '/' ? state : "";
  if (folder.empty() && home != nullptr && *home == '/') folder = std::string(home) + "/.local/state";
  if (folder.empty()) return "";
  folder += "/sluice";
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  if (error || ::chmod(folder.c_str(), 0700) != 0) return "";
  return folder + "/history";
}

// What stands between the two marks takes no column. The library prints it with the character behind it, so that the
// blank at the end of a prompt stays behind the last code.
std::string PaintedPrompt(const std::string& prompt) {
  if (prompt.empty() || !HasColors(STDOUT_FILENO)) return prompt;
  const auto code = [](Paint paint) {
    return RL_PROMPT_START_IGNORE + std::string(CodeOf(paint)) + RL_PROMPT_END_IGNORE;
  };
  const size_t blank = prompt.size() - 1;
  return code(Paint::kHeader) + prompt.substr(0, blank) + code(Paint::kPlain) + prompt.substr(blank);
}

bool MayHoldSecret(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(), [](unsigned char c) { return std::tolower(c); });
  for (const char* word : {"password", "secret", "token", "jaas", "access.key", "access_key"}) {
    if (text.find(word) != std::string::npos) return true;
  }
  return false;
}

}  // namespace

LineEditor::LineEditor(std::vector<std::string> words) : on_terminal_(::isatty(STDIN_FILENO) != 0) {
  if (!on_terminal_) return;
  Words() = std::move(words);
  rl_readline_name = "sluice";
  rl_attempted_completion_function = Complete;
  using_history();
  stifle_history(kMostInHistory);
  history_file_ = HistoryFile();
  if (!history_file_.empty()) read_history(history_file_.c_str());
}

LineEditor::~LineEditor() {
  if (history_file_.empty()) return;
  const mode_t mask = ::umask(0077);
  write_history(history_file_.c_str());
  ::umask(mask);
}

std::optional<std::string> LineEditor::Read(const std::string& prompt) {
  if (!on_terminal_) {
    std::string line;
    if (!std::getline(std::cin, line)) return std::nullopt;
    return line;
  }
  char* const line = readline(PaintedPrompt(prompt).c_str());
  if (line == nullptr) {
    std::cout << std::endl;
    return std::nullopt;
  }
  std::string text = line;
  std::free(line);
  return text;
}

void LineEditor::Remember(const std::string& statement) {
  if (!on_terminal_ || statement.empty() || MayHoldSecret(statement)) return;
  std::string line = statement;
  std::replace(line.begin(), line.end(), '\n', ' ');
  add_history(line.c_str());
}

}  // namespace sluice::cli
