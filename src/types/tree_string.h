// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <arrow/type_fwd.h>

#include <string>

namespace sluice {

// A schema as printSchema() shows it: "root\n |-- a: string (nullable = true)\n".
std::string SchemaTreeString(const arrow::Schema& schema);

}  // namespace sluice
