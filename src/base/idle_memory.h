// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace sluice {

// For a process that has nothing to do for a while, or whose start is over: what the allocators keep for later goes
// back to the system, and code and constants of the program and its libraries are unmapped until they are used again
// (they stay in the page cache; what goes on pays about a millisecond). Any thread.
void ReleaseIdleMemory();

}  // namespace sluice
