// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <vector>

namespace sluice::cli {

// Lines from standard input: on a terminal edited with a history and completion (libedit), else as they come. One a
// process, one thread.
class LineEditor {
 public:
  // `words` are completed besides the names of files. The history is kept in $XDG_STATE_HOME/sluice or
  // ~/.local/state/sluice, for its owner alone; without a home it lasts as long as the process.
  explicit LineEditor(std::vector<std::string> words);
  ~LineEditor();
  LineEditor(const LineEditor&) = delete;
  LineEditor& operator=(const LineEditor&) = delete;

  bool on_terminal() const { return on_terminal_; }
  // Nothing at the end of the input.
  std::optional<std::string> Read(const std::string& prompt);
  // Keeps a statement on one line. One that names a password, a key or a token is not kept.
  void Remember(const std::string& statement);

 private:
  const bool on_terminal_;
  std::string history_file_;
};

}  // namespace sluice::cli
