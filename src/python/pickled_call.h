// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

namespace sluice {

// A command for a worker, pickled by hand: what `sluice_worker.FUNCTION(command, text)` of worker_runner.py returns.
// `command`: as a client sends one; `text`: UTF-8.
std::string PickledCall(const std::string& function, const std::string& command, const std::string& text);

}  // namespace sluice
