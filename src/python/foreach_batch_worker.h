// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <memory>
#include <string>

#include "python/child_process.h"
#include "python/python_settings.h"

namespace sluice {

// What a query's foreachBatch is called with.
struct ForeachBatchFunction {
  PythonSettings settings;
  std::string command;         // the function, pickled
  std::string python_version;  // that pickled it
  std::string url;             // of this process, "sc://host:port/;user_id=..": the function's data frames go there
  std::string session_id;      // the client's, whose views and settings the function sees
};

// pyspark's worker of one query's foreachBatch, in a process that lives as long as this. One thread at a time.
class ForeachBatchWorker {
 public:
  // Waits until the function is there: STREAMING_PYTHON_RUNNER_INITIALIZATION_FAILURE with the traceback, else
  // SLUICE_PYTHON_WORKER.
  static Result<std::unique_ptr<ForeachBatchWorker>> Start(const ForeachBatchFunction& function);
  // Calls the function with a data frame that the session keeps under `frame`. PYTHON_EXCEPTION ends the worker.
  // `cancelled`, which may be null, ends the call and the worker.
  Status Run(const std::string& frame, int64_t batch, const std::atomic<bool>* cancelled);
  void Stop() { process_ = nullptr; }

 private:
  ForeachBatchWorker() = default;
  Status Accept(int listener);
  Status Answer(const std::atomic<bool>* cancelled, int timeout_ms, std::string* traceback);
  Status Read(uint8_t* out, size_t count, const std::atomic<bool>* cancelled, int timeout_ms);

  std::unique_ptr<PrivateFolder> folder_;
  std::unique_ptr<ChildProcess> process_;
  std::unique_ptr<FileDescriptor> connection_;
};

}  // namespace sluice
