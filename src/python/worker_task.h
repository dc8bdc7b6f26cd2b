// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <arrow/ipc/reader.h>
#include <arrow/type_fwd.h>

#include <atomic>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/status.h"
#include "python/python_function.h"
#include "python/python_workers.h"

namespace sluice {

// What a worker is told before the rows come. A value.
struct PythonTaskSpec {
  std::shared_ptr<PythonWorkers> workers;
  std::vector<PythonCall> calls;            // all of one eval and from one version of Python
  std::map<std::string, std::string> conf;  // settings that workers look at
  std::string input_type;                   // schema JSON of the rows: kArrowBatched makes Rows of structs by it
  std::string folder = "/nonexistent";      // of the session's files
  std::vector<std::string> includes;        // of its archives that modules are looked for in
  std::string epoch;                        // of a streaming query's batch; empty: none
  int partition = 0;
  const std::atomic<bool>* cancelled = nullptr;  // ends the task soon; null: never
};

// One task of a worker: rows go in and come out, as Arrow streams, both at the same time. One thread. Destroyed before
// its end, it kills its worker. Errors: PYTHON_EXCEPTION with the traceback, SLUICE_PYTHON_WORKER when the worker dies
// or is silent for too long, OPERATION_CANCELED.
class PythonTask {
 public:
  using RowStream = std::vector<std::shared_ptr<arrow::RecordBatch>>;

  static Result<std::unique_ptr<PythonTask>> Start(const PythonTaskSpec& spec);
  ~PythonTask();

  // Begins the one stream, when there may be no rows to send.
  Status Begin(const std::shared_ptr<arrow::Schema>& schema);
  // Rows for the worker; all of one stream have one schema. Returns at once: they are sent while answers are waited
  // for.
  Status Send(const arrow::RecordBatch& rows);
  // The streams of one group (two of a cogroup), each of one batch at least.
  Status SendGroup(const std::vector<RowStream>& streams);
  // There are no more rows.
  Status EndInput();

  enum class Progress { kRows, kWantsInput, kEnded };
  struct Answer {
    Progress progress = Progress::kEnded;
    std::shared_ptr<arrow::RecordBatch> rows;  // kRows
  };
  // Waits for rows, or, with `or_input`, until all that was sent is with the worker.
  Result<Answer> Wait(bool or_input);

 private:
  class Outbox;
  enum class Expect { kMark, kStream, kTextLength, kText, kTimings, kGoodbye, kNothing };

  PythonTask(std::shared_ptr<PythonWorkers> workers, std::unique_ptr<PythonWorkers::Lease> worker,
             const PythonTaskSpec& spec);
  void Want(Expect what, int64_t bytes);
  Status Received();
  Status ReceivedMark(int32_t mark);
  Status ReceiveSome();
  Status SendSome();
  Status WaitForSocket();
  Status Crashed() const;

  const std::shared_ptr<PythonWorkers> workers_;  // outlives the lease
  std::unique_ptr<PythonWorkers::Lease> worker_;
  const std::atomic<bool>* const cancelled_;
  const bool grouped_;
  std::shared_ptr<Outbox> outbox_;
  std::shared_ptr<arrow::ipc::RecordBatchWriter> writer_;  // of the one stream
  bool input_ended_ = false;

  Expect expect_ = Expect::kMark;
  std::shared_ptr<arrow::Buffer> piece_;  // what is being read
  int64_t wanted_ = 0;                    // its size
  int64_t filled_ = 0;
  std::unique_ptr<arrow::ipc::StreamDecoder> decoder_;
  std::function<bool()> stream_ended_;  // of the decoder
  std::deque<std::shared_ptr<arrow::RecordBatch>> rows_;
  int64_t quiet_since_ms_ = 0;
};

}  // namespace sluice
