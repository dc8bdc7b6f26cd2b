// SPDX-License-Identifier: Apache-2.0
// How credential_process of an AWS profile is started. The S3 library does it by popen(), and opens sockets and queues
// that a child would inherit; the linker leads its calls here (cmake/Dependencies.cmake), where the child gets standard
// input, a pipe as standard output, standard error, and nothing else.
#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <map>
#include <mutex>
#include <string_view>

namespace {

std::mutex mutex;

// By the stream that reads its output.
std::map<FILE*, pid_t>& Children() {
  static auto* const children = new std::map<FILE*, pid_t>;
  return *children;
}

// Starts `sh -c command` that writes to `output`; 0, or an error number.
int Spawn(const char* command, int output, pid_t* child) {
  posix_spawn_file_actions_t actions;
  if (const int error = ::posix_spawn_file_actions_init(&actions); error != 0) return error;
  int error = ::posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO);
  if (error == 0) error = ::posix_spawn_file_actions_addclosefrom_np(&actions, STDERR_FILENO + 1);
  const char* arguments[] = {"sh", "-c", command, nullptr};
  if (error == 0) {
    error = ::posix_spawn(child, "/bin/sh", &actions, nullptr, const_cast<char* const*>(arguments), environ);
  }
  ::posix_spawn_file_actions_destroy(&actions);
  return error;
}

}  // namespace

extern "C" {

FILE* __wrap_popen(const char* command, const char* mode);
int __wrap_pclose(FILE* stream);

FILE* __wrap_popen(const char* command, const char* mode) {
  int ends[2];
  if (std::string_view(mode) != "r") {
    errno = EINVAL;
    return nullptr;
  }
  if (::pipe2(ends, O_CLOEXEC) != 0) return nullptr;
  pid_t child = 0;
  const int error = Spawn(command, ends[1], &child);
  ::close(ends[1]);
  FILE* const stream = error == 0 ? ::fdopen(ends[0], "r") : nullptr;
  if (stream == nullptr) {
    ::close(ends[0]);
    if (error != 0) errno = error;
    return nullptr;
  }
  const std::lock_guard lock(mutex);
  Children()[stream] = child;
  return stream;
}

int __wrap_pclose(FILE* stream) {
  pid_t child = 0;
  {
    const std::lock_guard lock(mutex);
    const auto found = Children().find(stream);
    if (found == Children().end()) {
      errno = ECHILD;
      return -1;
    }
    child = found->second;
    Children().erase(found);
  }
  std::fclose(stream);
  int status = 0;
  while (::waitpid(child, &status, 0) < 0) {
    if (errno != EINTR) return -1;
  }
  return status;
}

}  // extern "C"
