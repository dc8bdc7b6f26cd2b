// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <spark/connect/relations.pb.h>

#include <memory>
#include <string>

#include "analysis/expression_resolver.h"
#include "analysis/relation_context.h"

namespace sluice {

// Table functions of Python: classes with `eval`, which make rows of a row or of a table's rows. They are kept as
// functions of an eval type of pyspark's own; `type` is the struct that they give, or null when `analyze` says it.
bool IsTablePython(const PythonFunction& function);

// As a client sends one, in use or to be registered.
Result<std::shared_ptr<const PythonFunction>> TableFunctionOf(
    const spark::connect::CommonInlineUserDefinedTableFunction& message, Catalog& catalog);

// What a call of a table function is made with.
struct TableFunctionCall {
  std::shared_ptr<const PythonFunction> function;
  const google::protobuf::RepeatedPtrField<spark::connect::Expression>* arguments = nullptr;
  bool lateral = false;  // arguments may name columns of the input, and its rows are passed on
};

// The rows that the function makes of the rows of `input`, behind its columns. A TABLE argument, which `input` then
// stands for nothing, is resolved by `context`.
Result<ResolvedRelation> CallTableFunction(const ResolvedRelation& input, const TableFunctionCall& call,
                                           const ResolveOptions& options, QueryContext* context);

// The relation without those columns of its plan that its scope has not.
ResolvedRelation WithoutHidden(const ResolvedRelation& relation);

}  // namespace sluice
