// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "analysis/sql/expression_parser.h"

namespace sluice::sql {

// How a TABLE argument's rows are parsed and kept, under the id given back: a query, from behind the opening
// parenthesis to before the closing one, or the name of a table.
struct TableReaders {
  std::function<Result<int64_t>()> query;
  std::function<Result<int64_t>()> table;
};

// name(argument, name => argument, TABLE(..) ..), from behind the opening parenthesis: a table function that the
// session may have registered.
Result<spark::connect::Relation> ParseRegisteredFunction(const std::string& name, TokenCursor* cursor,
                                                         ExpressionParser* expressions, const TableReaders& readers);

}  // namespace sluice::sql
