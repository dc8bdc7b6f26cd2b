// SPDX-License-Identifier: Apache-2.0
#include "python/worker_daemon.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <array>
#include <cstdlib>
#include <cstring>
#include <sstream>

#include "base/redaction.h"
#include "base/spark_error.h"
#include "python/wire.h"

namespace sluice {
namespace {

// The text of worker_runner.py, put here by the build.
constexpr char kRunner[] = {
#include "worker_runner.inc"
};

constexpr int kStartMs = 120'000;  // a machine may be slow to read all of Python's files
constexpr int kGreetingMs = 60'000;
constexpr size_t kLongestGreeting = 64 << 10;

Status WorkerError(const std::string& text) {
  return EnvironmentError("SLUICE_PYTHON_WORKER", text);
}

// Reads and writes whole pieces of a socket that does not block yet.
Status ReadAll(int fd, char* out, size_t count) {
  while (count > 0) {
    pollfd waiting{fd, POLLIN, 0};
    const int ready = ::poll(&waiting, 1, kGreetingMs);
    if (ready < 0 && errno == EINTR) continue;
    if (ready <= 0) return WorkerError("A Python worker did not answer in time.");
    const ssize_t got = ::read(fd, out, count);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return WorkerError("A Python worker closed its connection.");
    out += got;
    count -= static_cast<size_t>(got);
  }
  return Status::OK();
}

Result<int32_t> ReadInt(int fd) {
  std::array<uint8_t, 4> bytes{};
  SLUICE_RETURN_IF_ERROR(ReadAll(fd, reinterpret_cast<char*>(bytes.data()), bytes.size()));
  return WireInt(bytes.data());
}

}  // namespace

std::string NewSecret() {
  std::array<unsigned char, 32> bytes{};
  size_t filled = 0;
  while (filled < bytes.size()) {
    const ssize_t got = ::getrandom(bytes.data() + filled, bytes.size() - filled, 0);
    if (got > 0) filled += static_cast<size_t>(got);
  }
  std::string text;
  for (const unsigned char byte : bytes) text += fmt::format("{:02x}", byte);
  RegisterSecret(text);
  return text;
}

Result<std::unique_ptr<ChildProcess>> StartPythonRunner(const PythonSettings& settings, const std::string& role,
                                                        const std::vector<std::string>& more_environment) {
  std::vector<std::string> environment = settings.environment;
  environment.insert(environment.end(), more_environment.begin(), more_environment.end());
  const std::string code(kRunner, sizeof kRunner);
  Result<std::unique_ptr<ChildProcess>> started =
      ChildProcess::Start({settings.interpreter, "-c", code, role}, environment);
  if (!started.ok()) {
    return WithHint(started.status(), "Name a Python by spark.pyspark.python or PYSPARK_PYTHON.");
  }
  return started;
}

Result<std::unique_ptr<WorkerDaemon>> WorkerDaemon::Start(const PythonSettings& settings) {
  std::unique_ptr<WorkerDaemon> daemon(new WorkerDaemon());
  SLUICE_ASSIGN(daemon->folder_, PrivateFolder::Make("sluice-python-"));
  daemon->secret_ = NewSecret();
  SLUICE_ASSIGN(daemon->process_,
                StartPythonRunner(settings, "daemon",
                                  {"PYTHON_WORKER_FACTORY_SECRET=" + daemon->secret_, "PYTHON_UNIX_DOMAIN_ENABLED=true",
                                   "PYTHON_WORKER_FACTORY_SOCK_DIR=" + daemon->folder_->path()}));
  SLUICE_RETURN_IF_ERROR(daemon->Greet(settings.interpreter));
  daemon->process_->DrainOutput();
  return daemon;
}

// A line with the versions, then what pyspark's daemon writes first: where it listens.
Status WorkerDaemon::Greet(const std::string& interpreter) {
  constexpr std::string_view kMark = "sluice-python ";
  std::string line;
  for (size_t read = 0;; ++read) {
    if (read > kLongestGreeting) return WorkerError("The Python process did not say its version.");
    char next = 0;
    if (const Status got = process_->ReadOutput(&next, 1, kStartMs); !got.ok()) {
      return WorkerError(fmt::format("{} did not start as a Python worker: {}", interpreter, got.message()));
    }
    if (next != '\n') {
      line += next;
    } else if (line.starts_with(kMark)) {
      break;
    } else {
      line.clear();
    }
  }
  std::istringstream words(line.substr(kMark.size()));
  words >> versions_.python >> versions_.pyspark;
  if (versions_.pyspark == "none") {
    return UserError("SLUICE_PYTHON_WORKER",
                     fmt::format("{0} has no PySpark, which runs Python functions. Install one: {0} -m pip install "
                                 "pyspark-client==4.2.0, or name another Python by spark.pyspark.python.",
                                 interpreter));
  }
  if (!versions_.pyspark.starts_with("4.")) {
    return UserError("SLUICE_PYTHON_WORKER",
                     fmt::format("{0} has PySpark {1}; Python functions need one of 4.0 to 4.2: {0} -m pip install "
                                 "pyspark-client==4.2.0.",
                                 interpreter, versions_.pyspark));
  }
  versions_.pyspark_minor = std::atoi(versions_.pyspark.c_str() + 2);
  std::array<uint8_t, 4> bytes{};
  SLUICE_RETURN_IF_ERROR(process_->ReadOutput(reinterpret_cast<char*>(bytes.data()), bytes.size(), kStartMs));
  port_ = WireInt(bytes.data());
  if (versions_.pyspark_minor == 0) return Status::OK();
  if (port_ <= 0 || port_ > static_cast<int>(kLongestGreeting)) {
    return WorkerError("The Python daemon did not say where it listens.");
  }
  socket_path_.resize(static_cast<size_t>(port_));
  return process_->ReadOutput(socket_path_.data(), socket_path_.size(), kStartMs);
}

Result<int> WorkerDaemon::OpenSocket() const {
  if (!socket_path_.empty()) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (socket_path_.size() >= sizeof address.sun_path) {
      return WorkerError(
          fmt::format("The path {} is too long for a socket; set TMPDIR to a shorter one.", socket_path_));
    }
    std::memcpy(address.sun_path, socket_path_.data(), socket_path_.size());
    const int fd = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0) return ErrnoError("socket", socket_path_);
    if (::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0) return fd;
    const Status failed = ErrnoError("connect", socket_path_);
    ::close(fd);
    return failed;
  }
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<uint16_t>(port_));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return ErrnoError("socket", "the Python daemon");
  if (::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0) return fd;
  const Status failed = ErrnoError("connect", "the Python daemon");
  ::close(fd);
  return failed;
}

Result<std::unique_ptr<WorkerSocket>> WorkerDaemon::Connect() {
  SLUICE_ASSIGN(const int fd, OpenSocket());
  auto worker = std::make_unique<WorkerSocket>(fd, -1);
  SLUICE_ASSIGN(worker->pid, ReadInt(fd));
  if (socket_path_.empty()) {
    WireWriter secret;
    const std::string bytes = secret.Text(secret_).Take();
    SLUICE_RETURN_IF_ERROR(WriteAll(fd, bytes.data(), bytes.size(), "a Python worker"));
    std::array<char, 2> answer{};
    SLUICE_ASSIGN(const int32_t length, ReadInt(fd));
    if (length != 2) return WorkerError("A Python worker did not take its secret.");
    SLUICE_RETURN_IF_ERROR(ReadAll(fd, answer.data(), answer.size()));
  }
  if (::fcntl(fd, F_SETFL, ::fcntl(fd, F_GETFL) | O_NONBLOCK) != 0) return ErrnoError("fcntl", "a Python worker");
  return worker;
}

void WorkerDaemon::Kill(pid_t worker) {
  WireWriter message;
  // When the daemon is gone, so are its workers.
  (void)process_->WriteInput(message.Int(worker).Take());
}

}  // namespace sluice
