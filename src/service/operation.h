// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <spark/connect/base.pb.h>

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "base/status.h"
#include "env/clock.h"
#include "service/response_memory.h"

namespace sluice {

struct OperationKey {
  std::string session_id;
  std::string server_side_session_id;
  std::string id;
  std::vector<std::string> tags;
  std::string plan;  // a digest of it: the same id with the same plan attaches to what runs
  bool reattachable = false;
};

enum class OperationState { kRunning, kTerminating, kSucceeded, kFailed, kCancelled };

// One ExecutePlan. A producer runs it to its end and pushes responses, whether or not anybody reads; one reader at a
// time pulls them in order. Sent responses are kept for a reader that attaches again: the last 10 MB of them, at least
// one, unless the client released them. All that is kept counts in the memory budget; where that has no room, the
// responses that were sent go first, then the producer waits for its reader. One response is never refused: a result
// gets through, however full the budget is. Thread-safe.
class Operation {
 public:
  // Of sent responses this much is kept, and a sixteenth of the budget at most; beyond this much unsent, or an eighth
  // of the budget, the producer waits for a reader.
  static constexpr int64_t kKeptBytes = 10 << 20;
  static constexpr int64_t kUnsentBytes = 64 << 20;

  // Where a reader stands. A later reader of the same operation takes its place.
  struct Reader {
    int64_t next = 0;
    int64_t generation = 0;
  };
  enum class Pull { kResponse, kNothingYet, kEnd };

  // `memory` may be null (unlimited).
  Operation(OperationKey key, Clock* clock, std::shared_ptr<ResponseMemory> memory = nullptr);
  ~Operation();
  Operation(const Operation&) = delete;
  Operation& operator=(const Operation&) = delete;

  const OperationKey& key() const { return key_; }
  OperationState state() const;

  // The producer's side. Push fills in the ids; it waits for room and fails once the operation was interrupted.
  Status Push(spark::connect::ExecutePlanResponse response);
  // The same for a producer that must not wait. False: an earlier response was not sent yet, or the operation was
  // interrupted, and nothing was pushed.
  bool TryPush(const spark::connect::ExecutePlanResponse& response);
  // `last`, if any, follows a good result in the same moment: whoever has read it finds the operation ended.
  void Finish(Status result, std::optional<spark::connect::ExecutePlanResponse> last = std::nullopt);
  bool interrupted() const;
  // Called by Interrupt, or at once when that was before. Null: nothing to call any more.
  void OnInterrupt(std::function<void()> cancel);

  // The reader's side. Without a last response it begins with the first. `wake` is called, under no lock, whenever
  // there may be more to pull. A call that had begun may still come while Detach returns.
  Result<Reader> Attach(const std::optional<std::string>& last_response, std::function<void()> wake);
  // The serialised response that is next. An error ends the stream: that of the operation, or
  // INVALID_CURSOR.DISCONNECTED when another reader attached.
  Result<Pull> Next(Reader* reader, std::shared_ptr<const std::string>* response);
  void Detach(const Reader& reader);
  bool finished() const;

  // INVALID_CURSOR.POSITION_NOT_FOUND when the operation never had the response.
  Status ReleaseUntil(const std::string& response_id);
  // The client is done: what runs is interrupted, and a reader disconnected.
  void ReleaseAll();
  // Ends the operation with OPERATION_CANCELED; false when it had ended or been interrupted before.
  bool Interrupt();
  // execution_progress for a reader that has nothing else to read.
  void Heartbeat();
  // Milliseconds since a reader was last there, 0 while one is.
  int64_t IdleMs() const;
  // Its reader has gone, and no other can come.
  bool IsLost() const;

 private:
  struct Kept {
    std::shared_ptr<const std::string> bytes;
    int64_t counted = 0;  // in the budget
  };

  std::optional<int64_t> IndexOf(const std::string& response_id) const;
  int64_t End() const { return first_ + static_cast<int64_t>(kept_.size()); }  // under the lock, like all below
  void Append(spark::connect::ExecutePlanResponse response, int64_t counted);
  bool TakeRoom(int64_t size);
  void DropSent();
  void DropFirst();
  std::function<void()> SetInterrupted();
  int64_t NowMs() const { return clock_->MonotonicNanos() / 1'000'000; }

  const OperationKey key_;
  Clock* const clock_;
  const std::shared_ptr<ResponseMemory> memory_;
  const int64_t most_kept_;
  const int64_t most_unsent_;
  const std::string prefix_;  // of response ids
  mutable std::mutex mutex_;
  std::condition_variable room_;
  std::deque<Kept> kept_;
  int64_t first_ = 0;  // number of the first response that is kept
  int64_t sent_ = 0;   // number of the first that no reader got
  int64_t sent_bytes_ = 0;
  int64_t unsent_bytes_ = 0;
  int64_t generation_ = 0;
  bool read_ = false;  // a reader is attached
  std::function<void()> wake_;
  std::function<void()> cancel_;
  bool interrupted_ = false;
  bool finished_ = false;
  Status result_;
  int64_t last_seen_ms_;  // monotonic
};

}  // namespace sluice
