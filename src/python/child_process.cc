// SPDX-License-Identifier: Apache-2.0
#include "python/child_process.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <spawn.h>
#include <sys/wait.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <utility>

#include "base/logging.h"
#include "base/spark_error.h"

namespace sluice {
namespace {

constexpr size_t kKeptWords = 4096;
constexpr int kLookMs = 100;
constexpr int kPatienceMs = 500;  // for a program to end by itself
constexpr int kFirstOther = 3;    // descriptors from here on are not the child's

// Both ends are closed on exec.
struct Pipe {
  int ends[2] = {-1, -1};
  ~Pipe() {
    for (const int end : ends) {
      if (end >= 0) ::close(end);
    }
  }
  Status Open() { return ::pipe2(ends, O_CLOEXEC) == 0 ? Status::OK() : ErrnoError("pipe2", "a child process"); }
  int Take(int which) { return std::exchange(ends[which], -1); }
};

// Owns what posix_spawn is told.
struct SpawnPlan {
  posix_spawn_file_actions_t files;
  posix_spawnattr_t attributes;
  SpawnPlan() {
    ::posix_spawn_file_actions_init(&files);
    ::posix_spawnattr_init(&attributes);
    // A group of its own: a terminal's Ctrl-C is for us. Signals as a program expects them.
    sigset_t none;
    sigset_t all;
    ::sigemptyset(&none);
    ::sigfillset(&all);
    ::posix_spawnattr_setsigmask(&attributes, &none);
    ::posix_spawnattr_setsigdefault(&attributes, &all);
    ::posix_spawnattr_setpgroup(&attributes, 0);
    ::posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
  }
  ~SpawnPlan() {
    ::posix_spawn_file_actions_destroy(&files);
    ::posix_spawnattr_destroy(&attributes);
  }
};

std::vector<char*> Pointers(std::vector<std::string>* words) {
  std::vector<char*> pointers;
  for (std::string& word : *words) pointers.push_back(word.data());
  pointers.push_back(nullptr);
  return pointers;
}

}  // namespace

Result<std::unique_ptr<ChildProcess>> ChildProcess::Start(const std::vector<std::string>& words,
                                                          const std::vector<std::string>& environment) {
  Pipe input;
  Pipe output;
  Pipe errors;
  for (Pipe* pipe : {&input, &output, &errors}) SLUICE_RETURN_IF_ERROR(pipe->Open());
  SpawnPlan plan;
  ::posix_spawn_file_actions_adddup2(&plan.files, input.ends[0], STDIN_FILENO);
  ::posix_spawn_file_actions_adddup2(&plan.files, output.ends[1], STDOUT_FILENO);
  ::posix_spawn_file_actions_adddup2(&plan.files, errors.ends[1], STDERR_FILENO);
  ::posix_spawn_file_actions_addclosefrom_np(&plan.files, kFirstOther);
  std::vector<std::string> arguments = words;
  std::vector<std::string> variables = environment;
  pid_t pid = -1;
  const int failed = ::posix_spawnp(&pid, words.at(0).c_str(), &plan.files, &plan.attributes,
                                    Pointers(&arguments).data(), Pointers(&variables).data());
  if (failed != 0) {
    return EnvironmentError("SLUICE_PYTHON_WORKER",
                            fmt::format("{} cannot be started: {}.", words[0], std::strerror(failed)));
  }
  return std::unique_ptr<ChildProcess>(new ChildProcess(pid, input.Take(1), output.Take(0), errors.Take(0)));
}

ChildProcess::ChildProcess(pid_t pid, int input, int output, int errors)
    : pid_(pid), output_(output), errors_(errors), input_(input) {
  drain_errors_ = std::thread([this] { Drain(errors_.get(), /*keep=*/true); });
}

ChildProcess::~ChildProcess() {
  CloseInput();
  for (int waited = 0; alive() && waited < kPatienceMs; waited += 10) ::usleep(10'000);
  // Its group has those that it started, whether or not it still runs itself.
  ::kill(-pid_, SIGKILL);
  ::waitpid(pid_, nullptr, 0);
  closing_ = true;
  drain_errors_.join();
  if (drain_output_.joinable()) drain_output_.join();
}

void ChildProcess::CloseInput() {
  std::lock_guard lock(mutex_);
  if (input_ >= 0) ::close(input_);
  input_ = -1;
}

bool ChildProcess::alive() const {
  // Left a zombie until the end: its number, and so that of its group, stays taken.
  siginfo_t ended{};
  return ::waitid(P_PID, static_cast<id_t>(pid_), &ended, WEXITED | WNOHANG | WNOWAIT) == 0 && ended.si_pid == 0;
}

Status ChildProcess::ReadOutput(char* out, size_t count, int timeout_ms) {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::milliseconds(timeout_ms);
  while (count > 0) {
    pollfd waiting{output_.get(), POLLIN, 0};
    const int ready = ::poll(&waiting, 1, kLookMs);
    if (ready < 0 && errno != EINTR) return ErrnoError("poll", "a child process");
    if (ready <= 0) {
      if (std::chrono::steady_clock::now() < deadline) continue;
      return EnvironmentError("SLUICE_PYTHON_WORKER", "The Python process did not answer in time.");
    }
    const ssize_t got = ::read(output_.get(), out, count);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return EnvironmentError("SLUICE_PYTHON_WORKER", "The Python process ended. " + last_words());
    out += got;
    count -= static_cast<size_t>(got);
  }
  return Status::OK();
}

void ChildProcess::DrainOutput() {
  drain_output_ = std::thread([this] { Drain(output_.get(), /*keep=*/false); });
}

Status ChildProcess::WriteInput(std::string_view bytes) {
  std::lock_guard lock(mutex_);
  if (input_ < 0) return Status::OK();
  return WriteAll(input_, bytes.data(), bytes.size(), "a child process");
}

std::string ChildProcess::last_words() const {
  std::lock_guard lock(mutex_);
  return words_;
}

void ChildProcess::Keep(std::string_view bytes) {
  std::lock_guard lock(mutex_);
  words_ += bytes;
  if (words_.size() > kKeptWords) words_.erase(0, words_.size() - kKeptWords);
}

void ChildProcess::Drain(int fd, bool keep) {
  constexpr size_t kPiece = 4096;
  std::array<char, kPiece> piece;
  while (true) {
    pollfd waiting{fd, POLLIN, 0};
    const int ready = ::poll(&waiting, 1, kLookMs);
    if (ready == 0 && closing_) return;
    if (ready <= 0) continue;
    const ssize_t got = ::read(fd, piece.data(), piece.size());
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return;
    const std::string_view bytes(piece.data(), static_cast<size_t>(got));
    if (keep) Keep(bytes);
    Log(LogLevel::kDebug, "Python: {}", bytes);
  }
}

Result<std::unique_ptr<PrivateFolder>> PrivateFolder::Make(const std::string& prefix) {
  const char* parent = std::getenv("TMPDIR");
  std::string path = fmt::format("{}/{}XXXXXX", parent == nullptr || *parent == '\0' ? "/tmp" : parent, prefix);
  if (::mkdtemp(path.data()) == nullptr) return ErrnoError("mkdtemp", path);
  return std::unique_ptr<PrivateFolder>(new PrivateFolder(std::move(path)));
}

PrivateFolder::~PrivateFolder() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

}  // namespace sluice
