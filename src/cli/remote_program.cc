// SPDX-License-Identifier: Apache-2.0
#include "cli/remote_program.h"

#include <variant>

#include "base/logging.h"
#include "base/redaction.h"
#include "base/spark_error.h"
#include "channel/remote_channel.h"
#include "cli/script_run.h"
#include "connect/grpc_transport.h"
#include "env/env.h"

namespace sluice::cli {

Result<RemoteProgram> StartRemoteProgram(const GlobalOptions& options, const std::string& url) {
  if (!options.memory.empty()) {
    return UserError("SLUICE_USAGE",
                     "--memory is the budget of a process of this machine; it cannot go with --remote.");
  }
  RemoteProgram program;
  SLUICE_ASSIGN(program.env, StartEnv(options));
  SLUICE_ASSIGN(program.conf, ConfOf(options));
  const TransportOpener open = [](const TransportTarget& target) -> Result<std::unique_ptr<Transport>> {
    return OpenGrpcTransport(target);
  };
  SLUICE_ASSIGN(program.channel, RemoteChannel(url, program.env, open));
  SLUICE_ASSIGN(const auto answer, program.channel->Config(SilentSettings(program.conf.values())));
  for (const std::string& warning : answer.warnings()) Log(LogLevel::kWarn, "{}", Redact(warning));
  return program;
}

Result<Pipeline> PrepareAtServer(const PipelineFile& file, const RemoteProgram& program) {
  SLUICE_ASSIGN(const std::string text, ReadSqlText(file.path));
  SLUICE_ASSIGN(const VariableLookup lookup, file.params.Lookup(program.env.get()));
  SLUICE_ASSIGN(SqlFile parsed, ParseFileSql(text, file.path, lookup, program.conf));
  Pipeline pipeline;
  for (SqlStatement& statement : parsed.statements) {
    if (const auto* set = std::get_if<SetStatement>(&statement)) {
      SLUICE_RETURN_IF_ERROR(SetConf(program.channel.get(), *set));
    } else if (auto* found = std::get_if<spark::connect::Command>(&statement)) {
      auto& list = found->has_write_stream_operation_start() ? pipeline.queries : pipeline.views;
      list.push_back(std::move(*found));
    }
  }
  return pipeline;
}

}  // namespace sluice::cli
