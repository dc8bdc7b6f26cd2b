// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <librdkafka/rdkafka.h>

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>

#include "base/status.h"

namespace sluice {

// What a librdkafka error code means to us.
enum class KafkaErrorKind {
  kPassing,    // waiting may cure it: a broker restarts, a leader moves
  kMissing,    // the topic or partition does not exist
  kPermanent,  // waiting does not cure it
};
KafkaErrorKind KindOf(rd_kafka_resp_err_t error);
// The error for a permanent code; `reason` is librdkafka's text (redacted here).
Status KafkaError(rd_kafka_resp_err_t error, const std::string& reason);

// A setting as the client holds it.
std::optional<std::string> PropertyValue(rd_kafka_t* client, const char* name);

// Runs `destroy` on a thread of its own, which the process waits for at its exit. Ending a librdkafka instance takes up
// to a second (its threads look around once a second); nobody else should wait for that.
void DestroyInBackground(std::function<void()> destroy);

// One librdkafka instance. Thread-safe. Its logs go to our log, and errors that concern it as a whole are kept: a
// refused login or certificate is known within a round trip, while librdkafka itself would go on trying.
class RdKafkaClient {
 public:
  // What a producer is told of each record, in Poll or rd_kafka_flush.
  using OnDelivery = std::function<void(const rd_kafka_message_t& message)>;
  // Unknown or wrong properties are errors; values of secret ones are not shown.
  static Result<std::unique_ptr<RdKafkaClient>> Make(rd_kafka_type_t type,
                                                     const std::map<std::string, std::string>& properties,
                                                     OnDelivery on_delivery = nullptr);
  ~RdKafkaClient();
  RdKafkaClient(const RdKafkaClient&) = delete;
  RdKafkaClient& operator=(const RdKafkaClient&) = delete;

  rd_kafka_t* handle() const { return handle_; }
  // Hands the instance over to be destroyed by the caller.
  rd_kafka_t* Release() { return std::exchange(handle_, nullptr); }
  // Serves callbacks for up to `timeout_ms`; then the permanent error, if there is one.
  Status Poll(int timeout_ms);
  // A broker has answered: names that cannot be resolved from now on are passing trouble.
  void NoteAnswer();
  // All brokers of the list were tried, and none has ever answered: the address or the protocol may be wrong.
  bool Unreached() const;
  // The last passing trouble, for the text of a time-out; empty if there was none.
  std::string LastTrouble() const;
  // Waits for the answer to an asynchronous request on `queue`. Null: nothing within `timeout_ms`.
  Result<rd_kafka_event_t*> Await(rd_kafka_queue_t* queue, int64_t timeout_ms);

 private:
  RdKafkaClient() = default;
  static void OnError(rd_kafka_t* handle, int error, const char* reason, void* self);
  static void OnLog(const rd_kafka_t* handle, int level, const char* facility, const char* text);
  static void OnReport(rd_kafka_t* handle, const rd_kafka_message_t* message, void* self);
  void Remember(rd_kafka_resp_err_t error, const std::string& reason);

  rd_kafka_t* handle_ = nullptr;
  OnDelivery on_delivery_;
  mutable std::mutex mutex_;
  Status permanent_;
  std::string last_trouble_;
  bool answered_ = false;
  bool all_down_ = false;
  bool only_unresolved_ = true;  // no broker has answered, and all trouble was names that could not be resolved
};

}  // namespace sluice
