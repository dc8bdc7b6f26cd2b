// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "connectors/sink.h"
#include "python/foreach_batch_worker.h"
#include "python/python_function.h"

namespace sluice {

// Opens the sink of a query that hands its rows to a function instead of a format.
// `cancelled` is set while what runs is to end soon, and outlives the sink.
using SinkOpener =
    std::function<Result<std::unique_ptr<StreamSink>>(const SinkContext& context, const std::atomic<bool>* cancelled)>;

// foreachBatch: the rows of a batch, kept in memory by the session under a name as long as the function runs.
struct FrameKeeper {
  virtual ~FrameKeeper() = default;
  virtual std::string Keep(std::shared_ptr<arrow::Schema> schema,
                           std::vector<std::shared_ptr<arrow::RecordBatch>> rows) = 0;
  virtual void Drop(const std::string& frame) = 0;
};
// After a restart the function is called again with a batch that had not been committed, under the same number.
SinkOpener ForeachBatchSink(std::shared_ptr<ForeachBatchWorker> worker, std::shared_ptr<FrameKeeper> frames);

// foreach: a Python worker gets the rows of each task. `writer`: the command that a client sends.
SinkOpener ForeachSink(PythonFunction writer);

}  // namespace sluice
