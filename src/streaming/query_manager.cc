// SPDX-License-Identifier: Apache-2.0
#include "streaming/query_manager.h"

#include "base/spark_error.h"
#include "connectors/memory/memory_table.h"

namespace sluice {
namespace {

Status SessionClosed() {
  return UserError("INVALID_HANDLE.SESSION_CLOSED", "The session was closed: it starts no query any more.");
}

}  // namespace

QueryManager::~QueryManager() {
  directory_->RemoveSession(session_);
  DropMemoryTables(resources_.env, session_);
}

Result<std::shared_ptr<RunningQuery>> QueryManager::Start(QuerySpec spec, QueryListener listener) {
  if (closed_) return SessionClosed();
  spec.session = session_;
  SLUICE_ASSIGN(const QueryDirectory::Ticket ticket,
                directory_->Take({session_, spec.name, spec.checkpoint, spec.sink_path}));
  const auto ended = [directory = directory_, ticket](const Status& result) { directory->Ended(ticket, result); };
  Result<std::shared_ptr<RunningQuery>> query =
      RunningQuery::Start(std::move(spec), resources_, std::move(listener), ended);
  if (!query.ok()) {
    directory_->Release(ticket);
    return query;
  }
  directory_->Started(ticket, *query);
  // Close has either seen it, or is seen here.
  if (closed_) {
    SLUICE_RETURN_IF_ERROR((*query)->Stop());
    return SessionClosed();
  }
  return query;
}

bool QueryManager::StopAll(const std::function<bool()>& in_a_hurry) {
  const std::vector<std::shared_ptr<RunningQuery>> active = Active();
  for (const auto& query : active) query->RequestStop();
  bool clean = true;
  for (const auto& query : active) {
    clean &= query->Stop(in_a_hurry).ok() && !query->gave_up();
  }
  return clean;
}

bool QueryManager::Close(const std::function<bool()>& in_a_hurry) {
  closed_ = true;
  return StopAll(in_a_hurry);
}

}  // namespace sluice
