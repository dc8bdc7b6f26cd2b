// SPDX-License-Identifier: Apache-2.0
// produce TOPIC PARTITIONS RECORDS key=value...   makes a topic and fills it with reviews, in turn over its partitions.
// produce --more FIRST RATE TOPIC PARTITIONS RECORDS key=value...   adds to it, from number FIRST on, so many a second;
//                                                 prints when FIRST was due (it is sent before), in seconds since 1970.
// produce --file PATH RECORDS                     writes the same lines to a file.
#include <chrono>
#include <cstdio>
#include <string>
#include <thread>
#include <vector>

#include "kafka_topic.h"
#include "review_lines.h"

namespace {

void CreateTopic(rd_kafka_t* client, const std::string& topic, int partitions) {
  char error[512];
  rd_kafka_NewTopic_t* wanted = rd_kafka_NewTopic_new(topic.c_str(), partitions, 1, error, sizeof(error));
  rd_kafka_queue_t* queue = rd_kafka_queue_new(client);
  rd_kafka_CreateTopics(client, &wanted, 1, nullptr, queue);
  rd_kafka_event_t* event = rd_kafka_queue_poll(queue, 30'000);
  bench::Require(event != nullptr && rd_kafka_event_error(event) == RD_KAFKA_RESP_ERR_NO_ERROR, "cannot make " + topic);
  rd_kafka_event_destroy(event);
  rd_kafka_queue_destroy(queue);
  rd_kafka_NewTopic_destroy(wanted);
}

void WriteFile(const std::string& path, int64_t records) {
  std::FILE* file = std::fopen(path.c_str(), "wb");
  bench::Require(file != nullptr, "cannot write " + path);
  std::string line;
  for (int64_t number = 0; number < records; ++number) {
    line.clear();
    bench::AppendReview(number, &line);
    line += '\n';
    bench::Require(std::fwrite(line.data(), 1, line.size(), file) == line.size(), "short write");
  }
  bench::Require(std::fclose(file) == 0, "cannot close " + path);
}

// When numbers are due: at once, or evenly spread over time.
class Schedule {
 public:
  explicit Schedule(double rate) : rate_(rate) {
    if (rate_ <= 0) return;
    const std::chrono::duration<double> since = std::chrono::system_clock::now().time_since_epoch();
    std::printf("%.6f\n", since.count());
  }
  // Waits until `count` records are due; true when it had to.
  bool Wait(int64_t count) const {
    if (rate_ <= 0) return false;
    const auto due = begin_ + std::chrono::duration<double>(static_cast<double>(count) / rate_);
    if (due <= std::chrono::steady_clock::now()) return false;
    std::this_thread::sleep_until(due);
    return true;
  }

 private:
  const double rate_;
  const std::chrono::steady_clock::time_point begin_ = std::chrono::steady_clock::now();
};

int failed = 0;

void Delivered(rd_kafka_t*, const rd_kafka_message_t* message, void*) {
  failed += message->err != 0;
}

}  // namespace

int main(int argc, char** argv) {
  bench::Require(argc >= 4, "produce TOPIC PARTITIONS RECORDS key=value... | --file PATH RECORDS");
  if (std::string(argv[1]) == "--file") {
    WriteFile(argv[2], std::atoll(argv[3]));
    return 0;
  }
  int64_t first = 0;
  double rate = 0;
  if (std::string(argv[1]) == "--more") {
    bench::Require(argc >= 7, "produce --more FIRST RATE TOPIC PARTITIONS RECORDS key=value...");
    first = std::atoll(argv[2]);
    rate = std::atof(argv[3]);
    argv += 3;
    argc -= 3;
  }
  const std::string topic = argv[1];
  const int partitions = std::atoi(argv[2]);
  const int64_t records = std::atoll(argv[3]);
  char error[512];
  rd_kafka_conf_t* conf = rd_kafka_conf_new();
  for (std::string property : std::vector<std::string>(argv + 4, argv + argc)) {
    const size_t at = property.find('=');
    rd_kafka_conf_set(conf, property.substr(0, at).c_str(), property.substr(at + 1).c_str(), error, sizeof(error));
  }
  rd_kafka_conf_set(conf, "linger.ms", rate > 0 ? "1" : "20", error, sizeof(error));
  rd_kafka_conf_set(conf, "batch.size", "262144", error, sizeof(error));
  rd_kafka_conf_set_dr_msg_cb(conf, Delivered);
  rd_kafka_t* client = rd_kafka_new(RD_KAFKA_PRODUCER, conf, error, sizeof(error));
  bench::Require(client != nullptr, error);
  if (first == 0) CreateTopic(client, topic, partitions);
  std::string line;
  const auto send = [&](int64_t number) {
    line.clear();
    bench::AppendReview(number, &line);
    while (rd_kafka_producev(client, RD_KAFKA_V_TOPIC(topic.c_str()),
                             RD_KAFKA_V_PARTITION(static_cast<int32_t>(number % partitions)),
                             RD_KAFKA_V_VALUE(line.data(), line.size()), RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY),
                             RD_KAFKA_V_END) == RD_KAFKA_RESP_ERR__QUEUE_FULL) {
      rd_kafka_poll(client, 10);
    }
  };
  const auto flush = [&] {
    bench::Require(rd_kafka_flush(client, 60'000) == RD_KAFKA_RESP_ERR_NO_ERROR && failed == 0,
                   "not all was delivered");
  };
  if (rate > 0) {  // connects; the first record is not part of what is measured
    send(first);
    flush();
  }
  const Schedule schedule(rate);
  for (int64_t number = first + (rate > 0 ? 1 : 0); number < first + records; ++number) {
    if (schedule.Wait(number - first)) rd_kafka_poll(client, 0);
    send(number);
    if (number % 1024 == 0) rd_kafka_poll(client, 0);
  }
  flush();
  rd_kafka_destroy(client);
}
