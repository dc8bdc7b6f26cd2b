// SPDX-License-Identifier: Apache-2.0
#include "service/sessions.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>

#include "base/spark_error.h"
#include "service/lost_client.h"
#include "service/query_events.h"
#include "session/session.h"

namespace sluice {
namespace {

Status BadHandle(const std::string& reason, const std::string& id, const std::string& words) {
  return UserError("INVALID_HANDLE." + reason, fmt::format("The handle {} is invalid. {}", id, words),
                   {{"handle", id}});
}

// It is kept for a while after the session's end.
constexpr size_t kLongestUser = 1024;

int64_t MonotonicMs(Process* process) {
  return process->env()->clock().MonotonicNanos() / 1'000'000;
}

}  // namespace

bool IsUuid(const std::string& text) {
  constexpr size_t kLength = 36;
  if (text.size() != kLength) return false;
  for (size_t i = 0; i < kLength; ++i) {
    const bool dash = i == 8 || i == 13 || i == 18 || i == 23;
    if (dash ? text[i] != '-' : std::isxdigit(static_cast<unsigned char>(text[i])) == 0) return false;
  }
  return true;
}

ServedSession::ServedSession(SessionKey key, std::shared_ptr<Process> process, std::shared_ptr<ResponseMemory> memory)
    : key_(std::move(key)),
      process_(std::move(process)),
      server_side_id_(process_->env()->NewUuid()),
      // Two users may choose one session id; queries are told apart by the server's.
      session_(std::make_shared<Session>(process_, server_side_id_)),
      operations_(&process_->env()->clock(), std::move(memory)),
      artifacts_(&process_->budget()),
      errors_(process_->env().get()),
      last_call_ms_(MonotonicMs(process_.get())) {
  session_->SetClient({key_.user_id, key_.session_id});
  QueryListener listener;
  listener.progress = [bus = bus_](const QueryProgress& progress) {
    if (bus->on()) bus->Add("{\"progress\":" + ProgressToJson(progress) + "}");
  };
  session_->SetListener(std::move(listener));
}

ServedSession::~ServedSession() = default;

void ServedSession::StartedQuery(const std::string& operation, const std::vector<std::string>& tags,
                                 const std::string& run_id) {
  std::weak_ptr<RunningQuery> query = session_->queries().Find(run_id);
  std::lock_guard lock(mutex_);
  std::erase_if(started_, [&](const Started& started) { return started.query.expired(); });
  started_.push_back({operation, tags, std::move(query)});
}

std::vector<std::string> ServedSession::StopQueries(const std::string& tag) {
  std::vector<Started> started;
  {
    std::lock_guard lock(mutex_);
    started = started_;
  }
  std::vector<std::string> stopped;
  for (const Started& one : started) {
    if (!tag.empty() && std::find(one.tags.begin(), one.tags.end(), tag) == one.tags.end()) continue;
    const auto query = one.query.lock();
    if (query == nullptr || !query->IsActive()) continue;
    query->RequestStop();
    stopped.push_back(one.operation);
  }
  return stopped;
}

std::shared_ptr<RunningQuery> ServedSession::FindFailed(const Status& error) const {
  std::lock_guard lock(mutex_);
  for (const Started& started : started_) {
    auto query = started.query.lock();
    if (query == nullptr || query->IsActive()) continue;
    const auto failure = query->exception();
    if (failure && failure->message() == error.message()) return query;
  }
  return nullptr;
}

std::vector<std::string> ServedSession::TakeEndedQueries() {
  std::lock_guard lock(mutex_);
  std::vector<std::string> events;
  for (Started& started : started_) {
    if (started.told) continue;
    const auto query = started.query.lock();
    if (query != nullptr && query->IsActive()) continue;
    started.told = true;
    if (query != nullptr) events.push_back(QueryTerminatedJson(*query));
  }
  return events;
}

void ServedSession::Touch() {
  std::lock_guard lock(mutex_);
  last_call_ms_ = MonotonicMs(process_.get());
}

int64_t ServedSession::IdleMs() const {
  const bool alive = !EndsWithClient(*session_) || IsWaitedFor(operations_);
  if (alive && !session_->queries().Active().empty()) return 0;
  std::lock_guard lock(mutex_);
  return MonotonicMs(process_.get()) - last_call_ms_;
}

void ServedSession::Close() {
  operations_.Close();
  session_->queries().Close();
  artifacts_.Close();
}

Sessions::Sessions(std::shared_ptr<Process> process, Conf conf)
    : process_(std::move(process)),
      conf_(std::move(conf)),
      memory_(std::make_shared<ResponseMemory>(&process_->budget())) {}

Result<std::shared_ptr<ServedSession>> Sessions::Make(const SessionKey& key) {
  if (shut_) return EnvironmentError("SLUICE_SERVER", "The server is being stopped.");
  if (sessions_.size() >= kMost) {
    return UserError("SLUICE_TOO_MANY_SESSIONS",
                     fmt::format("The server has {} sessions already; stop some of them.", kMost));
  }
  auto made = std::make_shared<ServedSession>(key, process_, memory_);
  for (const auto& [name, value] : conf_.values()) SLUICE_RETURN_IF_ERROR(made->session()->SetConf(name, value));
  sessions_[key] = made;
  return made;
}

Result<std::shared_ptr<ServedSession>> Sessions::Open(const SessionKey& key, const std::string& observed) {
  if (!IsUuid(key.session_id)) {
    return BadHandle("FORMAT", key.session_id,
                     "Handle must be an UUID string of the format "
                     "'00112233-4455-6677-8899-aabbccddeeff'.");
  }
  if (key.user_id.size() > kLongestUser) {
    return UserError("", fmt::format("The id of a user has at most {} bytes.", kLongestUser));
  }
  std::lock_guard lock(mutex_);
  const auto found = sessions_.find(key);
  if (found == sessions_.end()) {
    if (closed_.contains(key)) return BadHandle("SESSION_CLOSED", key.session_id, "Session was closed.");
    // The session that the client knew is gone, with a server before this one.
    if (!observed.empty())
      return BadHandle("SESSION_CHANGED", key.session_id,
                       "The existing Spark server driver "
                       "instance has restarted. Please reconnect.");
    return Make(key);
  }
  if (!observed.empty() && observed != found->second->server_side_id()) {
    return BadHandle("SESSION_CHANGED", key.session_id,
                     "The existing Spark server driver instance has restarted. Please reconnect.");
  }
  found->second->Touch();
  return found->second;
}

Result<std::shared_ptr<ServedSession>> Sessions::Find(const SessionKey& key) {
  std::lock_guard lock(mutex_);
  const auto found = sessions_.find(key);
  if (found != sessions_.end()) {
    found->second->Touch();
    return found->second;
  }
  if (closed_.contains(key)) return BadHandle("SESSION_CLOSED", key.session_id, "Session was closed.");
  return BadHandle("SESSION_NOT_FOUND", key.session_id, "Session not found.");
}

Result<std::shared_ptr<ServedSession>> Sessions::Clone(const SessionKey& key, const std::string& new_id) {
  const auto refuse = [&](const std::string& reason, const std::string& words) {
    return UserError("INVALID_CLONE_SESSION_REQUEST." + reason, fmt::format("Invalid session clone request. {}", words),
                     {{"targetSessionId", new_id}});
  };
  SLUICE_ASSIGN(const std::shared_ptr<ServedSession> source, Find(key));
  if (!IsUuid(new_id)) {
    return refuse("TARGET_SESSION_ID_FORMAT", "Target session ID " + new_id + " must be a UUID.");
  }
  const SessionKey target{key.user_id, new_id};
  std::shared_ptr<ServedSession> made;
  {
    std::lock_guard lock(mutex_);
    if (sessions_.contains(target)) {
      return refuse("TARGET_SESSION_ID_ALREADY_EXISTS", "Target session ID " + new_id + " already exists.");
    }
    if (closed_.contains(target)) {
      return refuse("TARGET_SESSION_ID_ALREADY_CLOSED", "Target session ID " + new_id + " was closed before.");
    }
    SLUICE_ASSIGN(made, Make(target));
  }
  made->session()->CopyFrom(*source->session());
  const Status copied = made->artifacts().CopyFrom(source->artifacts());
  if (copied.ok()) return made;
  Take(target, /*allow_reconnect=*/true);
  return copied;
}

void Sessions::RememberClosed(const SessionKey& key) {
  closed_order_[next_closed_] = key;
  closed_[key] = next_closed_++;
  if (closed_.size() <= kRememberedClosed) return;
  closed_.erase(closed_order_.begin()->second);
  closed_order_.erase(closed_order_.begin());
}

std::shared_ptr<ServedSession> Sessions::Take(const SessionKey& key, bool allow_reconnect) {
  std::lock_guard lock(mutex_);
  std::shared_ptr<ServedSession> taken;
  const auto found = sessions_.find(key);
  if (found != sessions_.end()) {
    taken = found->second;
    sessions_.erase(found);
  }
  if (allow_reconnect) {
    if (const auto closed = closed_.find(key); closed != closed_.end()) {
      closed_order_.erase(closed->second);
      closed_.erase(closed);
    }
  } else if (taken != nullptr) {
    RememberClosed(key);
  }
  return taken;
}

std::vector<std::shared_ptr<ServedSession>> Sessions::TakeIdle() {
  std::vector<std::shared_ptr<ServedSession>> taken;
  for (const auto& session : All()) {
    if (session->IdleMs() <= kIdleMs) continue;
    if (auto out = Take(session->key(), false)) taken.push_back(std::move(out));
  }
  return taken;
}

std::vector<std::shared_ptr<ServedSession>> Sessions::All() const {
  std::lock_guard lock(mutex_);
  std::vector<std::shared_ptr<ServedSession>> all;
  for (const auto& [key, session] : sessions_) all.push_back(session);
  return all;
}

std::vector<std::shared_ptr<ServedSession>> Sessions::Shut() {
  {
    std::lock_guard lock(mutex_);
    shut_ = true;
  }
  return All();
}

}  // namespace sluice
