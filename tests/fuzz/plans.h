// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <spark/connect/relations.pb.h>

namespace sluice::fuzz {

// Resolves, optimizes and explains a plan over a Kafka stream, a table and a view, as a session would.
void AnalyzePlan(const spark::connect::Relation& relation, bool ansi);

}  // namespace sluice::fuzz
