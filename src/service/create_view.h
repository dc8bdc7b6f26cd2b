// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <spark/connect/commands.pb.h>

#include "base/status.h"

namespace sluice {

class Session;

namespace service {

// Keeps a relation as a temporary view of the session, or of the process (global_temp).
Status CreateView(Session* session, const spark::connect::CreateDataFrameViewCommand& command);

}  // namespace service
}  // namespace sluice
