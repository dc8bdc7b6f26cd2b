// SPDX-License-Identifier: Apache-2.0
#include "cli/kafka_source_options.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <variant>

#include "analysis/find_read.h"
#include "analysis/sql/parser.h"
#include "base/redaction.h"
#include "base/spark_error.h"
#include "cli/global_options.h"
#include "conf/conf.h"
#include "env/env.h"
#include "session/session.h"

namespace sluice::cli {
namespace {

constexpr char kBootstrap[] = "kafka.bootstrap.servers";
constexpr std::string_view kOfClient = "kafka.";

Status OptionsOfPipeline(const KafkaSourceOptions& source, const Program& program, Options* client) {
  SLUICE_ASSIGN(const std::string text, ReadSqlText(source.pipeline));
  SLUICE_ASSIGN(const VariableLookup lookup, source.params.Lookup(program.env.get()));
  SLUICE_ASSIGN(SqlFile file, ParseFileSql(text, source.pipeline, lookup, program.session->conf()));
  for (SqlStatement& statement : file.statements) {
    auto* command = std::get_if<spark::connect::Command>(&statement);
    const auto* read = command == nullptr ? nullptr : FindRead(command, "kafka");
    if (read == nullptr) continue;
    for (const auto& [name, value] : read->data_source().options()) {
      if (name.starts_with(kOfClient)) client->Set(name, value);
    }
    return Status::OK();
  }
  return UserError("SLUICE_USAGE", fmt::format("{} reads no Kafka topic.", source.pipeline));
}

}  // namespace

void KafkaSourceOptions::AddTo(CLI::App* command) {
  command->add_option("--pipeline", pipeline, "A SQL file as for run: Kafka is reached as its read_kafka says");
  params.AddTo(command);
  command->add_option("--bootstrap", bootstrap, "Or the brokers themselves, HOST:PORT[,HOST:PORT]");
  command
      ->add_option(
          "--option", options,
          "An option of the client, kafka.NAME=VALUE; may be repeated. Everybody on this machine can read it in "
          "the process list: secrets belong into the pipeline's file, as ${NAME}")
      ->allow_extra_args(false);
}

Result<Options> KafkaSourceOptions::Client(const Program& program) const {
  Options client;
  if (!pipeline.empty()) SLUICE_RETURN_IF_ERROR(OptionsOfPipeline(*this, program, &client));
  for (const std::string& option : options) {
    const size_t equals = option.find('=');
    if (equals == std::string::npos || !option.starts_with(kOfClient)) {
      return UserError("SLUICE_USAGE", "--option takes kafka.NAME=VALUE, not '" + NamePartOf(option) + "...'.");
    }
    const std::string name = option.substr(0, equals);
    if (IsSecretKey(name)) RegisterSecret(option.substr(equals + 1));
    client.Set(name, option.substr(equals + 1));
  }
  if (!bootstrap.empty()) client.Set(kBootstrap, bootstrap);
  if (!client.Find(kBootstrap)) {
    return UserError("SLUICE_USAGE", "Which Kafka? Give --pipeline FILE.sql, or --bootstrap HOST:PORT.");
  }
  return client;
}

}  // namespace sluice::cli
