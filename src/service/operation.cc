// SPDX-License-Identifier: Apache-2.0
#include "service/operation.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <utility>

#include "base/spark_error.h"

namespace sluice {
namespace {

constexpr std::chrono::milliseconds kLook(20);

Status Cancelled(const std::string& id) {
  return UserError("OPERATION_CANCELED", "Operation has been canceled.", {{"operationId", id}});
}

Status Disconnected() {
  return UserError("INVALID_CURSOR.DISCONNECTED",
                   "The cursor is invalid. The cursor has been disconnected by the server.");
}

}  // namespace

Operation::Operation(OperationKey key, Clock* clock, std::shared_ptr<ResponseMemory> memory)
    : key_(std::move(key)),
      clock_(clock),
      memory_(std::move(memory)),
      most_kept_(memory_ == nullptr ? kKeptBytes : std::min(kKeptBytes, memory_->limit() / 4)),
      most_unsent_(memory_ == nullptr ? kUnsentBytes : std::min(kUnsentBytes, memory_->limit() / 2)),
      prefix_(key_.id + "-"),
      last_seen_ms_(NowMs()) {}

Operation::~Operation() {
  while (!kept_.empty()) DropFirst();
}

OperationState Operation::state() const {
  std::lock_guard lock(mutex_);
  if (!finished_) return interrupted_ ? OperationState::kTerminating : OperationState::kRunning;
  if (result_.ok()) return OperationState::kSucceeded;
  return interrupted_ ? OperationState::kCancelled : OperationState::kFailed;
}

void Operation::Append(spark::connect::ExecutePlanResponse response, int64_t counted) {
  response.set_session_id(key_.session_id);
  response.set_server_side_session_id(key_.server_side_session_id);
  response.set_operation_id(key_.id);
  response.set_response_id(prefix_ + std::to_string(End()));
  auto bytes = std::make_shared<std::string>();
  response.SerializeToString(bytes.get());
  unsent_bytes_ += static_cast<int64_t>(bytes->size());
  kept_.push_back({std::move(bytes), counted});
}

// Whether the budget has room for `size` bytes more, which are taken then; what was sent already makes room.
bool Operation::TakeRoom(int64_t size) {
  if (memory_ == nullptr) return false;
  while (!memory_->TryTake(size)) {
    if (first_ >= (key_.reattachable ? sent_ - 1 : sent_)) return false;
    DropFirst();
  }
  return true;
}

Status Operation::Push(spark::connect::ExecutePlanResponse response) {
  std::function<void()> wake;
  {
    std::unique_lock lock(mutex_);
    room_.wait(lock, [&] { return interrupted_ || unsent_bytes_ < most_unsent_; });
    if (interrupted_) return Cancelled(key_.id);
    const auto size = static_cast<int64_t>(response.ByteSizeLong());
    bool counted = TakeRoom(size);
    // Others may give bytes back without a word to this one, so it looks again now and then.
    while (!counted && memory_ != nullptr && unsent_bytes_ > 0 && !interrupted_) {
      room_.wait_for(lock, kLook);
      counted = TakeRoom(size);
    }
    Append(std::move(response), counted ? size : 0);
    if (interrupted_) return Cancelled(key_.id);
    wake = wake_;
  }
  if (wake) wake();
  return Status::OK();
}

bool Operation::TryPush(const spark::connect::ExecutePlanResponse& response) {
  std::function<void()> wake;
  {
    std::lock_guard lock(mutex_);
    if (interrupted_ || sent_ < End()) return false;
    const auto size = static_cast<int64_t>(response.ByteSizeLong());
    Append(response, TakeRoom(size) ? size : 0);
    wake = wake_;
  }
  if (wake) wake();
  return true;
}

void Operation::Finish(Status result, std::optional<spark::connect::ExecutePlanResponse> last) {
  std::function<void()> wake;
  {
    std::lock_guard lock(mutex_);
    // An interrupt that came in time is the answer, whatever the work made of it.
    result_ = interrupted_ ? Cancelled(key_.id) : std::move(result);
    if (result_.ok() && last) Append(std::move(*last), 0);
    finished_ = true;
    cancel_ = nullptr;
    last_seen_ms_ = NowMs();
    wake = wake_;
  }
  if (wake) wake();
}

bool Operation::interrupted() const {
  std::lock_guard lock(mutex_);
  return interrupted_;
}

void Operation::OnInterrupt(std::function<void()> cancel) {
  {
    std::lock_guard lock(mutex_);
    if (!interrupted_) {
      cancel_ = std::move(cancel);
      return;
    }
  }
  if (cancel) cancel();
}

std::optional<int64_t> Operation::IndexOf(const std::string& response_id) const {
  if (!response_id.starts_with(prefix_)) return std::nullopt;
  int64_t index = 0;
  const char* end = response_id.data() + response_id.size();
  const auto parsed = std::from_chars(response_id.data() + prefix_.size(), end, index);
  if (parsed.ec != std::errc() || parsed.ptr != end || index < 0 || index >= End()) return std::nullopt;
  return index;
}

Result<Operation::Reader> Operation::Attach(const std::optional<std::string>& last_response,
                                            std::function<void()> wake) {
  std::function<void()> before;
  Reader reader;
  {
    std::lock_guard lock(mutex_);
    if (last_response) {
      const std::optional<int64_t> last = IndexOf(*last_response);
      if (!last) {
        return UserError("INVALID_CURSOR.POSITION_NOT_FOUND",
                         fmt::format("The cursor is invalid. The cursor position id {} is not found.", *last_response),
                         {{"responseId", *last_response}});
      }
      reader.next = *last + 1;
    }
    if (reader.next < first_) {
      return UserError(
          "INVALID_CURSOR.POSITION_NOT_AVAILABLE",
          fmt::format("The cursor is invalid. The cursor position at index {} is no longer available.", reader.next),
          {{"index", std::to_string(reader.next)}});
    }
    reader.generation = ++generation_;
    read_ = true;
    before = std::exchange(wake_, std::move(wake));
    last_seen_ms_ = NowMs();
  }
  if (before) before();
  return reader;
}

Result<Operation::Pull> Operation::Next(Reader* reader, std::shared_ptr<const std::string>* response) {
  std::lock_guard lock(mutex_);
  if (reader->generation != generation_) return Disconnected();
  if (reader->next < first_) return Disconnected();  // the client released what it has not read
  if (reader->next < End()) {
    *response = kept_[static_cast<size_t>(reader->next - first_)].bytes;
    ++reader->next;
    if (reader->next > sent_) {
      sent_ = reader->next;
      const auto size = static_cast<int64_t>((*response)->size());
      unsent_bytes_ -= size;
      sent_bytes_ += size;
      DropSent();
      room_.notify_all();
    }
    return Pull::kResponse;
  }
  if (!finished_) {
    // The stream of an interrupted operation ends now, though what it waits for may take longer.
    if (interrupted_) return Cancelled(key_.id);
    return Pull::kNothingYet;
  }
  if (!result_.ok()) return result_;
  return Pull::kEnd;
}

void Operation::DropFirst() {
  const auto size = static_cast<int64_t>(kept_.front().bytes->size());
  (first_ < sent_ ? sent_bytes_ : unsent_bytes_) -= size;
  if (kept_.front().counted > 0) memory_->Give(kept_.front().counted);
  kept_.pop_front();
  ++first_;
  if (sent_ < first_) sent_ = first_;
}

void Operation::DropSent() {
  if (!key_.reattachable) {
    while (first_ < sent_) DropFirst();
    return;
  }
  while (first_ < sent_ - 1 && sent_bytes_ > most_kept_) DropFirst();
}

void Operation::Detach(const Reader& reader) {
  std::function<void()> dropped;  // destroyed outside of the lock
  std::lock_guard lock(mutex_);
  if (reader.generation != generation_) return;
  dropped = std::exchange(wake_, nullptr);
  read_ = false;
  last_seen_ms_ = NowMs();
}

bool Operation::finished() const {
  std::lock_guard lock(mutex_);
  return finished_;
}

Status Operation::ReleaseUntil(const std::string& response_id) {
  std::lock_guard lock(mutex_);
  const std::optional<int64_t> until = IndexOf(response_id);
  if (!until) {
    return UserError("INVALID_CURSOR.POSITION_NOT_FOUND",
                     fmt::format("The cursor is invalid. The cursor position id {} is not found.", response_id),
                     {{"responseId", response_id}});
  }
  while (first_ <= *until) DropFirst();
  last_seen_ms_ = NowMs();
  room_.notify_all();
  return Status::OK();
}

void Operation::ReleaseAll() {
  std::function<void()> wake;
  std::function<void()> cancel;
  {
    std::lock_guard lock(mutex_);
    if (!finished_) cancel = SetInterrupted();
    ++generation_;
    read_ = false;
    wake = std::exchange(wake_, nullptr);
    while (!kept_.empty()) DropFirst();
  }
  if (cancel) cancel();
  if (wake) wake();
}

std::function<void()> Operation::SetInterrupted() {
  if (interrupted_) return nullptr;
  interrupted_ = true;
  room_.notify_all();
  return std::exchange(cancel_, nullptr);
}

bool Operation::Interrupt() {
  std::function<void()> wake;
  std::function<void()> cancel;
  {
    std::lock_guard lock(mutex_);
    if (finished_ || interrupted_) return false;
    cancel = SetInterrupted();
    wake = wake_;
  }
  if (cancel) cancel();
  if (wake) wake();
  return true;
}

void Operation::Heartbeat() {
  std::function<void()> wake;
  {
    std::lock_guard lock(mutex_);
    if (finished_ || interrupted_ || !read_ || sent_ < End()) return;
    spark::connect::ExecutePlanResponse response;
    response.mutable_execution_progress();
    Append(std::move(response), 0);
    wake = wake_;
  }
  if (wake) wake();
}

bool Operation::IsLost() const {
  std::lock_guard lock(mutex_);
  return !key_.reattachable && generation_ > 0 && !read_;
}

int64_t Operation::IdleMs() const {
  std::lock_guard lock(mutex_);
  return read_ ? 0 : NowMs() - last_seen_ms_;
}

}  // namespace sluice
