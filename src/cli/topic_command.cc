// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <map>
#include <memory>
#include <optional>
#include <ostream>

#include "analysis/find_read.h"
#include "analysis/sql/parser.h"
#include "base/spark_error.h"
#include "checkpoint/commit_log.h"
#include "checkpoint/offset_log.h"
#include "cli/commands.h"
#include "cli/global_options.h"
#include "cli/kafka_source_options.h"
#include "cli/output_file.h"
#include "cli/row_output.h"
#include "connectors/kafka/client_config.h"
#include "connectors/kafka/offset_json.h"
#include "connectors/kafka/rdkafka_consumer.h"
#include "env/env.h"
#include "exec/operator.h"
#include "service/connect_service.h"
#include "session/session.h"
#include "types/text_table.h"

namespace sluice::cli {
namespace {

struct TopicOptions {
  GlobalOptions global;
  KafkaSourceOptions kafka;
  std::string topic;
  bool internal = false;
  std::string checkpoint;
  int64_t records = 10;
  std::string where;
  int64_t among = 10'000;
  std::string format = "table";
};

struct Offsets {
  PartitionOffsets earliest;
  PartitionOffsets latest;
};

// Starts the program and finds its way to Kafka (bad usage before, a failure after), then does the work.
template <typename Work>
int WithKafka(const TopicOptions& options, Work work) {
  const Result<Program> program = StartProgram(options.global);
  if (!program.ok()) return Fail(program.status(), kBadUsage);
  const Result<Options> client = options.kafka.Client(*program);
  if (!client.ok()) return Fail(client.status(), kBadUsage);
  const std::unique_ptr<std::ostream> out = OpenStdout();
  const Status done = work(*program, *client, *out);
  return done.ok() ? kEndedWell : Fail(done, kQueryFailed);
}

Result<std::shared_ptr<KafkaConsumer>> Connect(const Program& program, const Options& client) {
  SLUICE_ASSIGN(ClientConfig config, MakeClientConfig(client, ClientScope::kConsumer, program.env.get()));
  return MakeRdKafkaConsumer(std::move(config), nullptr);
}

Result<Offsets> FindOffsets(KafkaConsumer* consumer, const TopicChoice& choice) {
  SLUICE_ASSIGN(const std::vector<TopicPartition> partitions, consumer->ListPartitions(choice));
  PartitionOffsets asked;
  for (const TopicPartition& partition : partitions) asked[partition] = kEarliestOffset;
  Offsets offsets;
  if (asked.empty()) return offsets;
  SLUICE_ASSIGN(offsets.earliest, consumer->ListOffsets(asked));
  for (auto& [partition, offset] : asked) offset = kLatestOffset;
  SLUICE_ASSIGN(offsets.latest, consumer->ListOffsets(asked));
  return offsets;
}

Result<Offsets> FindOffsetsOf(KafkaConsumer* consumer, const std::string& topic) {
  TopicChoice choice;
  choice.topics = {topic};
  SLUICE_ASSIGN(Offsets offsets, FindOffsets(consumer, choice));
  if (!offsets.latest.empty()) return offsets;
  return EnvironmentError("SLUICE_KAFKA.UNKNOWN_TOPIC_OR_PARTITION",
                          fmt::format("There is no topic {} there; sluice topic list shows all.", topic));
}

// The first column to the left, numbers to the right.
void Print(const TextTable& table, std::ostream& out) {
  std::vector<TableColumn> columns(table.names.size());
  for (size_t i = 1; i < columns.size(); ++i) columns[i].right = true;
  Widen(table.names, &columns);
  for (const auto& row : table.rows) Widen(row, &columns);
  std::string text;
  AppendRule(columns, &text);
  AppendCells(table.names, columns, &text);
  AppendRule(columns, &text);
  for (const auto& row : table.rows) AppendCells(row, columns, &text);
  AppendRule(columns, &text);
  out << text;
}

int List(const TopicOptions& options) {
  return WithKafka(options, [&](const Program& program, const Options& client, std::ostream& out) -> Status {
    SLUICE_ASSIGN(const auto consumer, Connect(program, client));
    TopicChoice all;
    all.pattern = ".*";
    SLUICE_ASSIGN(const Offsets offsets, FindOffsets(consumer.get(), all));
    std::map<std::string, std::pair<int64_t, int64_t>> topics;  // partitions, records
    for (const auto& [partition, latest] : offsets.latest) {
      if (!options.internal && partition.topic.starts_with("__")) continue;
      const auto first = offsets.earliest.find(partition);
      auto& [partitions, records] = topics[partition.topic];
      ++partitions;
      records += latest - (first == offsets.earliest.end() ? latest : first->second);
    }
    TextTable table;
    table.names = {"topic", "partitions", "records"};
    for (const auto& [topic, counts] : topics) {
      table.rows.push_back({topic, std::to_string(counts.first), std::to_string(counts.second)});
    }
    Print(table, out);
    return Status::OK();
  });
}

// The offsets that the last committed batch of a checkpoint ends at; of all its sources.
Result<PartitionOffsets> CommittedOffsets(const Program& program, const std::string& folder) {
  SLUICE_ASSIGN(const Location checkpoint, program.env->Locate(folder, program.session->conf()));
  SLUICE_ASSIGN(const std::optional<BatchId> last, CommitLog({checkpoint.fs, checkpoint.path + "/commits"}).Latest());
  PartitionOffsets committed;
  if (!last) {
    return UserError("SLUICE_USAGE", fmt::format("There is no checkpoint with a committed batch at {}.", folder));
  }
  const OffsetLog log({checkpoint.fs, checkpoint.path + "/offsets"});
  SLUICE_ASSIGN(const OffsetEntry entry, log.Read(*last));
  for (const auto& source : entry.offsets) {
    const auto offsets = source ? ParseOffsets(*source, "checkpoint " + folder) : Result<PartitionOffsets>(committed);
    if (offsets.ok()) committed.insert(offsets->begin(), offsets->end());  // another source is no Kafka
  }
  return committed;
}

int ShowTopic(const TopicOptions& options) {
  return WithKafka(options, [&](const Program& program, const Options& client, std::ostream& out) -> Status {
    PartitionOffsets committed;
    if (!options.checkpoint.empty()) {
      SLUICE_ASSIGN(committed, CommittedOffsets(program, options.checkpoint));
    }
    SLUICE_ASSIGN(const auto consumer, Connect(program, client));
    SLUICE_ASSIGN(const Offsets offsets, FindOffsetsOf(consumer.get(), options.topic));
    TextTable table;
    table.names = {"partition", "earliest", "latest", "records"};
    if (!options.checkpoint.empty()) table.names.insert(table.names.end(), {"committed", "lag"});
    int64_t all_records = 0;
    int64_t all_lag = 0;
    for (const auto& [partition, latest] : offsets.latest) {
      const auto first = offsets.earliest.find(partition);
      const int64_t earliest = first == offsets.earliest.end() ? latest : first->second;
      all_records += latest - earliest;
      table.rows.push_back({std::to_string(partition.partition), std::to_string(earliest), std::to_string(latest),
                            std::to_string(latest - earliest)});
      if (options.checkpoint.empty()) continue;
      const auto done = committed.find(partition);
      const int64_t lag = latest - (done == committed.end() ? earliest : std::max(done->second, earliest));
      all_lag += lag;
      table.rows.back().push_back(done == committed.end() ? "none" : std::to_string(done->second));
      table.rows.back().push_back(std::to_string(lag));
    }
    table.rows.push_back({"all", "", "", std::to_string(all_records)});
    if (!options.checkpoint.empty()) table.rows.back().insert(table.rows.back().end(), {"", std::to_string(all_lag)});
    Print(table, out);
    return Status::OK();
  });
}

// The last records of each partition, of which the query takes those wanted.
Result<spark::connect::Relation> TailQuery(const TopicOptions& options, const Conf& conf, const Options& client,
                                           const Offsets& offsets) {
  const std::string where = options.where.empty() ? "" : fmt::format(" WHERE ({}\n)", options.where);
  const std::string text = fmt::format(
      "SELECT * FROM (SELECT * FROM (SELECT partition, offset, timestamp, CAST(key AS STRING) AS key, CAST(value AS "
      "STRING) AS value FROM read_kafka()){} ORDER BY timestamp DESC, offset DESC, partition DESC LIMIT {}) ORDER BY "
      "timestamp, offset, partition",
      where, options.records);
  if (!options.where.empty()) {
    SLUICE_RETURN_IF_ERROR(ParseExpressionSql(options.where, {SessionOptions::Of(conf), "--where"}).status());
  }
  SLUICE_ASSIGN(spark::connect::Relation relation, ParseQuerySql(text, {SessionOptions::Of(conf), ""}));
  PartitionOffsets begin;
  const int64_t looked_at = options.where.empty() ? options.records : options.among;
  for (const auto& [partition, latest] : offsets.latest) {
    const auto first = offsets.earliest.find(partition);
    begin[partition] = std::max(latest - looked_at, first == offsets.earliest.end() ? latest : first->second);
  }
  auto& read = *FindRead(&relation, "kafka")->mutable_data_source()->mutable_options();
  for (const auto& [lower, option] : client.entries()) read[option.name] = option.value;
  read["subscribe"] = options.topic;
  read["startingOffsets"] = FormatOffsets(begin);
  read["endingOffsets"] = FormatOffsets(offsets.latest);
  return relation;
}

int Tail(const TopicOptions& options) {
  RowStyle style;
  if (!ParseOutputFormat(options.format, &style.format)) {
    return Fail(UserError("SLUICE_USAGE", std::string("--format takes ") + kOutputFormats + "."), kBadUsage);
  }
  if (options.records < 1 || options.among < 1) {
    return Fail(UserError("SLUICE_USAGE", "-n and --among take 1 or more."), kBadUsage);
  }
  return WithKafka(options, [&](const Program& program, const Options& client, std::ostream& out) -> Status {
    SLUICE_ASSIGN(const auto consumer, Connect(program, client));
    SLUICE_ASSIGN(const Offsets offsets, FindOffsetsOf(consumer.get(), options.topic));
    const Conf conf = program.session->conf();
    spark::connect::ExecutePlanRequest request;
    request.set_session_id(program.session->id());
    SLUICE_ASSIGN(*request.mutable_plan()->mutable_root(), TailQuery(options, conf, client, offsets));
    SLUICE_ASSIGN(const Execution execution, program.service->ExecutePlan(request));
    return PrintRows(execution.rows.get(), style, conf.time_zone(), out).status();
  });
}

}  // namespace

void AddTopicCommand(CLI::App* app, Chosen* chosen) {
  CLI::App* topic = app->add_subcommand("topic", "Look at Kafka's topics");
  topic->require_subcommand(1);
  const auto add = [&](const char* name, const char* what, int (*run)(const TopicOptions&)) {
    auto options = std::make_shared<TopicOptions>();
    CLI::App* command = topic->add_subcommand(name, what);
    options->global.AddTo(command);
    options->kafka.AddTo(command);
    command->callback([options, run, chosen] { *chosen = [options, run] { return run(*options); }; });
    return std::pair(command, options);
  };
  const auto [list, list_options] = add("list", "Topics with their partitions and records", List);
  list->add_flag("--internal", list_options->internal, "Kafka's own topics too");
  const auto [show, show_options] =
      add("show", "Offsets of a topic's partitions, and how far a checkpoint is", ShowTopic);
  show->add_option("TOPIC", show_options->topic)->required();
  show->add_option("--checkpoint", show_options->checkpoint, "A query's checkpoint: its committed offsets and lag");
  const auto [tail, tail_options] = add("tail", "The last records of a topic", Tail);
  tail->add_option("TOPIC", tail_options->topic)->required();
  tail->add_option("-n", tail_options->records, "How many, by their time")->capture_default_str();
  tail->add_option("--where", tail_options->where,
                   "Only those for which this SQL holds; columns partition, offset, timestamp, key, value");
  tail->add_option("--among", tail_options->among,
                   "With --where: the last records of each partition that are looked at")
      ->capture_default_str();
  tail->add_option("--format", tail_options->format, kOutputFormats)->capture_default_str();
  tail->footer(
      "Examples:\n"
      "  sluice topic tail reviews --pipeline examples/bronze_reviews.sql -n 3\n"
      "  sluice topic tail reviews --bootstrap localhost:9092 --where \"value LIKE '%kettle%'\"");
}

}  // namespace sluice::cli
