// SPDX-License-Identifier: Apache-2.0
#include "connectors/kafka/rdkafka_metadata.h"

#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <set>

#include "base/logging.h"
#include "base/spark_error.h"
#include "connectors/kafka/topic_pattern.h"

namespace sluice {
namespace {

constexpr int kRetryMs = 100;
constexpr int kMetadataMs = 500;
// A cluster that restarts refuses connections for some seconds; a wrong address does so for ever.
constexpr int64_t kUnreachedMs = 8'000;

template <auto Destroy>
struct Deleter {
  template <typename T>
  void operator()(T* object) const {
    Destroy(object);
  }
};
using QueuePtr = std::unique_ptr<rd_kafka_queue_t, Deleter<rd_kafka_queue_destroy>>;
using EventPtr = std::unique_ptr<rd_kafka_event_t, Deleter<rd_kafka_event_destroy>>;
using OptionsPtr = std::unique_ptr<rd_kafka_AdminOptions_t, Deleter<rd_kafka_AdminOptions_destroy>>;
using TopicPtr = std::unique_ptr<rd_kafka_topic_t, Deleter<rd_kafka_topic_destroy>>;
using PartitionListPtr =
    std::unique_ptr<rd_kafka_topic_partition_list_t, Deleter<rd_kafka_topic_partition_list_destroy>>;

Status Unavailable(const RdKafkaClient& client, const char* what, int64_t timeout_ms) {
  const std::string trouble = client.LastTrouble();
  return EnvironmentError(
      "SLUICE_KAFKA.UNAVAILABLE",
      fmt::format("Kafka gave no answer about {} within {} ms (kafka.default.api.timeout.ms).{}", what, timeout_ms,
                  trouble.empty() ? " Do the brokers want TLS or a login (kafka.security.protocol)?"
                                  : " Last trouble: " + trouble),
      /*retryable=*/true);
}

Status Unreached(const RdKafkaClient& client) {
  return EnvironmentError(
      "SLUICE_KAFKA.UNAVAILABLE",
      fmt::format(
          "No Kafka broker can be reached. Are host and port of kafka.bootstrap.servers right, and does the port "
          "speak what kafka.security.protocol says? Last trouble: {}",
          client.LastTrouble()),
      /*retryable=*/true);
}

// How long a question has been repeated; counted in waits, so that no clock is needed.
struct Patience {
  int64_t left_ms;
  bool told = false;

