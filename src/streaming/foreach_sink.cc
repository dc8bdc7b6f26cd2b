// SPDX-License-Identifier: Apache-2.0
#include "streaming/foreach_sink.h"

#include <arrow/api.h>
#include <fmt/format.h>

#include "base/spark_error.h"
#include "connectors/memory/collected_slices.h"
#include "exec/memory_reservation.h"
#include "exec/retained_batch.h"
#include "python/pickled_call.h"
#include "python/worker_task.h"
#include "types/spark_batch.h"
#include "types/spark_type.h"

namespace sluice {
namespace {

const std::vector<OptionRow>& Table() {
  static const auto* table = new std::vector<OptionRow>{
      {"checkpointLocation", "", OptionUse::kHonoured, "Folder of the query's checkpoint."},
  };
  return *table;
}

// Neither kind remembers what it was given: a batch is new whenever it runs.
class FunctionSink : public StreamSink {
 public:
  Status Start(BatchId next, bool recovered) override { return Status::OK(); }
  Result<BatchStanding> Standing(BatchId batch, bool recovered) override { return BatchStanding::kNew; }
};

struct KeptRows : TaskCommit {
  std::vector<std::shared_ptr<arrow::RecordBatch>> rows_of_task;
  std::unique_ptr<MemoryReservation> memory;
};

// Keeps what a task writes, taken from the memory budget.
class RowKeeper : public TaskWriter {
 public:
  explicit RowKeeper(MemoryBudget* budget) : kept_(std::make_unique<KeptRows>()) {
    kept_->memory = std::make_unique<MemoryReservation>(budget, "a batch for foreachBatch");
  }
  Status Write(const std::shared_ptr<arrow::RecordBatch>& slice) override {
    SLUICE_ASSIGN(auto own, OwnRows(slice, nullptr));
    bytes_ += RetainedBytes(*own);
    const Status room = kept_->memory->Cover(bytes_);
    if (!room.ok()) {
      return WithHint(room,
                      "Take less into a batch (maxOffsetsPerTrigger, maxFilesPerTrigger), or give more --memory.");
    }
    kept_->rows += own->num_rows();
    kept_->rows_of_task.push_back(std::move(own));
    return Status::OK();
  }
  Result<std::unique_ptr<TaskCommit>> Finish() override { return std::unique_ptr<TaskCommit>(std::move(kept_)); }

 private:
  std::unique_ptr<KeptRows> kept_;
  int64_t bytes_ = 0;
};

class BatchFunctionSink : public FunctionSink {
 public:
  BatchFunctionSink(std::shared_ptr<ForeachBatchWorker> worker, std::shared_ptr<FrameKeeper> frames,
                    const SinkContext& context, const std::atomic<bool>* cancelled)
      : worker_(std::move(worker)),
        frames_(std::move(frames)),
        schema_(context.schema),
        budget_(context.budget),
        cancelled_(cancelled) {}

  // The worker ends with its query, though others may still hold on to what opened this.
  ~BatchFunctionSink() override { worker_->Stop(); }

  std::string description() const override { return "ForeachBatchSink"; }
  Result<std::unique_ptr<TaskWriter>> OpenTask(BatchId batch, TaskId task, const std::string& identity) override {
    return std::unique_ptr<TaskWriter>(std::make_unique<RowKeeper>(budget_));
  }
  Status Commit(BatchId batch, std::vector<std::unique_ptr<TaskCommit>> commits) override {
    std::vector<std::shared_ptr<arrow::RecordBatch>> rows;
    for (const auto& commit : commits) {
      auto& kept = dynamic_cast<KeptRows&>(*commit).rows_of_task;
      rows.insert(rows.end(), kept.begin(), kept.end());
      kept.clear();
    }
    const std::string frame = frames_->Keep(schema_, std::move(rows));
    const Status done = worker_->Run(frame, batch.value, cancelled_);
    frames_->Drop(frame);
    return done;
  }

 private:
  const std::shared_ptr<ForeachBatchWorker> worker_;
  const std::shared_ptr<FrameKeeper> frames_;
  const std::shared_ptr<arrow::Schema> schema_;
  MemoryBudget* const budget_;
  const std::atomic<bool>* const cancelled_;
};

// Streams the rows of a task to a worker, which calls open, process and close.
class RowFunctionWriter : public TaskWriter {
 public:
  RowFunctionWriter(std::unique_ptr<PythonTask> task, std::shared_ptr<arrow::Schema> schema, std::string zone)
      : task_(std::move(task)), schema_(std::move(schema)), zone_(std::move(zone)) {}

