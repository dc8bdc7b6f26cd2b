// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "connectors/kafka/rdkafka_client.h"
#include "connectors/options.h"
#include "connectors/sink.h"

namespace sluice {

// Which columns of the written rows mean what to Kafka; -1: not there.
struct KafkaSinkColumns {
  int value = -1;
  int key = -1;
  int topic = -1;
  int partition = -1;
  int headers = -1;
};

// Besides them, options that begin with "kafka." go to the client.
const std::vector<OptionRow>& KafkaSinkOptions();

// Finds the columns by name and checks their types. `topic_option`: the topic does not have to be a column.
Result<KafkaSinkColumns> FindSinkColumns(const arrow::Schema& schema, bool topic_option);

// Writes rows as Kafka records, at least once: a batch that is run again is written again, as in Spark. A task is
// finished when the broker has acknowledged all its records.
class KafkaSink : public StreamSink {
 public:
  static Result<std::unique_ptr<StreamSink>> Open(const SinkContext& context);

  std::string description() const override { return "KafkaSink"; }
  Status Start(BatchId next, bool recovered) override { return Status::OK(); }
  Result<BatchStanding> Standing(BatchId batch, bool recovered) override { return BatchStanding::kNew; }
  Result<std::unique_ptr<TaskWriter>> OpenTask(BatchId batch, TaskId task, const std::string& identity) override;
  Status Commit(BatchId batch, std::vector<std::unique_ptr<TaskCommit>> commits) override { return Status::OK(); }

 private:
  KafkaSink() = default;
  std::shared_ptr<RdKafkaClient> producer_;
  KafkaSinkColumns columns_;
  std::string topic_;  // option; beats the column
};

}  // namespace sluice
