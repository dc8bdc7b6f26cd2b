// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "catalog/catalog_records.h"
#include "plan/plan.h"

namespace sluice {

class Session;

// What a statement says of a view that outlasts its session.
struct ViewSpec {
  std::vector<std::string> name;
  std::string query;                                         // its text
  std::vector<std::pair<std::string, std::string>> columns;  // name and comment; empty: as the query has them
  std::string comment;
  std::map<std::string, std::string> properties;
};

// The record of a view: its query is resolved once, for its columns. INVALID_TEMP_OBJ_REFERENCE,
// CREATE_VIEW_COLUMN_ARITY_MISMATCH, COLUMN_ALREADY_EXISTS, RECURSIVE_VIEW.
Result<TableRecord> NewView(Session* session, const ViewSpec& spec);

// The rows of a view, by what is now behind the names in its query: they have the columns that it was made with.
// INCOMPATIBLE_VIEW_SCHEMA_CHANGE.
Result<PlanPtr> ResolveStoredView(Session* session, const TableRecord& record, bool streaming);

}  // namespace sluice
