// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <spark/connect/relations.pb.h>

#include <memory>

#include "analysis/catalog.h"
#include "python/python_function.h"

namespace sluice {

// A function as a client sends it, in use or to be registered. NotSupported for functions of a JVM and for kinds of
// Python functions that are not there.
Result<std::shared_ptr<const PythonFunction>> PythonFunctionOf(
    const spark::connect::CommonInlineUserDefinedFunction& message, Catalog& catalog);

// Whether it gives a value a row, or one a group.
bool IsScalarPython(const PythonFunction& function);
bool IsAggregatePython(const PythonFunction& function);

}  // namespace sluice
