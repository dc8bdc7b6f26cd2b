// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>

#include "python/child_process.h"
#include "python/python_settings.h"

namespace sluice {

// Versions of the Python that runs the workers, and of its pyspark: the protocol differs between 4.0, 4.1 and 4.2.
struct PythonVersions {
  std::string python;   // "3.11"
  std::string pyspark;  // "4.2.0"
  int pyspark_minor = 0;
};

// A connection to a worker process of its own.
struct WorkerSocket {
  WorkerSocket(int socket, pid_t process) : fd(socket), pid(process) {}
  FileDescriptor fd;  // does not block
  pid_t pid;
};

// pyspark's daemon in a child process, which forks a worker for each connection. It listens in a folder of mode 0700,
// or (PySpark 4.0) on the loopback address and asks for a secret. Thread-safe.
class WorkerDaemon {
 public:
  // SLUICE_PYTHON_WORKER when there is no such Python or no PySpark of a version that is known.
  static Result<std::unique_ptr<WorkerDaemon>> Start(const PythonSettings& settings);

  const PythonVersions& versions() const { return versions_; }
  Result<std::unique_ptr<WorkerSocket>> Connect();
  void Kill(pid_t worker);
  bool alive() const { return process_->alive(); }
  std::string last_words() const { return process_->last_words(); }

 private:
  WorkerDaemon() = default;
  Status Greet(const std::string& interpreter);
  Result<int> OpenSocket() const;

  std::unique_ptr<PrivateFolder> folder_;
  std::string secret_;
  std::unique_ptr<ChildProcess> process_;
  PythonVersions versions_;
  std::string socket_path_;
  int port_ = 0;  // without a path
};

// Starts the program of worker_runner.py by a Python.
Result<std::unique_ptr<ChildProcess>> StartPythonRunner(const PythonSettings& settings, const std::string& role,
                                                        const std::vector<std::string>& more_environment);
// A text that nobody else knows.
std::string NewSecret();

}  // namespace sluice
