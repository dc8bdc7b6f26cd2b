// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <spark/connect/relations.pb.h>

#include <memory>
#include <vector>

#include "base/status.h"

namespace sluice {

class Measurement;
class Operator;
class Session;

namespace service {

// One row with one column "show_string": the first rows of a relation as show() prints them.
Result<std::unique_ptr<Operator>> ShowString(Session* session, const spark::connect::ShowString& show,
                                             std::vector<std::shared_ptr<Measurement>>* measurements);

}  // namespace service
}  // namespace sluice
