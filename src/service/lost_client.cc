// SPDX-License-Identifier: Apache-2.0
#include "service/lost_client.h"

#include <algorithm>
#include <string>
#include <vector>

#include "base/logging.h"
#include "service/sessions.h"
#include "session/session.h"

namespace sluice {
namespace {

// Whether an operation runs that has been without a reader for such a time.
template <typename Wanted>
bool AnyRunning(const Operations& operations, const Wanted& wanted) {
  const std::vector<std::string> ids = operations.Ids();
  return std::any_of(ids.begin(), ids.end(), [&](const std::string& id) {
    const auto operation = operations.Find(id);
    return operation != nullptr && operation->state() == OperationState::kRunning && wanted(operation->IdleMs());
  });
}

}  // namespace

bool IsWaitedFor(const Operations& operations) {
  return AnyRunning(operations, [](int64_t unread_ms) { return unread_ms == 0; });
}

bool EndsWithClient(const Session& session) {
  return session.conf().GetBool("spark.sluice.streaming.stopOnDisconnect");
}

void StopIfClientIsLost(ServedSession* session) {
  if (session->session()->queries().Active().empty() || !EndsWithClient(*session->session())) return;
  const int64_t most = session->session()->conf().GetDurationMs("spark.sluice.streaming.disconnectTimeout");
  const auto lost = [most](int64_t unread_ms) { return unread_ms > most; };
  if (session->IdleMs() <= most || !AnyRunning(session->operations(), lost)) return;
  const std::vector<std::string> stopped = session->StopQueries("");
  Log(LogLevel::kInfo, "The client of session {} has gone: {} of its streaming queries are stopped",
      session->key().session_id, stopped.size());
}

void ClientLeaves(ServedSession* session) {
  if (EndsWithClient(*session->session())) session->StopQueries("");
}

}  // namespace sluice
