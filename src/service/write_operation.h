// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "service/handlers.h"

namespace sluice::service {

// Runs a batch write to its end.
Result<Responses> WriteRelation(Session* session, const spark::connect::WriteOperation& write);

// df.writeTo(table): create and append.
Result<Responses> WriteRelationV2(Session* session, const spark::connect::WriteOperationV2& write);

}  // namespace sluice::service
