// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/status.h"

namespace sluice {

class Operator;
class Session;

// What spark.catalog says of functions: those that are built in, and the session's own.
namespace service {

// In order.
std::vector<std::string> BuiltInFunctions();
bool FunctionExists(Session* session, const std::vector<std::string>& name);
Result<std::unique_ptr<Operator>> ListFunctions(Session* session, const std::optional<std::string>& pattern);
// UNRESOLVED_ROUTINE.
Result<std::unique_ptr<Operator>> GetFunction(Session* session, const std::vector<std::string>& name);

}  // namespace service
}  // namespace sluice
