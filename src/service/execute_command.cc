// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "analysis/python_functions.h"
#include "analysis/sql/parser.h"
#include "analysis/table_functions.h"
#include "base/spark_error.h"
#include "service/create_view.h"
#include "service/handlers.h"
#include "service/sql_statement.h"
#include "service/write_operation.h"
#include "session/session.h"

namespace sluice::service {
namespace {

using spark::connect::Command;
using spark::connect::ExecutePlanResponse;

// The text that a client sends, perhaps with the frames that it names.
const spark::connect::SQL& SqlOf(const spark::connect::Relation& relation) {
  return relation.has_with_relations() ? relation.with_relations().root().sql() : relation.sql();
}

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"
std::string TextOf(const spark::connect::SqlCommand& command) {
  return command.has_input() ? SqlOf(command.input()).query() : command.sql();
}
#pragma GCC diagnostic pop

// spark.sql(..): the text becomes a relation, which the client runs when it wants the rows.
Result<Responses> ExecuteSql(Session* session, const spark::connect::SqlCommand& command) {
  const ParseOptions options{SessionOptions::Of(session->conf()), ""};
  ExecutePlanResponse response;
  spark::connect::Relation* relation = response.mutable_sql_command_result()->mutable_relation();
  SLUICE_ASSIGN(auto rows,
                RunSqlStatement(session, TextOf(command),
                                command.has_input() ? OptionsOf(SqlOf(command.input()), options.session) : options));
  if (rows) {
    *relation = std::move(*rows);
    return Responses{std::move(response)};
  }
  if (command.has_input()) {
    *relation = command.input();
  } else {
    // Clients up to 3.5 send the bare text.
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"
    SLUICE_ASSIGN(*relation, ParseQuerySql(command.sql(), options));
#pragma GCC diagnostic pop
  }
  // A wrong text or name is told now, not when the rows are asked for.
  SLUICE_RETURN_IF_ERROR(session->Resolve(*relation).status());
  return Responses{std::move(response)};
}

}  // namespace

Result<Responses> ExecuteCommand(Session* session, const Command& command) {
  switch (command.command_type_case()) {
    case Command::kSqlCommand:
      return ExecuteSql(session, command.sql_command());
    case Command::kCreateDataframeView:
      SLUICE_RETURN_IF_ERROR(CreateView(session, command.create_dataframe_view()));
      return Responses{};
    case Command::kWriteOperationV2:
      return WriteRelationV2(session, command.write_operation_v2());
    case Command::kWriteOperation:
      return WriteRelation(session, command.write_operation());
    case Command::kRegisterFunction: {
      SLUICE_ASSIGN(auto function, PythonFunctionOf(command.register_function(), *session));
      session->SetFunction(std::move(function));
      return Responses{};
    }
    case Command::kRegisterTableFunction: {
      SLUICE_ASSIGN(auto function, TableFunctionOf(command.register_table_function(), *session));
      session->SetFunction(std::move(function));
      return Responses{};
    }
    case Command::kRemoveCachedRemoteRelationCommand:
      session->DropFrame(command.remove_cached_remote_relation_command().relation().relation_id());
      return Responses{};
    case Command::kWriteStreamOperationStart:
      return StartStreamingQuery(session, command.write_stream_operation_start());
    case Command::kStreamingQueryCommand:
      return CommandQuery(session, command.streaming_query_command());
    case Command::kStreamingQueryManagerCommand:
      return CommandQueryManager(session, command.streaming_query_manager_command());
    default: {
      const auto* field = Command::descriptor()->FindFieldByNumber(command.command_type_case());
      return NotSupported(fmt::format("The command {} is not supported.", field == nullptr ? "(none)" : field->name()));
    }
  }
}

}  // namespace sluice::service
