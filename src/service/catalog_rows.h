// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <spark/connect/catalog.pb.h>

#include <memory>

#include "base/status.h"

namespace sluice {

class Operator;
class Session;

namespace service {

// The answer to a call of spark.catalog.
Result<std::unique_ptr<Operator>> CatalogRows(Session* session, const spark::connect::Catalog& call);

}  // namespace service
}  // namespace sluice