  Status Wait(RdKafkaClient* client, const char* what, int64_t timeout_ms, int64_t spent_ms) {
    SLUICE_RETURN_IF_ERROR(client->Poll(kRetryMs));
    left_ms -= spent_ms + kRetryMs;
    if (left_ms <= 0) return Unavailable(*client, what, timeout_ms);
    if (timeout_ms - left_ms >= kUnreachedMs && client->Unreached()) return Unreached(*client);
    if (!told && timeout_ms - left_ms > 2000) {
      told = true;
      Log(LogLevel::kWarn, "Kafka does not answer about {}; still trying. {}", what, client->LastTrouble());
    }
    return Status::OK();
  }
};

// What one Metadata call says about a topic. `again`: there was only passing trouble.
Status AddPartitions(const rd_kafka_metadata_topic_t& topic, std::vector<TopicPartition>* found, bool* again) {
  if (topic.err != RD_KAFKA_RESP_ERR_NO_ERROR) {
    const auto kind = KindOf(topic.err);
    if (kind == KafkaErrorKind::kPermanent) {
      return KafkaError(topic.err, fmt::format("topic {}: {}", topic.topic, rd_kafka_err2str(topic.err)));
    }
    if (kind == KafkaErrorKind::kPassing) *again = true;
    return Status::OK();
  }
  for (int p = 0; p < topic.partition_cnt; ++p) found->push_back({topic.topic, topic.partitions[p].id});
  return Status::OK();
}

using MetadataPtr = std::unique_ptr<const rd_kafka_metadata_t, Deleter<rd_kafka_metadata_destroy>>;

// One Metadata call, for one topic or (null) for all. Null when there was only passing trouble.
Result<MetadataPtr> AskMetadata(RdKafkaClient* client, rd_kafka_topic_t* topic) {
  const rd_kafka_metadata_t* metadata = nullptr;
  const auto error = rd_kafka_metadata(client->handle(), topic == nullptr, topic, &metadata, kMetadataMs);
  if (error == RD_KAFKA_RESP_ERR_NO_ERROR) {
    client->NoteAnswer();
    return MetadataPtr(metadata);
  }
  if (KindOf(error) == KafkaErrorKind::kPermanent) return KafkaError(error, rd_kafka_err2str(error));
  return MetadataPtr();
}

Status DescribeTopics(RdKafkaClient* client, const std::set<std::string>& topics, std::vector<TopicPartition>* found,
                      bool* again) {
  *again = false;
  for (const std::string& name : topics) {
    const TopicPtr topic(rd_kafka_topic_new(client->handle(), name.c_str(), nullptr));
    if (topic == nullptr) return KafkaError(rd_kafka_last_error(), "topic " + name);
    SLUICE_ASSIGN(const MetadataPtr metadata, AskMetadata(client, topic.get()));
    if (metadata == nullptr) {
      *again = true;
      return Status::OK();
    }
    for (int t = 0; t < metadata->topic_cnt; ++t) {
      SLUICE_RETURN_IF_ERROR(AddPartitions(metadata->topics[t], found, again));
    }
  }
  return Status::OK();
}

// Those that brokers flag as internal; the flag itself does not come through librdkafka. Others may begin with "__"
// too.
bool IsInternalTopic(const std::string& topic) {
  return topic == "__consumer_offsets" || topic == "__transaction_state" || topic == "__share_group_state";
}

Status MatchTopics(RdKafkaClient* client, const TopicPattern& pattern, std::vector<TopicPartition>* found,
                   bool* again) {
  SLUICE_ASSIGN(const MetadataPtr metadata, AskMetadata(client, nullptr));
  *again = metadata == nullptr;
  for (int t = 0; metadata != nullptr && t < metadata->topic_cnt; ++t) {
    const rd_kafka_metadata_topic_t& topic = metadata->topics[t];
    if (IsInternalTopic(topic.topic) || !pattern.Matches(topic.topic)) continue;
    SLUICE_RETURN_IF_ERROR(AddPartitions(topic, found, again));
  }
  return Status::OK();
}

void CollectOffsets(const rd_kafka_event_t* event, PartitionOffsets* open, PartitionOffsets* answers,
                    Status* permanent) {
  size_t count = 0;
  const auto* result = rd_kafka_event_ListOffsets_result(const_cast<rd_kafka_event_t*>(event));
  const auto* infos = rd_kafka_ListOffsets_result_infos(result, &count);
  for (size_t i = 0; i < count; ++i) {
    const rd_kafka_topic_partition_t* answer = rd_kafka_ListOffsetsResultInfo_topic_partition(infos[i]);
    const TopicPartition tp{answer->topic, answer->partition};
    if (answer->err == RD_KAFKA_RESP_ERR_NO_ERROR) {
      (*answers)[tp] = answer->offset;
      open->erase(tp);
      continue;
    }
    switch (KindOf(answer->err)) {
      case KafkaErrorKind::kMissing:
        open->erase(tp);
        break;
      case KafkaErrorKind::kPermanent:
        if (permanent->ok()) *permanent = KafkaError(answer->err, tp.ToString() + ": " + rd_kafka_err2str(answer->err));
        break;
      case KafkaErrorKind::kPassing:
        break;  // asked again
    }
  }
}

}  // namespace

Result<std::vector<TopicPartition>> FindPartitions(RdKafkaClient* client, const TopicChoice& choice,
                                                   int64_t timeout_ms) {
  std::set<std::string> topics(choice.topics.begin(), choice.topics.end());
  for (const TopicPartition& tp : choice.assignment) topics.insert(tp.topic);
  std::unique_ptr<TopicPattern> pattern;
  if (!choice.pattern.empty()) {
    SLUICE_ASSIGN(pattern, TopicPattern::Compile(choice.pattern));
  }
  std::vector<TopicPartition> found;
  Patience patience{timeout_ms};
  for (bool again = true;;) {
    found.clear();
    if (pattern) {
      SLUICE_RETURN_IF_ERROR(MatchTopics(client, *pattern, &found, &again));
    } else {
      SLUICE_RETURN_IF_ERROR(DescribeTopics(client, topics, &found, &again));
    }
    if (!again) break;
    SLUICE_RETURN_IF_ERROR(patience.Wait(client, "its topics", timeout_ms, kMetadataMs));
  }
  std::sort(found.begin(), found.end());
  if (!choice.assignment.empty()) {
    std::erase_if(found, [&](const TopicPartition& tp) {
      return std::find(choice.assignment.begin(), choice.assignment.end(), tp) == choice.assignment.end();
    });
  }
  return found;
}

Result<PartitionOffsets> FindOffsets(RdKafkaClient* client, const PartitionOffsets& asked, bool read_committed,
                                     int64_t timeout_ms) {
  PartitionOffsets open = asked;
  PartitionOffsets answers;
  Patience patience{timeout_ms};
  const QueuePtr queue(rd_kafka_queue_new(client->handle()));
  while (!open.empty()) {
    const PartitionListPtr list(rd_kafka_topic_partition_list_new(static_cast<int>(open.size())));
    for (const auto& [tp, what] : open) {
      rd_kafka_topic_partition_list_add(list.get(), tp.topic.c_str(), tp.partition)->offset = what;
    }
    const OptionsPtr options(rd_kafka_AdminOptions_new(client->handle(), RD_KAFKA_ADMIN_OP_LISTOFFSETS));
    if (read_committed) {
      rd_kafka_AdminOptions_set_isolation_level(options.get(), RD_KAFKA_ISOLATION_LEVEL_READ_COMMITTED);
    }
    rd_kafka_ListOffsets(client->handle(), list.get(), options.get(), queue.get());
    SLUICE_ASSIGN(rd_kafka_event_t* const raw, client->Await(queue.get(), patience.left_ms));
    const EventPtr event(raw);
    if (event == nullptr) return Unavailable(*client, "offsets", timeout_ms);
    const auto error = rd_kafka_event_error(event.get());
    if (error == RD_KAFKA_RESP_ERR_NO_ERROR) {
      Status permanent;
      CollectOffsets(event.get(), &open, &answers, &permanent);
      SLUICE_RETURN_IF_ERROR(permanent);
    } else if (KindOf(error) == KafkaErrorKind::kMissing) {
      break;
    } else if (KindOf(error) == KafkaErrorKind::kPermanent) {
      return KafkaError(error, rd_kafka_event_error_string(event.get()));
    }
    if (!open.empty()) SLUICE_RETURN_IF_ERROR(patience.Wait(client, "offsets", timeout_ms, 0));
  }
  return answers;
}

}  // namespace sluice
