// SPDX-License-Identifier: Apache-2.0
// write_table FOLDER RECORDS BATCHES   A table of reviews, written by the file sink as a query of two tasks would.
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "connectors/registry.h"
#include "connectors/sink.h"
#include "env/env.h"
#include "review_slices.h"

namespace sluice {
namespace {

constexpr int kTasks = 2;
constexpr int64_t kFirstMicros = 1'700'000'000'000'000;

void Check(const Status& status) {
  if (status.ok()) return;
  std::fprintf(stderr, "write_table: %s\n", status.ToString().c_str());
  std::exit(1);
}

template <typename T>
T Value(Result<T> result) {
  Check(result.status());
  return std::move(*result);
}

// Task `id` writes every second slice of the batch's range.
std::unique_ptr<TaskCommit> WriteTask(StreamSink* sink, BatchId batch, int id, int64_t begin, int64_t end,
                                      const std::shared_ptr<arrow::Schema>& schema) {
  auto writer = Value(sink->OpenTask(batch, TaskId(id), "reviews-" + std::to_string(id)));
  for (int64_t first = begin + id * bench::kSliceRows; first < end; first += kTasks * bench::kSliceRows) {
    auto slice = bench::ReviewSlice(first, kFirstMicros + batch.value * 1'000'000, schema);
    Check(writer->Write(slice->Slice(0, std::min(bench::kSliceRows, end - first))));
  }
  return Value(writer->Finish());
}

void WriteTable(const std::string& folder, int64_t records, int64_t batches) {
  SinkContext context;
  context.env = MakeRealEnv({});
  context.path = folder;
  context.query_id = context.env->NewUuid();
  context.schema = bench::ReviewSchema();
  const auto sink = Value(Value(FindConnector("parquet"))->open_sink(context));
  Check(sink->Start(BatchId(0), false));
  for (int64_t batch = 0; batch < batches; ++batch) {
    const int64_t begin = records * batch / batches;
    const int64_t end = records * (batch + 1) / batches;
    std::vector<std::unique_ptr<TaskCommit>> commits(kTasks);
    std::vector<std::thread> threads;
    for (int id = 0; id < kTasks; ++id) {
      threads.emplace_back([&, id] {
        commits[static_cast<size_t>(id)] = WriteTask(sink.get(), BatchId(batch), id, begin, end, context.schema);
      });
    }
    for (std::thread& thread : threads) thread.join();
    Check(sink->Commit(BatchId(batch), std::move(commits)));
  }
}

}  // namespace
}  // namespace sluice

int main(int argc, char** argv) {
  if (argc != 4) {
    std::fprintf(stderr, "write_table FOLDER RECORDS BATCHES\n");
    return 2;
  }
  sluice::WriteTable(argv[1], std::atoll(argv[2]), std::atoll(argv[3]));
}
