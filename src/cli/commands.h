// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>

namespace CLI {
class App;
}

namespace sluice::cli {

// One file a command. Each adds itself to the parser; when it is chosen, it puts into `*chosen` what is to be run,
// which returns the exit code.
using Chosen = std::function<int()>;
void AddRunCommand(CLI::App* app, Chosen* chosen);
void AddSqlCommand(CLI::App* app, Chosen* chosen);
void AddShellCommand(CLI::App* app, Chosen* chosen);
void AddCheckpointCommand(CLI::App* app, Chosen* chosen);
void AddReplayBadCommand(CLI::App* checkpoint, Chosen* chosen);
void AddDdlCommand(CLI::App* app, Chosen* chosen);
void AddServerCommand(CLI::App* app, Chosen* chosen);
void AddSubmitCommand(CLI::App* app, Chosen* chosen);
void AddTopicCommand(CLI::App* app, Chosen* chosen);
void AddDemoCommand(CLI::App* app, Chosen* chosen);
// These describe the other commands, so they are added last.
void AddCompletionCommand(CLI::App* app, Chosen* chosen);
void AddManCommand(CLI::App* app, Chosen* chosen);

}  // namespace sluice::cli
