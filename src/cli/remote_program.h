// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>

#include "base/status.h"
#include "cli/global_options.h"
#include "cli/pipeline_file.h"
#include "conf/conf.h"

namespace sluice {
class Channel;
}

namespace sluice::cli {

// A program whose session is at a Spark Connect server.
struct RemoteProgram {
  std::shared_ptr<Env> env;
  std::shared_ptr<Channel> channel;
  Conf conf;  // what was given: SQL text is read by it
};

// Begins the session with the settings of --conf; waits until the server answers. --memory is refused: it is of a
// process of this machine.
Result<RemoteProgram> StartRemoteProgram(const GlobalOptions& options, const std::string& url);

// Reads the file and carries out its SET statements at the server.
Result<Pipeline> PrepareAtServer(const PipelineFile& file, const RemoteProgram& program);

}  // namespace sluice::cli
