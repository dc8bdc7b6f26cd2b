// SPDX-License-Identifier: Apache-2.0
#include "connectors/kafka/kafka_sink.h"

#include <arrow/api.h>
#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <cctype>
#include <mutex>

#include "base/spark_error.h"
#include "connectors/kafka/client_config.h"
#include "types/spark_type.h"

namespace sluice {
namespace {

constexpr int kPollMs = 100;

// What the broker said of one task's records; the reports of one producer serve all its tasks.
struct Deliveries {
  std::atomic<int64_t> open{0};
  std::mutex mutex;
  Status first_error;
};

void OnDelivered(const rd_kafka_message_t& message) {
  auto* deliveries = static_cast<Deliveries*>(message._private);
  if (message.err != RD_KAFKA_RESP_ERR_NO_ERROR) {
    std::lock_guard lock(deliveries->mutex);
    if (deliveries->first_error.ok()) {
      deliveries->first_error =
          KafkaError(message.err, fmt::format("a record for topic {} was not delivered: {}",
                                              rd_kafka_topic_name(message.rkt), rd_kafka_err2str(message.err)));
    }
  }
  --deliveries->open;
}

// Bytes of a string or binary value; null data for NULL.
struct Bytes {
  const void* data = nullptr;
  size_t size = 0;
};

Bytes BytesOf(const arrow::Array& array, int64_t row) {
  if (array.IsNull(row)) return {};
  const auto view = static_cast<const arrow::BinaryViewArray&>(array).GetView(row);
  return {view.data() == nullptr ? "" : view.data(), view.size()};
}

bool IsBytes(const arrow::DataType& type) {
  return type.id() == arrow::Type::STRING_VIEW || type.id() == arrow::Type::BINARY_VIEW;
}

class KafkaTaskWriter : public TaskWriter {
 public:
  KafkaTaskWriter(std::shared_ptr<RdKafkaClient> producer, KafkaSinkColumns columns, std::string topic)
      : producer_(std::move(producer)), columns_(columns), topic_(std::move(topic)) {}

  // The producer may still report to us.
  ~KafkaTaskWriter() override {
    if (deliveries_.open > 0) rd_kafka_purge(producer_->handle(), RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT);
    while (deliveries_.open > 0) rd_kafka_poll(producer_->handle(), kPollMs);
  }

  Status Write(const std::shared_ptr<arrow::RecordBatch>& slice) override {
    for (int64_t row = 0; row < slice->num_rows(); ++row) SLUICE_RETURN_IF_ERROR(WriteRow(*slice, row));
    rows_ += slice->num_rows();
    return producer_->Poll(0);
  }

  Result<std::unique_ptr<TaskCommit>> Finish() override {
    while (deliveries_.open > 0) SLUICE_RETURN_IF_ERROR(producer_->Poll(kPollMs));
    std::lock_guard lock(deliveries_.mutex);
    SLUICE_RETURN_IF_ERROR(deliveries_.first_error);
    auto commit = std::make_unique<TaskCommit>();
    commit->rows = rows_;
    return commit;
  }

 private:
  Result<std::string> TopicOf(const arrow::RecordBatch& slice, int64_t row) {
    if (!topic_.empty()) return topic_;
    const Bytes topic = BytesOf(*slice.column(columns_.topic), row);
    if (topic.data == nullptr || topic.size == 0) {
      return UserError(
          "SLUICE_INVALID_OPTION",
          "A row for the Kafka sink has no topic (NULL in column topic). Set option 'topic' or filter such rows.");
    }
    return std::string(static_cast<const char*>(topic.data), topic.size);
  }

  Status AddHeaders(const arrow::RecordBatch& slice, int64_t row, rd_kafka_headers_t** headers) {
    const auto& list = static_cast<const arrow::ListArray&>(*slice.column(columns_.headers));
    if (list.IsNull(row)) return Status::OK();
    const auto& pairs = static_cast<const arrow::StructArray&>(*list.values());
    *headers = rd_kafka_headers_new(list.value_length(row));
    for (int64_t i = list.value_offset(row); i < list.value_offset(row + 1); ++i) {
      const Bytes key = BytesOf(*pairs.field(0), i);
      const Bytes value = BytesOf(*pairs.field(1), i);
      rd_kafka_header_add(*headers, static_cast<const char*>(key.data), static_cast<ssize_t>(key.size), value.data,
                          value.data == nullptr ? -1 : static_cast<ssize_t>(value.size));
    }
    return Status::OK();
  }

  Status WriteRow(const arrow::RecordBatch& slice, int64_t row) {
    SLUICE_ASSIGN(const std::string topic, TopicOf(slice, row));
    const Bytes value = BytesOf(*slice.column(columns_.value), row);
    const Bytes key = columns_.key < 0 ? Bytes() : BytesOf(*slice.column(columns_.key), row);
    int32_t partition = RD_KAFKA_PARTITION_UA;
    if (columns_.partition >= 0) {
      const auto& partitions = static_cast<const arrow::Int32Array&>(*slice.column(columns_.partition));
      if (!partitions.IsNull(row)) partition = partitions.Value(row);
    }
    for (;;) {
      rd_kafka_headers_t* headers = nullptr;
      if (columns_.headers >= 0) SLUICE_RETURN_IF_ERROR(AddHeaders(slice, row, &headers));
      ++deliveries_.open;
      const auto error =
          rd_kafka_producev(producer_->handle(), RD_KAFKA_V_TOPIC(topic.c_str()), RD_KAFKA_V_PARTITION(partition),
                            RD_KAFKA_V_VALUE(const_cast<void*>(value.data), value.size),
                            RD_KAFKA_V_KEY(key.data, key.size), RD_KAFKA_V_HEADERS(headers),
                            RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY), RD_KAFKA_V_OPAQUE(&deliveries_), RD_KAFKA_V_END);
      if (error == RD_KAFKA_RESP_ERR_NO_ERROR) return Status::OK();
      --deliveries_.open;
      if (headers != nullptr) rd_kafka_headers_destroy(headers);
      if (error != RD_KAFKA_RESP_ERR__QUEUE_FULL)
        return KafkaError(error, "topic " + topic + ": " + rd_kafka_err2str(error));
      SLUICE_RETURN_IF_ERROR(producer_->Poll(kPollMs));
    }
  }

