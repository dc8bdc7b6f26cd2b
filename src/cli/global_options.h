// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/status.h"

namespace CLI {
class App;
}

namespace sluice {

class Conf;
class ConnectService;
class Env;
class Session;

namespace cli {

// What the shell sees.
enum ExitCode : int {
  kEndedWell = 0,
  kQueryFailed = 1,
  kBadUsage = 2,
  kBatchGivenUp = 3,
};

// Options that every command takes.
struct GlobalOptions {
  std::string env_file;
  std::vector<std::string> conf;        // KEY=VALUE
  std::vector<std::string> conf_files;  // in Spark's properties format; --conf wins, and the later file
  std::string memory;
  std::string log_level = "warn";
  std::string log_format = "text";

  void AddTo(CLI::App* command);
};

// The running program: environment with .env, one process, one session with the settings of --conf and --memory.
struct Program {
  std::shared_ptr<Env> env;
  std::shared_ptr<ConnectService> service;
  std::shared_ptr<Session> session;
};

Result<Program> StartProgram(const GlobalOptions& options);
// The settings of --conf-file, --conf and --memory.
Result<Conf> ConfOf(const GlobalOptions& options);
// What may be shown of an argument that should have been NAME=VALUE: the name it begins with. The rest may be a secret.
std::string NamePartOf(const std::string& argument);
// Only the environment, for commands without a session.
Result<std::shared_ptr<Env>> StartEnv(const GlobalOptions& options);

// Prints an error to standard error, without secrets, and gives `code` back.
int Fail(const Status& status, int code);
// The same for an error in a SQL text: the line at fault follows, with a caret under the place.
int FailInText(const Status& status, const std::string& text, int code);

}  // namespace cli
}  // namespace sluice
