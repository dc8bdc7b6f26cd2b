// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

namespace sluice {

// "localhost" and below, 127.0.0.0/8 and ::1: what is sent there stays on this machine.
bool IsLoopbackHost(const std::string& host);

// Logs a warning the first time that this process has it.
void WarnOnce(const std::string& text);

}  // namespace sluice
