// SPDX-License-Identifier: Apache-2.0
#include "cli/script_run.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <variant>

#include "base/spark_error.h"
#include "channel/channel.h"
#include "cli/global_options.h"
#include "exec/operator.h"
#include "session/session.h"

namespace sluice::cli {

namespace {

Result<std::string> TimeZoneOf(Channel* channel) {
  spark::connect::ConfigRequest request;
  request.mutable_operation()->mutable_get()->add_keys("spark.sql.session.timeZone");
  SLUICE_ASSIGN(const auto answer, channel->Config(std::move(request)));
  return answer.pairs_size() > 0 ? answer.pairs(0).value() : std::string("UTC");
}

}  // namespace

Status SetConf(Channel* channel, const SetStatement& set) {
  spark::connect::ConfigRequest request;
  auto* pair = request.mutable_operation()->mutable_set()->add_pairs();
  pair->set_key(set.key);
  pair->set_value(set.value);
  return channel->Config(std::move(request)).status();
}

Result<int64_t> RunScript(const Program& program, const SqlFile& script, const RowStyle& style, std::ostream& out) {
  return RunScript(InProcessChannel(program.service, program.session->id()).get(), script, style, out);
}

Result<int64_t> RunScript(Channel* channel, const SqlFile& script, const RowStyle& style, std::ostream& out) {
  int64_t count = 0;
  for (const SqlStatement& statement : script.statements) {
    if (const auto* set = std::get_if<SetStatement>(&statement)) {
      SLUICE_RETURN_IF_ERROR(SetConf(channel, *set));
      continue;
    }
    spark::connect::ExecutePlanRequest request;
    if (const auto* command = std::get_if<spark::connect::Command>(&statement)) {
      if (command->has_write_stream_operation_start())
        return NotSupported("A streaming statement is started with 'sluice run FILE.sql'.");
      *request.mutable_plan()->mutable_command() = *command;
      SLUICE_ASSIGN(const Execution done, channel->ExecutePlan(request));
      const bool rows = !done.messages.empty() && done.messages[0].has_sql_command_result();
      if (!rows) continue;
      // EXPLAIN, DESCRIBE, SHOW: the rows are a relation of their own.
      *request.mutable_plan()->mutable_root() = done.messages[0].sql_command_result().relation();
    } else {
      *request.mutable_plan()->mutable_root() = std::get<spark::connect::Relation>(statement);
    }
    SLUICE_ASSIGN(const Execution execution, channel->ExecutePlan(request));
    if (execution.schema != nullptr && execution.schema->num_fields() == 0) continue;  // a statement that gives no rows
    SLUICE_ASSIGN(const std::string zone, TimeZoneOf(channel));
    SLUICE_ASSIGN(const int64_t rows, PrintRows(execution.rows.get(), style, zone, out));
    count += rows;
  }
  return count;
}

RowStyle StyleForStdout(OutputFormat format, int64_t on_terminal) {
  RowStyle style;
  style.format = format;
  if (::isatty(STDOUT_FILENO) == 0) return style;
  style.max_rows = on_terminal;
  winsize size{};
  if (::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0) style.columns = size.ws_col;
  return style;
}

}  // namespace sluice::cli
