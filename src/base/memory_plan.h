// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <mutex>

// The rules of memory of a process. It has one budget, spark.sluice.memory (base/memory_budget.h), and everything that
// grows with the data takes its bytes from it:
//
//   kind       what                                         taken by                             at most
//   of tasks   row groups, uploads, rows that wait to be    MemoryBudget::Take, which waits      half, by the plan
//              sorted into partition folders                                                     of the sink
//   standing   what sources fetch ahead                     TakeStanding: refused when full      a quarter
//   held       rows that must stay: state, sorts, groups,   TryHold: refused when full, and      three quarters; half
//              tables of joins, memory sinks, rows          then state and rows between tasks    of it for a state, a
//              between tasks                                go to a temporary file               quarter for an
//              exchange
//   a turn     a record of many megabytes on its way        MemoryTurn, which waits              the only turn gets all
//   readers    pages and dictionaries of Parquet files      TableMemory, which waits             half; the first task's
//                                                                                                a quarter beyond all
//   answers    responses that no client has taken yet       ResponseMemory: their reader waits   a quarter
//
// Nobody waits for ever:
// - Who is refused gives up by a named error, so that nothing waits for rows that must stay but Take, and that no
//   longer than its patience.
// - Who waits in Take holds nothing that others wait for: it takes all that its task needs in one call. The tasks that
//   have their bytes need no more to end, and what they give back wakes those that wait.
// - Of turns one is always granted, and so is the reader of the first open task of a table: there is always one that
//   goes on, and when it ends the next one is first.
// - Who must take in several steps, or needs several times its bytes for a moment, passes a gate, which lets one thread
//   of the process through at a time. Gates are passed in the order in which they stand here; nobody waits for an
//   earlier one behind a later one, nor for bytes of tasks behind them.
namespace sluice {

enum class MemoryGate {
  kLargeSlices,  // slices whose values have many megabytes: Parquet needs several times that while it encodes them
  kPublishing,   // spooled files on their way to their place: an upload copies its parts
};

// The mutex of a gate, which lives as long as the process.
std::mutex& GateOf(MemoryGate gate);

}  // namespace sluice
