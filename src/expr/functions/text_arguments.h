// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "expr/expr.h"
#include "expr/signature.h"
#include "expr/text_options.h"

namespace sluice {

// Rows of the table of functions, as those of signature.h.
void AddJsonPaths(FunctionTable* table);
void AddCsv(FunctionTable* table);

// A function of one column whose schema and options were constants: from_json, to_csv and their family. Shown without
// them, as Spark shows it.
class TextFunctionExpr : public Expr {
 public:
  // Computes a column of the expression's type. Called from several threads.
  using Body = std::function<Result<std::shared_ptr<arrow::Array>>(const std::shared_ptr<arrow::Array>& column,
                                                                   const std::shared_ptr<arrow::DataType>& type,
                                                                   const EvalContext& context)>;

  TextFunctionExpr(std::string name, std::string options_key, std::shared_ptr<arrow::DataType> type, ExprPtr child,
                   Body body);
  std::string ToString() const override;
  Result<std::shared_ptr<arrow::Array>> EvalImpl(Evaluation& evaluation) const override;
  ExprPtr WithChildren(std::vector<ExprPtr> children) const override;
  std::string NodeKey() const override;

 private:
  std::string name_;
  std::string options_key_;
  Body body_;
};

// The options of a call: args[index] is map(..) of constant strings, or there is none. Else INVALID_OPTIONS.
Result<TextOptions> OptionsArgument(const std::vector<ExprPtr>& args, size_t index);

// The type that a constant schema names, with everything inside nullable: a DDL list of fields, or one type. Else
// INVALID_SCHEMA, or the error of the DDL.
Result<std::shared_ptr<arrow::DataType>> SchemaArgument(const char* function, const ExprPtr& expr);

// The argument when it is a STRING or NULL; DATATYPE_MISMATCH.UNEXPECTED_INPUT_TYPE for others.
Result<ExprPtr> StringArgument(const char* function, ExprPtr arg, bool ansi);

// Resolves schema_of_json and schema_of_csv: a constant STRING, the DDL of the type that `infer` finds in a constant
// text. `argument` names that text in errors.
using InferType = Result<std::shared_ptr<arrow::DataType>> (*)(const std::string& text, const TextOptions& options);
Result<ExprPtr> ResolveSchemaOf(const char* function, const char* argument, InferType infer, std::vector<ExprPtr> args,
                                const ResolveOptions& options);

// DATATYPE_MISMATCH.INVALID_JSON_SCHEMA for a type that is no STRUCT, ARRAY or MAP.
Status CheckJsonType(const char* function, const arrow::DataType& type);

// PARSE_MODE_UNSUPPORTED for DROPMALFORMED: a function cannot drop its row.
Status CheckMode(const char* function, ParseMode mode);

}  // namespace sluice
