// SPDX-License-Identifier: Apache-2.0
#include "python/worker_task.h"

#include <arrow/api.h>
#include <arrow/io/interfaces.h>
#include <arrow/ipc/writer.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <chrono>

#include "base/spark_error.h"
#include "python/task_message.h"
#include "python/wire.h"

namespace sluice {
namespace {

constexpr int kLookMs = 50;  // how long a cancelled task may go on
constexpr int64_t kInt = 4;
constexpr int64_t kLong = 8;
constexpr char kThrown[] = "An exception was thrown from the Python worker";  // as Spark says it
constexpr int64_t kLongestTraceback = 64 << 20;

int64_t NowMs() {
  return std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

// Batches of the stream that is being read, in order.
class RowListener : public arrow::ipc::Listener {
 public:
  explicit RowListener(std::deque<std::shared_ptr<arrow::RecordBatch>>* rows) : rows_(rows) {}
  Status OnEOS() override {
    ended_ = true;
    return Status::OK();
  }
  Status OnRecordBatchDecoded(std::shared_ptr<arrow::RecordBatch> rows) override {
    rows_->push_back(std::move(rows));
    return Status::OK();
  }
  bool ended() const { return ended_; }

 private:
  std::deque<std::shared_ptr<arrow::RecordBatch>>* const rows_;
  bool ended_ = false;
};

}  // namespace

// Bytes that are still to be sent, and where they are written.
class PythonTask::Outbox : public arrow::io::OutputStream {
 public:
  Outbox() { set_mode(arrow::io::FileMode::WRITE); }
  Status Close() override { return Status::OK(); }
  bool closed() const override { return false; }
  arrow::Result<int64_t> Tell() const override { return total_; }
  Status Write(const void* data, int64_t bytes) override {
    bytes_.append(static_cast<const char*>(data), static_cast<size_t>(bytes));
    total_ += bytes;
    return Status::OK();
  }
  void Append(const std::string& bytes) {
    bytes_ += bytes;
    total_ += static_cast<int64_t>(bytes.size());
  }

  bool empty() const { return sent_ == bytes_.size(); }
  const char* next() const { return bytes_.data() + sent_; }
  size_t left() const { return bytes_.size() - sent_; }
  void Sent(size_t bytes) {
    sent_ += bytes;
    if (!empty()) return;
    bytes_.clear();
    sent_ = 0;
  }

