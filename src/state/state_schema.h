// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <arrow/type_fwd.h>

#include <memory>
#include <string>

#include "base/status.h"

namespace sluice {

// The columns of a store's keys and values.
struct StateSchema {
  std::shared_ptr<arrow::Schema> key;
  std::shared_ptr<arrow::Schema> value;
};

// state/<op>/0/_metadata/schema (of a join one a store), version 2:
//   Java's writeUTF("v2"), then for key and value: int32be number of chunks, each as writeUTF the next part of the JSON
// All fields are written as nullable, nested ones too: every version of Spark goes on with such a schema.
std::string FormatStateSchema(const StateSchema& schema);
// SLUICE_STATE_DAMAGED for what is no such file; NotSupported, by its name, for version 3.
Result<StateSchema> ParseStateSchema(const std::string& bytes, const std::string& path);

// STATE_STORE_KEY_SCHEMA_NOT_COMPATIBLE or STATE_STORE_VALUE_SCHEMA_NOT_COMPATIBLE when the types differ, or where the
// query has NULLs and the stored column has none. Names are free.
Status CheckStateSchema(const StateSchema& stored, const StateSchema& query);

}  // namespace sluice