  Status Begin() {
    SLUICE_ASSIGN(const auto empty, arrow::RecordBatch::MakeEmpty(schema_));
    SLUICE_ASSIGN(const auto rows, InStruct(empty));
    return task_->Begin(rows->schema());
  }
  Status Write(const std::shared_ptr<arrow::RecordBatch>& slice) override {
    SLUICE_ASSIGN(const auto rows, InStruct(slice));
    rows_ += slice->num_rows();
    SLUICE_RETURN_IF_ERROR(task_->Send(*rows));
    return Until(PythonTask::Progress::kWantsInput);
  }
  Result<std::unique_ptr<TaskCommit>> Finish() override {
    SLUICE_RETURN_IF_ERROR(task_->EndInput());
    SLUICE_RETURN_IF_ERROR(Until(PythonTask::Progress::kEnded));
    auto commit = std::make_unique<TaskCommit>();
    commit->rows = rows_;
    return commit;
  }

 private:
  Result<std::shared_ptr<arrow::RecordBatch>> InStruct(const std::shared_ptr<arrow::RecordBatch>& slice) const {
    SLUICE_ASSIGN(const auto rows, ToSparkBatch(slice, *schema_, zone_));
    auto whole = std::make_shared<arrow::StructArray>(arrow::struct_(rows->schema()->fields()), rows->num_rows(),
                                                      rows->columns());
    const auto schema = arrow::schema({arrow::field("_0", whole->type(), false)});
    return arrow::RecordBatch::Make(schema, rows->num_rows(), {std::move(whole)});
  }
  Status Until(PythonTask::Progress wanted) {
    for (;;) {
      SLUICE_ASSIGN(const auto answer, task_->Wait(wanted == PythonTask::Progress::kWantsInput));
      if (answer.progress == wanted || answer.progress == PythonTask::Progress::kEnded) return Status::OK();
    }
  }

  const std::unique_ptr<PythonTask> task_;
  const std::shared_ptr<arrow::Schema> schema_;
  const std::string zone_;
  int64_t rows_ = 0;
};

class RowFunctionSink : public FunctionSink {
 public:
  RowFunctionSink(PythonFunction writer, const SinkContext& context, const std::atomic<bool>* cancelled)
      : schema_(context.schema), zone_(context.conf.time_zone()), cancelled_(cancelled) {
    writer.eval = PythonEval::kMapArrow;
    writer.command = PickledCall("foreach_writer", writer.command, SchemaToSparkJson(*schema_));
    writer_ = std::make_shared<const PythonFunction>(std::move(writer));
  }

  std::string description() const override { return "ForeachWriterTable"; }
  Result<std::unique_ptr<TaskWriter>> OpenTask(BatchId batch, TaskId task, const std::string& identity) override {
    PythonTaskSpec spec;
    spec.workers = writer_->workers;
    PythonCall call;
    call.functions = {writer_};
    call.arguments = {{0, ""}};
    spec.calls = {std::move(call)};
    spec.conf = writer_->conf;
    spec.conf["spark.sql.session.timeZone"] = zone_;
    spec.epoch = std::to_string(batch.value);
    spec.partition = static_cast<int>(task.value);
    spec.cancelled = cancelled_;
    SLUICE_ASSIGN(auto started, PythonTask::Start(spec));
    auto writer = std::make_unique<RowFunctionWriter>(std::move(started), schema_, zone_);
    SLUICE_RETURN_IF_ERROR(writer->Begin());
    return std::unique_ptr<TaskWriter>(std::move(writer));
  }
  // The rows are where the function has put them.
  Status Commit(BatchId batch, std::vector<std::unique_ptr<TaskCommit>> commits) override { return Status::OK(); }

 private:
  std::shared_ptr<const PythonFunction> writer_;
  const std::shared_ptr<arrow::Schema> schema_;
  const std::string zone_;
  const std::atomic<bool>* const cancelled_;
};

}  // namespace

SinkOpener ForeachBatchSink(std::shared_ptr<ForeachBatchWorker> worker, std::shared_ptr<FrameKeeper> frames) {
  return [worker = std::move(worker), frames = std::move(frames)](
             const SinkContext& context, const std::atomic<bool>* cancelled) -> Result<std::unique_ptr<StreamSink>> {
    SLUICE_RETURN_IF_ERROR(CheckOptions(context.options, Table(), {}, "foreachBatch sink"));
    return std::make_unique<BatchFunctionSink>(worker, frames, context, cancelled);
  };
}

SinkOpener ForeachSink(PythonFunction writer) {
  return [writer = std::move(writer)](const SinkContext& context,
                                      const std::atomic<bool>* cancelled) -> Result<std::unique_ptr<StreamSink>> {
    SLUICE_RETURN_IF_ERROR(CheckOptions(context.options, Table(), {}, "foreach sink"));
    return std::make_unique<RowFunctionSink>(writer, context, cancelled);
  };
}

}  // namespace sluice
