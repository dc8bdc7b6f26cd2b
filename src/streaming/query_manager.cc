// SPDX-License-Identifier: Apache-2.0
#include "streaming/query_manager.h"

namespace sluice {

Result<std::shared_ptr<RunningQuery>> QueryManager::Start(QuerySpec spec,
                                                          std::function<void(const QueryProgress&)> listener) {
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

}  // namespace sluice
