// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "cli/commands.h"

namespace sluice::cli {

// sluice checkpoint state, a part of the command `checkpoint`.
void AddStateCommand(CLI::App* checkpoint, Chosen* chosen);

}  // namespace sluice::cli