 private:
  std::string bytes_;
  size_t sent_ = 0;
  int64_t total_ = 0;
};

Result<std::unique_ptr<PythonTask>> PythonTask::Start(const PythonTaskSpec& spec) {
  SLUICE_ASSIGN(auto worker, spec.workers->Take());
  std::unique_ptr<PythonTask> task(new PythonTask(spec.workers, std::move(worker), spec));
  task->outbox_->Append(TaskMessage(spec, task->worker_->versions()));
  return task;
}

PythonTask::PythonTask(std::shared_ptr<PythonWorkers> workers, std::unique_ptr<PythonWorkers::Lease> worker,
                       const PythonTaskSpec& spec)
    : workers_(std::move(workers)),
      worker_(std::move(worker)),
      cancelled_(spec.cancelled),
      grouped_(TakesGroups(spec.calls[0].functions[0]->eval, worker_->versions().pyspark_minor)),
      outbox_(std::make_shared<Outbox>()),
      quiet_since_ms_(NowMs()) {
  Want(Expect::kMark, kInt);
}

PythonTask::~PythonTask() = default;

Status PythonTask::Begin(const std::shared_ptr<arrow::Schema>& schema) {
  if (writer_ != nullptr || grouped_) return Status::OK();
  SLUICE_ASSIGN(writer_, arrow::ipc::MakeStreamWriter(outbox_, schema));
  return Status::OK();
}

Status PythonTask::Send(const arrow::RecordBatch& rows) {
  quiet_since_ms_ = NowMs();
  SLUICE_RETURN_IF_ERROR(Begin(rows.schema()));
  return writer_->WriteRecordBatch(rows);
}

Status PythonTask::SendGroup(const std::vector<RowStream>& streams) {
  quiet_since_ms_ = NowMs();
  if (!grouped_) {  // PySpark 4.0: a batch is a group
    SLUICE_ASSIGN(const auto whole, arrow::ConcatenateRecordBatches(streams.at(0)));
    return Send(*whole);
  }
  WireWriter count;
  outbox_->Append(count.Int(static_cast<int64_t>(streams.size())).Take());
  for (const RowStream& stream : streams) {
    SLUICE_ASSIGN(auto writer, arrow::ipc::MakeStreamWriter(outbox_, stream.at(0)->schema()));
    for (const auto& rows : stream) SLUICE_RETURN_IF_ERROR(writer->WriteRecordBatch(*rows));
    SLUICE_RETURN_IF_ERROR(writer->Close());
  }
  return Status::OK();
}

Status PythonTask::EndInput() {
  if (input_ended_) return Status::OK();
  input_ended_ = true;
  WireWriter end;
  if (grouped_) end.Int(0);
  if (writer_ != nullptr) SLUICE_RETURN_IF_ERROR(writer_->Close());
  outbox_->Append(end.Int(WireMark::kEndOfStream).Take());
  return Status::OK();
}

void PythonTask::Want(Expect what, int64_t bytes) {
  expect_ = what;
  wanted_ = bytes;
  filled_ = 0;
  piece_ = nullptr;
}

Status PythonTask::Crashed() const {
  std::string words = worker_ == nullptr ? std::string() : worker_->last_words();
  return EnvironmentError("SLUICE_PYTHON_WORKER",
                          fmt::format("Python worker exited unexpectedly (crashed).{}{}",
                                      words.empty() ? "" : " The last that the workers wrote: ", words));
}

Status PythonTask::ReceivedMark(int32_t mark) {
  switch (mark) {
    case WireMark::kArrowStream: {
      auto listener = std::make_shared<RowListener>(&rows_);
      stream_ended_ = [listener] { return listener->ended(); };
      decoder_ = std::make_unique<arrow::ipc::StreamDecoder>(std::move(listener));
      Want(Expect::kStream, decoder_->next_required_size());
      return Status::OK();
    }
    case WireMark::kException:
      Want(Expect::kTextLength, kInt);
      return Status::OK();
    case WireMark::kTimings: {
      // Timings, bytes spilled to memory and disk, the end of the data, the number of accumulators.
      const int longs = TimingLongs(worker_->versions().pyspark_minor) + 2;
      Want(Expect::kTimings, longs * kLong + 2 * kInt);
      return Status::OK();
    }
    default:
      return EnvironmentError("SLUICE_PYTHON_WORKER", fmt::format("A Python worker answered with {}.", mark));
  }
}

// Takes a piece that is whole, and decides what comes next.
Status PythonTask::Received() {
  const std::shared_ptr<arrow::Buffer> piece = std::move(piece_);
  switch (expect_) {
    case Expect::kMark:
      return ReceivedMark(WireInt(piece->data()));
    case Expect::kStream: {
      SLUICE_RETURN_IF_ERROR(decoder_->Consume(piece));
      if (!stream_ended_()) {
        Want(Expect::kStream, decoder_->next_required_size());
      } else {
        Want(Expect::kMark, kInt);
      }
      return Status::OK();
    }
    case Expect::kTextLength: {
      const int64_t length = WireInt(piece->data());
      if (length < 0 || length > kLongestTraceback) return Crashed();
      Want(Expect::kText, length);
      return Status::OK();
    }
    case Expect::kText: {
      const std::string traceback = piece->ToString();
      worker_ = nullptr;  // it ends by itself
      return UserError("PYTHON_EXCEPTION", fmt::format("{}: {}", kThrown, traceback),
                       {{"msg", kThrown}, {"traceback", traceback}});
    }
    case Expect::kTimings: {
      const int32_t accumulators = WireInt(piece->data() + piece->size() - kInt);
      if (accumulators != 0) return NotSupported("Accumulators of Python functions are not supported by Sluice.");
      Want(Expect::kGoodbye, kInt);
      return Status::OK();
    }
    case Expect::kGoodbye:
      if (WireInt(piece->data()) == WireMark::kEndOfStream) worker_->Release();
      worker_ = nullptr;
      Want(Expect::kNothing, 0);
      return Status::OK();
    case Expect::kNothing:
      return Status::OK();
  }
  return InternalError("a piece of a worker's answer of an unknown kind");
}

// Reads what is there, up to the end of a piece.
Status PythonTask::ReceiveSome() {
  if (piece_ == nullptr) {
    SLUICE_ASSIGN(piece_, arrow::AllocateBuffer(wanted_));
  }
  while (filled_ < wanted_) {
    const ssize_t got =
        ::recv(worker_->fd(), piece_->mutable_data() + filled_, static_cast<size_t>(wanted_ - filled_), MSG_DONTWAIT);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) return Status::OK();
    if (got <= 0) return Crashed();
    filled_ += got;
    quiet_since_ms_ = NowMs();
  }
  return Received();
}

Status PythonTask::SendSome() {
  while (!outbox_->empty()) {
    const ssize_t sent = ::send(worker_->fd(), outbox_->next(), outbox_->left(), MSG_DONTWAIT | MSG_NOSIGNAL);
    if (sent < 0 && errno == EINTR) continue;
    if (sent < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) return Status::OK();
    if (sent < 0) {
      // What it said before it went may tell more.
      outbox_->Sent(outbox_->left());
      return Status::OK();
    }
    outbox_->Sent(static_cast<size_t>(sent));
    quiet_since_ms_ = NowMs();
  }
  return Status::OK();
}

Status PythonTask::WaitForSocket() {
  pollfd waiting{worker_->fd(), static_cast<int16_t>(outbox_->empty() ? POLLIN : POLLIN | POLLOUT), 0};
  const int ready = ::poll(&waiting, 1, kLookMs);
  if (ready < 0 && errno != EINTR) return ErrnoError("poll", "a Python worker");
  if (cancelled_ != nullptr && cancelled_->load(std::memory_order_relaxed)) {
    return UserError("OPERATION_CANCELED", "Operation has been canceled.");
  }
  const int64_t patience = workers_->settings().idle_timeout_ms;
  if (ready <= 0 && patience > 0 && NowMs() - quiet_since_ms_ > patience) {
    return EnvironmentError(
        "SLUICE_PYTHON_WORKER",
        fmt::format("A Python worker was idle for {} s (spark.sql.execution.pyspark.udf.idleTimeoutSeconds) and was "
                    "killed.",
                    patience / 1000));
  }
  return Status::OK();
}

Result<PythonTask::Answer> PythonTask::Wait(bool or_input) {
  for (;;) {
    if (!rows_.empty()) {
      Answer answer{Progress::kRows, std::move(rows_.front())};
      rows_.pop_front();
      return answer;
    }
    if (expect_ == Expect::kNothing) return Answer{Progress::kEnded, nullptr};
    SLUICE_RETURN_IF_ERROR(SendSome());
    const auto before = filled_;
    const Expect was = expect_;
    SLUICE_RETURN_IF_ERROR(ReceiveSome());
    if (filled_ != before || expect_ != was || !rows_.empty()) continue;
    if (or_input && outbox_->empty() && !input_ended_) return Answer{Progress::kWantsInput, nullptr};
    SLUICE_RETURN_IF_ERROR(WaitForSocket());
  }
}

}  // namespace sluice
