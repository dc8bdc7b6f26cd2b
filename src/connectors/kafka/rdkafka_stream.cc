// SPDX-License-Identifier: Apache-2.0
#include "connectors/kafka/rdkafka_stream.h"

#include <fmt/format.h>

#include "base/redaction.h"
#include "base/spark_error.h"

namespace sluice {
namespace {

// Taken from the queue at a time: enough to spread the queue's lock, few enough to stay in the cache.
constexpr size_t kHeldMessages = 256;

// librdkafka does not tell damage from a batch that is too large.
Status CannotUnpack(const std::string& reason, rd_kafka_t* client) {
  return EnvironmentError(
      "SLUICE_KAFKA.CANNOT_UNPACK",
      fmt::format(
          "The batch of records that begins here cannot be unpacked: it has more than the {} bytes that the "
          "memory budget allows a batch, or it is damaged. Raise spark.sluice.memory (or --memory): a batch may "
          "have an eighth of it and some MiB. A batch that is damaged must leave the topic. The client says: "
          "{}",
          PropertyValue(client, "receive.message.max.bytes").value_or("?"), Redact(reason)));
}

Status AtOffset(const Status& status, const TopicPartition& tp, int64_t offset) {
  return WithContext(status, fmt::format("topic {}, partition {}, offset {}", tp.topic, tp.partition, offset));
}

}  // namespace

RdKafkaStream::RdKafkaStream(RdKafkaClient* client, TopicPartition partition)
    : client_(client), partition_(std::move(partition)) {
  topic_ = rd_kafka_topic_new(client_->handle(), partition_.topic.c_str(), nullptr);
  queue_ = rd_kafka_queue_new(client_->handle());
}

RdKafkaStream::~RdKafkaStream() {
  Stop();
  rd_kafka_queue_destroy(queue_);
  if (topic_ != nullptr) rd_kafka_topic_destroy(topic_);
}

Status RdKafkaStream::Start(int64_t offset) {
  Stop();
  if (topic_ == nullptr || rd_kafka_consume_start_queue(topic_, partition_.partition, offset, queue_) != 0) {
    const auto error = rd_kafka_last_error();
    return AtOffset(KafkaError(error, rd_kafka_err2str(error)), partition_, offset);
  }
  started_ = true;
  has_large_records_ = false;
  position_ = offset;
  return Status::OK();
}

void RdKafkaStream::Stop() {
  DropHeld();
  if (!started_) return;
  rd_kafka_consume_stop(topic_, partition_.partition);
  started_ = false;
  // What is still in the queue belongs to the old position.
  while (Refill(0)) DropHeld();
}

void RdKafkaStream::DropHeld() {
  for (; held_at_ < held_.size(); ++held_at_) rd_kafka_message_destroy(held_[held_at_]);
  held_.clear();
  held_at_ = 0;
}

bool RdKafkaStream::Refill(int timeout_ms) {
  held_.resize(kHeldMessages);
  held_at_ = 0;
  // With a time-out this call would wait until the whole array is full, so it never gets one.
  ssize_t count = rd_kafka_consume_batch_queue(queue_, 0, held_.data(), held_.size());
  if (count <= 0) {
    count = 0;
    rd_kafka_message_t* first = timeout_ms > 0 ? rd_kafka_consume_queue(queue_, timeout_ms) : nullptr;
    if (first != nullptr) held_[count++] = first;
  }
  held_.resize(count);
  return count > 0;
}

Result<FetchStep> RdKafkaStream::Peek(int timeout_ms) {
  for (;;) {
    if (held_at_ == held_.size() && !Refill(timeout_ms)) {
      SLUICE_RETURN_IF_ERROR(client_->Poll(0));
      return FetchStep{};
    }
    rd_kafka_message_t* message = held_[held_at_];
    const bool old = message->err == RD_KAFKA_RESP_ERR_NO_ERROR && message->offset < position_;
    if (!old) return StepOf(message);
    Pop();
  }
}

Result<FetchStep> RdKafkaStream::StepOf(rd_kafka_message_t* message) {
  FetchStep step;
  if (message->err == RD_KAFKA_RESP_ERR_NO_ERROR) {
    step.event = FetchEvent::kRecord;
    KafkaRecord& record = step.record;
    rd_kafka_timestamp_type_t type = RD_KAFKA_TIMESTAMP_NOT_AVAILABLE;
    record.offset = message->offset;
    record.timestamp_ms = rd_kafka_message_timestamp(message, &type);
    record.timestamp_type = type == RD_KAFKA_TIMESTAMP_CREATE_TIME       ? 0
                            : type == RD_KAFKA_TIMESTAMP_LOG_APPEND_TIME ? 1
                                                                         : -1;
    record.key = static_cast<const char*>(message->key);
    record.key_size = message->key_len;
    record.value = static_cast<const char*>(message->payload);
    record.value_size = message->len;
    record.handle = message;
    has_large_records_ |= message->len > static_cast<size_t>(kLargeRecordBytes);
    return step;
  }
  const auto error = message->err;
  const int64_t offset = message->offset;
  const char* text = rd_kafka_message_errstr(message);
  const std::string reason = text == nullptr ? rd_kafka_err2str(error) : text;
  rd_kafka_message_destroy(message);
  ++held_at_;
  switch (error) {
    case RD_KAFKA_RESP_ERR__PARTITION_EOF:
      step.event = FetchEvent::kEnd;
      step.position = offset;
      return step;
    case RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET:
    case RD_KAFKA_RESP_ERR_OFFSET_OUT_OF_RANGE:
      step.event = FetchEvent::kOutOfRange;
      return step;
    default:
      break;
  }
  if (error == RD_KAFKA_RESP_ERR__BAD_COMPRESSION) {
    step.event = FetchEvent::kUnreadable;
    step.position = offset >= 0 ? offset : position_;
    step.error = AtOffset(CannotUnpack(reason, client_->handle()), partition_, step.position);
    return step;
  }
  if (KindOf(error) == KafkaErrorKind::kPassing) {
    SLUICE_RETURN_IF_ERROR(client_->Poll(0));
    return step;
  }
  return AtOffset(KafkaError(error, reason), partition_, offset >= 0 ? offset : position_);
}

void RdKafkaStream::Pop() {
  rd_kafka_message_t* message = held_[held_at_++];
  if (message->offset >= position_) position_ = message->offset + 1;
  rd_kafka_message_destroy(message);
}

Status RdKafkaStream::ReadHeaders(const KafkaRecord& record, std::vector<KafkaHeader>* headers) {
  headers->clear();
  rd_kafka_headers_t* list = nullptr;
  const auto* message = static_cast<const rd_kafka_message_t*>(record.handle);
  const auto error = rd_kafka_message_headers(message, &list);
  if (error == RD_KAFKA_RESP_ERR__NOENT) return Status::OK();
  if (error != RD_KAFKA_RESP_ERR_NO_ERROR) {
    return AtOffset(KafkaError(error, "headers of a record cannot be read"), partition_, record.offset);
  }
  const char* name = nullptr;
  const void* value = nullptr;
  size_t size = 0;
  for (size_t i = 0; rd_kafka_header_get_all(list, i, &name, &value, &size) == RD_KAFKA_RESP_ERR_NO_ERROR; ++i) {
    headers->push_back({name, static_cast<const char*>(value), size});
  }
  return Status::OK();
}

}  // namespace sluice
