// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <spark/connect/relations.pb.h>

#include <memory>

#include "base/status.h"

namespace sluice {

class Operator;
class Session;

namespace service {

// One row with one column "show_string": the first rows of a relation as show() prints them.
Result<std::unique_ptr<Operator>> ShowString(Session* session, const spark::connect::ShowString& show);

}  // namespace service
}  // namespace sluice