  std::shared_ptr<RdKafkaClient> producer_;
  KafkaSinkColumns columns_;
  std::string topic_;
  Deliveries deliveries_;
  int64_t rows_ = 0;
};

Status WrongType(const arrow::Field& field, const char* expected) {
  return UserError("SLUICE_INVALID_OPTION", fmt::format("Column {} of the Kafka sink is {}, not {}.", field.name(),
                                                        SparkTypeName(*field.type()), expected));
}

// Java's client is idempotent, so that a retry neither doubles nor reorders, unless the user's settings rule that out.
bool CanBeIdempotent(const std::map<std::string, std::string>& properties) {
  const auto is = [&](const char* name, std::initializer_list<std::string_view> wanted) {
    const auto found = properties.find(name);
    return found == properties.end() || std::find(wanted.begin(), wanted.end(), found->second) != wanted.end();
  };
  const auto retries = properties.find("retries");
  return is("acks", {"all", "-1"}) && is("max.in.flight.requests.per.connection", {"1", "2", "3", "4", "5"}) &&
         (retries == properties.end() || retries->second != "0");
}

}  // namespace

Result<KafkaSinkColumns> FindSinkColumns(const arrow::Schema& schema, bool topic_option) {
  KafkaSinkColumns columns;
  const struct {
    const char* name;
    int* index;
  } known[] = {{"value", &columns.value},
               {"key", &columns.key},
               {"topic", &columns.topic},
               {"partition", &columns.partition},
               {"headers", &columns.headers}};
  for (int i = 0; i < schema.num_fields(); ++i) {
    const arrow::Field& field = *schema.field(i);
    std::string name = field.name();
    std::transform(name.begin(), name.end(), name.begin(), [](unsigned char c) { return std::tolower(c); });
    const auto* row = std::find_if(std::begin(known), std::end(known), [&](const auto& k) { return name == k.name; });
    if (row == std::end(known)) {
      return UserError(
          "SLUICE_INVALID_OPTION",
          fmt::format("Column {} means nothing to the Kafka sink: it takes value, key, topic, partition and "
                      "headers. Put others into value, for example by to_json(struct(*)).",
                      field.name()));
    }
    *row->index = i;
    const auto type = field.type()->id();
    if (name == "partition" && type != arrow::Type::INT32) return WrongType(field, "INT");
    if (name == "topic" && type != arrow::Type::STRING_VIEW) return WrongType(field, "STRING");
    if ((name == "value" || name == "key") && !IsBytes(*field.type())) return WrongType(field, "STRING or BINARY");
    if (name == "headers" && type != arrow::Type::LIST)
      return WrongType(field, "ARRAY<STRUCT<key: STRING, value: BINARY>>");
  }
  if (columns.value < 0) return UserError("SLUICE_INVALID_OPTION", "The Kafka sink needs a column named value.");
  if (columns.topic < 0 && !topic_option) {
    return UserError("SLUICE_INVALID_OPTION", "The Kafka sink needs option 'topic' or a column named topic.");
  }
  return columns;
}

const std::vector<OptionRow>& KafkaSinkOptions() {
  static const auto* rows = new std::vector<OptionRow>{
      {"topic", "", OptionUse::kHonoured, "The topic of all rows; beats the column topic."},
      {"checkpointLocation", "", OptionUse::kHonoured, "Folder of the query's checkpoint."},
      {"path", "", OptionUse::kHonoured, "Without meaning here, as in Spark."},
  };
  return *rows;
}

Result<std::unique_ptr<StreamSink>> KafkaSink::Open(const SinkContext& context) {
  SLUICE_RETURN_IF_ERROR(CheckOptions(context.options, KafkaSinkOptions(), {"kafka."}, "kafka"));
  std::unique_ptr<KafkaSink> sink(new KafkaSink());
  sink->topic_ = context.options.Get("topic", "");
  SLUICE_ASSIGN(sink->columns_, FindSinkColumns(*context.schema, !sink->topic_.empty()));
  SLUICE_ASSIGN(ClientConfig config, MakeClientConfig(context.options, ClientScope::kProducer, context.env.get()));
  // Small buffers: the rows of a slice are in memory already. A key goes to the partition that Java's client chooses.
  config.properties.insert({{"queue.buffering.max.kbytes", "8192"},
                            {"linger.ms", "5"},
                            {"log.connection.close", "false"},
                            {"partitioner", "murmur2_random"}});
  if (CanBeIdempotent(config.properties)) config.properties.insert({"enable.idempotence", "true"});
  SLUICE_ASSIGN(sink->producer_, RdKafkaClient::Make(RD_KAFKA_PRODUCER, config.properties, &OnDelivered));
  return std::unique_ptr<StreamSink>(std::move(sink));
}

Result<std::unique_ptr<TaskWriter>> KafkaSink::OpenTask(BatchId batch, TaskId task, const std::string& identity) {
  return std::make_unique<KafkaTaskWriter>(producer_, columns_, topic_);
}

}  // namespace sluice
