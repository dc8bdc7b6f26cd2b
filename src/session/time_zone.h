// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "env/env.h"

namespace sluice {

// The IANA name of the machine's time zone: TZ, else the target of /etc/localtime, else UTC.
std::string MachineTimeZone(Env* env);

}  // namespace sluice
