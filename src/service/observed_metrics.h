// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <spark/connect/base.pb.h>

#include <memory>
#include <vector>

#include "base/status.h"
#include "exec/observe.h"
#include "service/connect_service.h"

namespace sluice {

class Session;

// A value as a literal of Spark Connect.
Result<spark::connect::Expression::Literal> LiteralOf(const arrow::Array& array, int64_t row);

// The messages that fill a client's Observations, once what is measured has run.
Result<std::vector<spark::connect::ExecutePlanResponse>> ObservedMetricsOf(const Measurements& measurements);

namespace service {

// ExecuteRelation, telling where to find what the relation's observations see. `measurements` may be null.
Result<Execution> ExecuteMeasured(const std::shared_ptr<Session>& session, const spark::connect::Relation& relation,
                                  Measurements* measurements);

}  // namespace service
}  // namespace sluice
