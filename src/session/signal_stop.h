// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <condition_variable>
#include <mutex>
#include <thread>

namespace sluice {

class QueryDirectory;

// Lets the queries of a process end their batches when SIGINT or SIGTERM comes (spark.sluice.stopOnSignal): the calls
// that wait for them return then. A second signal gives batches up; one that comes while no query runs ends the
// process.
class SignalStop {
 public:
  // Catches the signals from now on. `queries` outlives this.
  explicit SignalStop(QueryDirectory* queries);
  ~SignalStop();

 private:
  void Watch();
  void StopAll(int signals);

  QueryDirectory* const queries_;
  std::mutex mutex_;
  std::condition_variable changed_;
  bool over_ = false;
  std::thread watch_;
};

}  // namespace sluice
