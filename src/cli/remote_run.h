// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "cli/global_options.h"
#include "cli/pipeline_file.h"
#include "streaming/progress_printer.h"

namespace sluice::cli {

// `sluice run` at a Spark Connect server.
struct RemoteRun {
  GlobalOptions global;
  PipelineFile pipeline;
  std::string url;
  bool available_now = false;
  ProgressStyle style = ProgressStyle::kAuto;
};

// Sends the file's views and queries to the server, prints progress, and waits until all queries have ended, one has
// failed, or a signal comes, which stops them at the server. A second signal leaves them to the server. A client that
// is killed leaves them too. The exit code.
int RunAtServer(const RemoteRun& run);

}  // namespace sluice::cli
