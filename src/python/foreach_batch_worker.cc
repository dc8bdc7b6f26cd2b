// SPDX-License-Identifier: Apache-2.0
#include "python/foreach_batch_worker.h"

#include <fmt/format.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <cstring>

#include "base/spark_error.h"
#include "python/wire.h"
#include "python/worker_daemon.h"

namespace sluice {
namespace {

constexpr int kStartMs = 300'000;  // as Spark waits for it
constexpr int kForever = -1;
constexpr int kLookMs = 50;
constexpr int32_t kLongestTraceback = 64 << 20;

Result<int> Listen(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof address.sun_path) {
    return EnvironmentError("SLUICE_PYTHON_WORKER",
                            fmt::format("The path {} is too long for a socket; set TMPDIR to a shorter one.", path));
  }
  std::memcpy(address.sun_path, path.data(), path.size());
  const int fd = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return ErrnoError("socket", path);
  if (::bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0 && ::listen(fd, 1) == 0) return fd;
  const Status failed = ErrnoError("bind", path);
  ::close(fd);
  return failed;
}

}  // namespace

Result<std::unique_ptr<ForeachBatchWorker>> ForeachBatchWorker::Start(const ForeachBatchFunction& function) {
  std::unique_ptr<ForeachBatchWorker> worker(new ForeachBatchWorker());
  SLUICE_ASSIGN(worker->folder_, PrivateFolder::Make("sluice-python-"));
  const std::string path = worker->folder_->path() + "/worker";
  SLUICE_ASSIGN(const int listening, Listen(path));
  const FileDescriptor listener(listening);
  SLUICE_ASSIGN(worker->process_,
                StartPythonRunner(function.settings, "foreach_batch",
                                  {"SLUICE_WORKER_SOCKET=" + path, "SPARK_CONNECT_LOCAL_URL=" + function.url}));
  worker->process_->DrainOutput();
  SLUICE_RETURN_IF_ERROR(worker->Accept(listener.get()));
  WireWriter greeting;
  const std::string bytes =
      greeting.Text(function.python_version).Text(function.session_id).Text(function.command).Take();
  SLUICE_RETURN_IF_ERROR(WriteAll(worker->connection_->get(), bytes.data(), bytes.size(), "a Python worker"));
  std::string traceback;
  SLUICE_RETURN_IF_ERROR(worker->Answer(nullptr, kStartMs, &traceback));
  if (traceback.empty()) return worker;
  return EnvironmentError(
      "STREAMING_PYTHON_RUNNER_INITIALIZATION_FAILURE",
      fmt::format("Streaming Runner initialization failed, returned {}. Cause: {}", WireMark::kException, traceback),
      false, {{"resFromPython", std::to_string(WireMark::kException)}, {"msg", traceback}});
}

Status ForeachBatchWorker::Accept(int listener) {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::milliseconds(kStartMs);
  for (;;) {
    pollfd waiting{listener, POLLIN, 0};
    if (::poll(&waiting, 1, kLookMs) > 0) break;
    if (!process_->alive()) {
      return EnvironmentError("SLUICE_PYTHON_WORKER",
                              "The Python of foreachBatch ended before it began: " + process_->last_words());
    }
    if (std::chrono::steady_clock::now() > deadline) {
      return EnvironmentError("SLUICE_PYTHON_WORKER", "The Python of foreachBatch did not come in time.");
    }
  }
  const int fd = ::accept4(listener, nullptr, nullptr, SOCK_CLOEXEC);
  if (fd < 0) return ErrnoError("accept", "a Python worker");
  connection_ = std::make_unique<FileDescriptor>(fd);
  return Status::OK();
}

Status ForeachBatchWorker::Read(uint8_t* out, size_t count, const std::atomic<bool>* cancelled, int timeout_ms) {
  const auto began = std::chrono::steady_clock::now();
  while (count > 0) {
    pollfd waiting{connection_->get(), POLLIN, 0};
    const int ready = ::poll(&waiting, 1, kLookMs);
    if (cancelled != nullptr && *cancelled) return UserError("OPERATION_CANCELED", "Operation has been canceled.");
    if (ready <= 0) {
      if (timeout_ms != kForever && std::chrono::steady_clock::now() - began > std::chrono::milliseconds(timeout_ms)) {
        return EnvironmentError("SLUICE_PYTHON_WORKER", "The Python of foreachBatch did not answer in time.");
      }
      continue;
    }
    const ssize_t got = ::recv(connection_->get(), out, count, 0);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) {
      return EnvironmentError(
          "SLUICE_PYTHON_WORKER",
          "Python worker exited unexpectedly (crashed). The last that it wrote: " + process_->last_words());
    }
    out += got;
    count -= static_cast<size_t>(got);
  }
  return Status::OK();
}

// 0, or the traceback of an exception.
Status ForeachBatchWorker::Answer(const std::atomic<bool>* cancelled, int timeout_ms, std::string* traceback) {
  std::array<uint8_t, 4> number{};
  SLUICE_RETURN_IF_ERROR(Read(number.data(), number.size(), cancelled, timeout_ms));
  const int32_t result = WireInt(number.data());
  if (result == 0) return Status::OK();
  if (result != WireMark::kException) {
    return EnvironmentError("SLUICE_PYTHON_WORKER", fmt::format("The Python of foreachBatch answered {}.", result));
  }
  SLUICE_RETURN_IF_ERROR(Read(number.data(), number.size(), cancelled, timeout_ms));
  const int32_t length = WireInt(number.data());
  if (length < 0 || length > kLongestTraceback) {
    return EnvironmentError("SLUICE_PYTHON_WORKER", "The Python of foreachBatch answered without sense.");
  }
  traceback->resize(static_cast<size_t>(length));
  return Read(reinterpret_cast<uint8_t*>(traceback->data()), traceback->size(), cancelled, timeout_ms);
}

Status ForeachBatchWorker::Run(const std::string& frame, int64_t batch, const std::atomic<bool>* cancelled) {
  if (process_ == nullptr) return EnvironmentError("SLUICE_PYTHON_WORKER", "The Python of foreachBatch has ended.");
  WireWriter call;
  const std::string bytes = call.Text(frame).Long(batch).Take();
  std::string traceback;
  Status done;
  if (::send(connection_->get(), bytes.data(), bytes.size(), MSG_NOSIGNAL) != static_cast<ssize_t>(bytes.size())) {
    done = EnvironmentError(
        "SLUICE_PYTHON_WORKER",
        "Python worker exited unexpectedly (crashed). The last that it wrote: " + process_->last_words());
  } else {
    done = Answer(cancelled, kForever, &traceback);
  }
  if (done.ok() && traceback.empty()) return done;
  process_ = nullptr;
  if (!done.ok()) return done;
  constexpr char kThrown[] = "An exception was thrown from the Python worker";
  return UserError("PYTHON_EXCEPTION", fmt::format("{}: {}", kThrown, traceback),
                   {{"msg", kThrown}, {"traceback", traceback}});
}

}  // namespace sluice
