// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "cli/global_options.h"
#include "cli/pipeline_file.h"

namespace sluice::cli {

struct ShellOptions {
  GlobalOptions global;
  Params params;
};

// Reads statements from standard input until it ends, and shows their rows. The exit code.
int RunShell(const ShellOptions& options);

}  // namespace sluice::cli
