// SPDX-License-Identifier: Apache-2.0
#include "expr/functions/higher_order.h"

#include <utility>

#include "types/spark_type.h"

namespace sluice {

using ArrayPtr = std::shared_ptr<arrow::Array>;

HigherOrderExpr::HigherOrderExpr(FunctionTraits traits, HigherOrderKernel kernel, std::shared_ptr<arrow::DataType> type,
                                 bool nullable, std::vector<ExprPtr> children)
    : FunctionExpr(std::move(traits), std::move(type), nullable, std::move(children)), kernel_(kernel) {}

Result<ArrayPtr> HigherOrderExpr::EvalImpl(Evaluation& evaluation) const {
  arrow::ArrayVector args;
  for (const ExprPtr& child : children()) {
    if (dynamic_cast<const LambdaExpr*>(child.get()) != nullptr) {
      args.push_back(nullptr);
      continue;
    }
    SLUICE_ASSIGN(auto arg, evaluation.Eval(child));
    args.push_back(std::move(arg));
  }
  return kernel_({args, evaluation.input().num_rows(), evaluation.context(), *this}, evaluation);
}

ExprPtr HigherOrderExpr::WithChildren(std::vector<ExprPtr> children) const {
  return std::make_shared<HigherOrderExpr>(traits(), kernel_, type(), nullable(), std::move(children));
}

ExprPtr HigherOrderCall(const char* name, HigherOrderKernel kernel, std::shared_ptr<arrow::DataType> type,
                        bool nullable, std::vector<ExprPtr> args, bool ansi) {
  return std::make_shared<HigherOrderExpr>(FunctionTraits{.name = name, .ansi = ansi}, kernel, std::move(type),
                                           nullable, std::move(args));
}

ExprPtr AsLambda(ExprPtr arg, int variables) {
  if (dynamic_cast<const LambdaExpr*>(arg.get()) != nullptr) return arg;
  constexpr int kUnused = 1'000'000;  // a depth that hides no variable of a lambda around it
  return std::make_shared<LambdaExpr>(kUnused, variables, std::move(arg));
}

const LambdaExpr& LambdaOf(const FunctionExpr& node, size_t index) {
  return static_cast<const LambdaExpr&>(*node.children()[index]);
}

Result<ExprPtr> CastLambda(const ExprPtr& lambda, const std::shared_ptr<arrow::DataType>& type, bool ansi) {
  const auto& of = static_cast<const LambdaExpr&>(*lambda);
  SLUICE_ASSIGN(ExprPtr body, MakeImplicitCast(of.body(), type, ansi));
  return of.WithChildren({std::move(body)});
}

Result<ExprPtr> BooleanLambda(const char* function, size_t index, ExprPtr arg, int variables, bool ansi) {
  ExprPtr lambda = AsLambda(std::move(arg), variables);
  const arrow::DataType& type = *lambda->type();
  if (type.id() == arrow::Type::BOOL) return lambda;
  if (type.id() == arrow::Type::NA) return CastLambda(lambda, arrow::boolean(), ansi);
  return UnexpectedInput(function, index, *lambda, "BOOLEAN");
}

Result<Entries> Entries::Of(const KernelCall& call, const arrow::Array& list) {
  Entries entries;
  ValidityWriter validity(call.rows, PoolOf(call.context));
  SLUICE_ASSIGN(entries.offsets,
                arrow::AllocateBuffer((call.rows + 1) * static_cast<int64_t>(sizeof(int32_t)), PoolOf(call.context)));
  auto* out = reinterpret_cast<int32_t*>(entries.offsets->mutable_data());
  out[0] = 0;
  const int32_t* offsets = ListOffsets(list);
  for (int64_t row = 0; row < call.rows; ++row) {
    if (list.IsNull(row)) SLUICE_RETURN_IF_ERROR(validity.SetNull(row));
    for (int32_t i = offsets[row]; i < offsets[row + 1] && list.IsValid(row); ++i) {
      entries.picked.push_back(i);
      entries.parents.push_back(row);
      entries.places.push_back(i - offsets[row]);
    }
    out[row + 1] = static_cast<int32_t>(entries.picked.size());
  }
  entries.validity = validity.buffer();
  SLUICE_RETURN_IF_ERROR(CheckElements(PoolOf(call.context), static_cast<int64_t>(entries.picked.size())));
  return entries;
}

ArrayPtr Entries::Places() const {
  return std::make_shared<arrow::Int32Array>(static_cast<int64_t>(places.size()), arrow::Buffer::Wrap(places));
}

}  // namespace sluice
