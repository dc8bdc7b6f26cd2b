// SPDX-License-Identifier: Apache-2.0
#pragma once

// SIGINT and SIGTERM of this process, counted instead of ending it. Any thread.
namespace sluice {

// From now on they only ask for the end. Calls that they meet go on (SA_RESTART): none of a running batch may fail.
void CatchStopSignals();
bool StopSignalsAreCaught();
// How many of them came.
int StopSignals();
// The last one that came.
int LastStopSignal();
// Ends the process by the last one, as if it had not been caught.
[[noreturn]] void EndByStopSignal();

}  // namespace sluice
