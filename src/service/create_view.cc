// SPDX-License-Identifier: Apache-2.0
#include "service/create_view.h"

#include "session/session.h"

namespace sluice::service {

Status CreateView(Session* session, const spark::connect::CreateDataFrameViewCommand& command) {
  SLUICE_ASSIGN(const PlanPtr plan, session->Resolve(command.input()));
  const SessionCatalog catalog = session->catalog();
  return command.is_global() ? catalog.CreateGlobalView(command.name(), plan, command.replace())
                             : catalog.CreateView(command.name(), plan, command.replace());
}

}  // namespace sluice::service
