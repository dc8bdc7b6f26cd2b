// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <librdkafka/rdkafka.h>

#include <cstdio>
#include <cstdlib>
#include <functional>
#include <string>
#include <vector>

namespace bench {

/// Ends the program with a message when a condition does not hold: benchmarks have nobody to return errors to.
inline void Require(bool holds, const std::string& message) {
  if (holds) return;
  std::fprintf(stderr, "%s\n", message.c_str());
  std::exit(1);
}

/// A client configured by words of the form key=value.
inline rd_kafka_t* NewClient(rd_kafka_type_t type, const std::vector<std::string>& properties) {
  char error[512];
  rd_kafka_conf_t* conf = rd_kafka_conf_new();
  for (const std::string& property : properties) {
    const size_t at = property.find('=');
    Require(at != std::string::npos &&
                rd_kafka_conf_set(conf, property.substr(0, at).c_str(), property.substr(at + 1).c_str(), error,
                                  sizeof(error)) == RD_KAFKA_CONF_OK,
            "bad property " + property + ": " + error);
  }
  rd_kafka_t* client = rd_kafka_new(type, conf, error, sizeof(error));
  Require(client != nullptr, error);
  return client;
}

/// Calls `row` for each of the records [0, count) of one partition, with the small prefetch that keeps data in cache.
inline void ConsumePartition(std::vector<std::string> properties, const std::string& topic, int partition,
                             int64_t count, const std::function<void(const rd_kafka_message_t&)>& row) {
  for (const char* setting : {"group.id=bench", "enable.auto.commit=false", "auto.offset.reset=error",
                              "check.crcs=true", "queued.max.messages.kbytes=4096", "fetch.message.max.bytes=1048576",
                              "fetch.max.bytes=2097152", "fetch.queue.backoff.ms=2", "fetch.wait.max.ms=50"}) {
    properties.emplace_back(setting);
  }
  rd_kafka_t* client = NewClient(RD_KAFKA_CONSUMER, properties);
  rd_kafka_topic_partition_list_t* assigned = rd_kafka_topic_partition_list_new(1);
  rd_kafka_topic_partition_list_add(assigned, topic.c_str(), partition)->offset = 0;
  rd_kafka_assign(client, assigned);
  rd_kafka_queue_t* queue = rd_kafka_queue_get_consumer(client);
  std::vector<rd_kafka_message_t*> messages(1024);
  for (int64_t seen = 0, empty = 0; seen < count;) {
    // The call waits for a full array until its time is over, at the end of the topic too: short waits.
    const ssize_t got = rd_kafka_consume_batch_queue(queue, 10, messages.data(), messages.size());
    empty = got > 0 ? 0 : empty + 1;
    Require(empty < 3000, "no record within 30 s");
    for (ssize_t i = 0; i < got; ++i) {
      Require(messages[i]->err == RD_KAFKA_RESP_ERR_NO_ERROR, rd_kafka_err2str(messages[i]->err));
      row(*messages[i]);
      rd_kafka_message_destroy(messages[i]);
    }
    seen += got;
  }
  rd_kafka_topic_partition_list_destroy(assigned);
  rd_kafka_queue_destroy(queue);
  rd_kafka_destroy(client);
}

}  // namespace bench
