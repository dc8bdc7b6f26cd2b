// SPDX-License-Identifier: Apache-2.0
#include "exec/operator.h"
#include "service/connect_service.h"
#include "session/session.h"

namespace sluice {

Execution::Execution() = default;
Execution::Execution(Execution&&) noexcept = default;
Execution& Execution::operator=(Execution&& other) noexcept {
  rows = std::move(other.rows);
  schema = std::move(other.schema);
  messages = std::move(other.messages);
  session = std::move(other.session);
  return *this;
}

Execution::~Execution() {
  // The rows use what the session holds.
  rows.reset();
}

}  // namespace sluice
