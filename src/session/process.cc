// SPDX-License-Identifier: Apache-2.0
#include "session/process.h"

#include <arrow/memory_pool.h>
#include <fmt/format.h>
#include <malloc.h>

#include <algorithm>
#include <cstdlib>
#include <mutex>
#include <utility>

#include "base/spark_error.h"
#include "base/stop_signals.h"

namespace sluice {
namespace {

// glibc raises its limits with every large block that is freed, and then each thread keeps tens of megabytes. With
// fixed ones large blocks go back to the system at once, and what is smaller is kept and used again.
void FixMallocLimits() {
#if defined(__GLIBC__)
  constexpr int kLimit = 4 << 20;
  mallopt(M_MMAP_THRESHOLD, kLimit);
  mallopt(M_TRIM_THRESHOLD, kLimit);
#endif
}

// Arrow's own allocator keeps what was freed for itself, by thread: tens of megabytes that no other thread, and nothing
// but columns, can use. The C library's gets it back. The first call of Arrow's function decides, for good.
void ChooseAllocator() {
  constexpr char kName[] = "ARROW_DEFAULT_MEMORY_POOL";
  if (std::getenv(kName) != nullptr) return;
  ::setenv(kName, "system", 0);
  arrow::default_memory_pool();
  ::unsetenv(kName);  // a Python worker has an Arrow of its own
}

// Each task that writes holds a row group's bytes: half of the budget is left to what reads.
int ThreadsOf(const Conf& conf) {
  const int64_t wanted = conf.GetInt("spark.sluice.threads");
  const int64_t writers = conf.GetBytes("spark.sluice.memory") / 2 /
                          std::max<int64_t>(conf.GetBytes("spark.sluice.parquet.rowGroupBytes"), 1);
  const int64_t threads = wanted > 0 ? wanted : AvailableProcessors();
  return static_cast<int>(std::clamp<int64_t>(threads, 1, std::max<int64_t>(writers, 1)));
}

// "a.example, b.example"
std::vector<std::string> NamesOf(const std::string& list) {
  std::vector<std::string> names;
  std::string name;
  for (const char c : list + ",") {
    if (c == ',') {
      if (!name.empty()) names.push_back(std::exchange(name, ""));
    } else if (c != ' ') {
      name += c;
    }
  }
  return names;
}

}  // namespace

Process::Process(std::shared_ptr<Env> env, const Conf& conf)
    : env_(std::move(env)), budget_(conf.GetBytes("spark.sluice.memory")), tasks_(ThreadsOf(conf)) {
  FixMallocLimits();
  // Once: others may read the environment later.
  static std::once_flag chosen;
  std::call_once(chosen, ChooseAllocator);
}

Result<std::string> Process::local_url() const {
  if (local_door_ == nullptr) return NotSupported("foreachBatch of a Python function needs sluice server or submit.");
  return local_door_();
}

Result<QueryListener> Process::ProgressOf(const Conf& conf) {
  const std::string text = conf.Get("spark.sluice.progress");
  ProgressStyle style = ProgressStyle::kNone;
  if (!ParseProgressStyle(text, &style)) {
    return UserError("SLUICE_INVALID_OPTION",
                     fmt::format("spark.sluice.progress takes auto, bar, lines, json or none, not '{}'.", text));
  }
  if (style == ProgressStyle::kNone) return QueryListener();
  std::lock_guard lock(mutex_);
  std::shared_ptr<ProgressPrinter>& printer = printers_[style];
  if (printer == nullptr) printer = std::make_shared<ProgressPrinter>(style);
  return ListenerOf(printer);
}

void Process::StopOnSignals(const Conf& conf) {
  if (!conf.GetBool("spark.sluice.stopOnSignal")) return;
  std::lock_guard lock(mutex_);
  if (signal_stop_ == nullptr && !StopSignalsAreCaught()) signal_stop_ = std::make_unique<SignalStop>(&queries_);
}

Status Process::ServeMetrics(const Conf& conf) {
  const int64_t port = conf.GetInt("spark.sluice.metrics.port");
  if (port == 0) return Status::OK();
  std::lock_guard lock(mutex_);
  if (metrics_ != nullptr) return Status::OK();
  const MetricsServer::Place place{conf.Get("spark.sluice.metrics.address"), port,
                                   NamesOf(conf.Get("spark.sluice.metrics.hosts"))};
  SLUICE_ASSIGN(metrics_, MetricsServer::Start(
                              place, [this] { return queries_.Snapshots(); }, &budget_, &env_->clock()));
  return Status::OK();
}

}  // namespace sluice
