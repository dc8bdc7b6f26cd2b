// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <compare>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "conf/conf.h"
#include "service/artifacts.h"
#include "service/error_store.h"
#include "service/listener_bus.h"
#include "service/operations.h"

namespace sluice {

class Process;
class RunningQuery;
class Session;

struct SessionKey {
  std::string user_id;
  std::string session_id;
  auto operator<=>(const SessionKey&) const = default;  // NOLINT(modernize-use-nullptr): not a 0
};

// A client's session as the service keeps it: the session itself, and what its client has under way. Thread-safe.
class ServedSession {
 public:
  ServedSession(SessionKey key, std::shared_ptr<Process> process, std::shared_ptr<ResponseMemory> memory);
  ~ServedSession();

  const SessionKey& key() const { return key_; }
  // An id of the server's own: another one means that the session is not the one that the client knew.
  const std::string& server_side_id() const { return server_side_id_; }
  const std::shared_ptr<Session>& session() const { return session_; }
  Process& process() { return *process_; }
  Operations& operations() { return operations_; }
  Artifacts& artifacts() { return artifacts_; }
  ErrorStore& errors() { return errors_; }
  const std::shared_ptr<ListenerBus>& bus() { return bus_; }

  // A streaming query was started by an operation with these tags: an interrupt of the tag stops it.
  void StartedQuery(const std::string& operation, const std::vector<std::string>& tags, const std::string& run_id);
  // Asks the queries started under the tag for their end (an empty tag: all of them). Gives the operations that had
  // started those that were still active.
  std::vector<std::string> StopQueries(const std::string& tag);
  // The query that ended with this error, or null.
  std::shared_ptr<RunningQuery> FindFailed(const Status& error) const;
  // The events of those that ended since the last call, for a listener.
  std::vector<std::string> TakeEndedQueries();

  void Touch();
  // Milliseconds since the last call; 0 while a streaming query runs.
  int64_t IdleMs() const;
  // Interrupts operations, stops queries after their batch and drops artifacts; none begins or comes any more.
  void Close();

 private:
  struct Started {
    std::string operation;
    std::vector<std::string> tags;
    std::weak_ptr<RunningQuery> query;  // what the process remembers of ended queries is enough
    bool told = false;                  // a listener knows of its end
  };

  const SessionKey key_;
  const std::shared_ptr<Process> process_;
  const std::string server_side_id_;
  const std::shared_ptr<Session> session_;
  Operations operations_;
  Artifacts artifacts_;
  ErrorStore errors_;
  const std::shared_ptr<ListenerBus> bus_ = std::make_shared<ListenerBus>();  // queries hold it too
  mutable std::mutex mutex_;
  std::vector<Started> started_;
  int64_t last_call_ms_;  // monotonic
};

// The sessions of a service, by user and session id. Thread-safe.
class Sessions {
 public:
  static constexpr size_t kMost = 2000;
  static constexpr size_t kRememberedClosed = 10'000;
  static constexpr int64_t kIdleMs = 60 * 60 * 1000;

  // `conf`: the settings that every session begins with.
  Sessions(std::shared_ptr<Process> process, Conf conf);

  // The session, made if it is not there. `observed`: the server's id that the client knows, empty when it knows none.
  // INVALID_HANDLE.FORMAT, SESSION_CLOSED, SESSION_CHANGED.
  Result<std::shared_ptr<ServedSession>> Open(const SessionKey& key, const std::string& observed);
  // The session if it is there: INVALID_HANDLE.SESSION_NOT_FOUND, SESSION_CLOSED.
  Result<std::shared_ptr<ServedSession>> Find(const SessionKey& key);
  // A new session with the settings and views of another.
  Result<std::shared_ptr<ServedSession>> Clone(const SessionKey& key, const std::string& new_id);
  // Takes the session out; null when there was none. Its id may be used again only with `allow_reconnect`.
  std::shared_ptr<ServedSession> Take(const SessionKey& key, bool allow_reconnect);
  // Takes out those whose clients have been silent for an hour.
  std::vector<std::shared_ptr<ServedSession>> TakeIdle();
  std::vector<std::shared_ptr<ServedSession>> All() const;
  // The same, and none is made any more.
  std::vector<std::shared_ptr<ServedSession>> Shut();

 private:
  Result<std::shared_ptr<ServedSession>> Make(const SessionKey& key);  // under the lock
  void RememberClosed(const SessionKey& key);

  const std::shared_ptr<Process> process_;
  const Conf conf_;
  const std::shared_ptr<ResponseMemory> memory_;
  mutable std::mutex mutex_;
  bool shut_ = false;
  std::map<SessionKey, std::shared_ptr<ServedSession>> sessions_;
  std::map<SessionKey, int64_t> closed_;
  std::map<int64_t, SessionKey> closed_order_;
  int64_t next_closed_ = 0;
};

// "00000000-0000-0000-0000-000000000000", in any case.
bool IsUuid(const std::string& text);

}  // namespace sluice
