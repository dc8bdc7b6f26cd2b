// SPDX-License-Identifier: Apache-2.0
// typeof and uuid.
#include <arrow/api.h>
#include <fmt/format.h>
#include <openssl/rand.h>

#include "expr/map_rows.h"
#include "expr/signature.h"
#include "types/spark_type.h"

namespace sluice {
namespace {

using ArrayPtr = std::shared_ptr<arrow::Array>;

// The name of the argument's type: the argument itself is not evaluated, so that nothing in it can fail.
class TypeofExpr : public Expr {
 public:
  explicit TypeofExpr(ExprPtr argument) : Expr(StringType(), false, {std::move(argument)}) {}

  std::string ToString() const override { return fmt::format("typeof({})", children()[0]->ToString()); }
  Result<ArrayPtr> EvalImpl(Evaluation& evaluation) const override {
    const auto name = std::make_shared<arrow::StringViewScalar>(SparkSimpleString(*children()[0]->type()));
    return arrow::MakeArrayFromScalar(*name, evaluation.input().num_rows(), PoolOf(evaluation.context()));
  }
  ExprPtr WithChildren(std::vector<ExprPtr> children) const override {
    return std::make_shared<TypeofExpr>(std::move(children[0]));
  }
  std::string NodeKey() const override { return "typeof:" + children()[0]->type()->ToString(); }
};

Result<ExprPtr> ResolveTypeof(std::vector<ExprPtr> args, const ResolveOptions& options) {
  SLUICE_RETURN_IF_ERROR(CheckCount("typeof", args.size(), 1, 1));
  return std::make_shared<TypeofExpr>(std::move(args[0]));
}

// Version 4: random in each row and run.
Result<ArrayPtr> Uuid(const KernelCall& call) {
  ViewWriter writer(call.rows, PoolOf(call.context));
  SLUICE_RETURN_IF_ERROR(writer.Allocate());
  for (int64_t row = 0; row < call.rows; ++row) {
    unsigned char bytes[16];
    if (RAND_bytes(bytes, sizeof(bytes)) != 1) return EnvironmentError("", "The system gives no random numbers.");
    bytes[6] = (bytes[6] & 0x0F) | 0x40;
    bytes[8] = (bytes[8] & 0x3F) | 0x80;
    std::string text;
    for (int i = 0; i < 16; ++i) {
      if (i == 4 || i == 6 || i == 8 || i == 10) text += '-';
      text += fmt::format("{:02x}", bytes[i]);
    }
    SLUICE_RETURN_IF_ERROR(writer.Set(row, text));
  }
  return writer.Finish(StringType());
}

}  // namespace

void AddMisc(FunctionTable* table) {
  table->push_back({"typeof", "typeof(a)", "The type's name.", "typeof(1)", "3.0.0", ResolveTypeof});
  table->push_back(Function("uuid", "uuid()", "A random UUID, another one in each row and run.", "uuid()", "2.3.0",
                            {.type = StringType(), .kernel = Uuid, .nulls = Nulls::kNever, .deterministic = false}));
}

}  // namespace sluice
