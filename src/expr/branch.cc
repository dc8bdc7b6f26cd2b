// SPDX-License-Identifier: Apache-2.0
#include "expr/branch.h"

#include <arrow/api.h>
#include <arrow/util/bitmap_ops.h>
#include <fmt/format.h>

#include <algorithm>
#include <numeric>
#include <set>

#include "expr/column_io.h"
#include "expr/function_expr.h"
#include "expr/gather.h"
#include "expr/lambda.h"

namespace sluice {
namespace {

using ArrayPtr = std::shared_ptr<arrow::Array>;
using arrow::internal::BitmapAnd;
using arrow::internal::BitmapOr;

Result<ArrayPtr> EvalOnSubset(Evaluation& evaluation, const ExprPtr& expr, const RowList& rows) {
  const auto& input = evaluation.input();
  std::set<int> used;
  CollectInputs(*expr, *input.schema(), &used);
  arrow::ArrayVector columns;
  for (int i = 0; i < input.num_columns(); ++i) {
    if (used.contains(i)) {
      SLUICE_ASSIGN(auto column, TakeRows(input.column(i), rows, PoolOf(evaluation.context())));
      columns.push_back(std::move(column));
    } else {
      columns.push_back(std::make_shared<arrow::NullArray>(static_cast<int64_t>(rows.size())));
    }
  }
  const auto subset = arrow::RecordBatch::Make(input.schema(), static_cast<int64_t>(rows.size()), std::move(columns));
  Evaluation inner(*subset, evaluation.context());
  auto values = inner.Eval(expr);
  if (values.ok()) return values;
  const SparkErrorDetail* detail = FindSparkError(values.status());
  if (detail == nullptr || !detail->row) return values.status();
  return WithRow(values.status(), rows[static_cast<size_t>(*detail->row)]);
}

RowList AllRows(int64_t rows) {
  RowList all(static_cast<size_t>(rows));
  std::iota(all.begin(), all.end(), 0);
  return all;
}

// Cheap, and no row can fail: worth evaluating for all rows, whichever of them need it.
bool IsPlainComparison(const Expr& expr) {
  static const std::set<std::string> names = {"=", "==", "<", "<=", ">", ">=", "<=>", "!=", "isnull", "isnotnull"};
  const auto* call = dynamic_cast<const FunctionExpr*>(&expr);
  return call != nullptr && names.contains(call->name()) &&
         std::all_of(expr.children().begin(), expr.children().end(),
                     [](const ExprPtr& child) { return child->children().empty(); });
}

// AND, or OR, of two columns without nulls, a word at a time.
Result<ArrayPtr> Combined(const arrow::Array& left, const arrow::Array& right, bool is_or, arrow::MemoryPool* pool) {
  const uint8_t* a = left.data()->buffers[1]->data();
  const uint8_t* b = right.data()->buffers[1]->data();
  const int64_t rows = left.length();
  SLUICE_ASSIGN(std::shared_ptr<arrow::Buffer> bits,
                is_or ? BitmapOr(pool, a, left.offset(), b, right.offset(), rows, 0)
                      : BitmapAnd(pool, a, left.offset(), b, right.offset(), rows, 0));
  return arrow::MakeArray(arrow::ArrayData::Make(arrow::boolean(), rows, {nullptr, std::move(bits)}, 0));
}

// Puts pieces together: piece k holds the values of the rows picked[k].
class Merger {
 public:
  Merger(int64_t rows, arrow::MemoryPool* pool) : rows_(rows), pool_(pool) {}

  void Add(ArrayPtr values, RowList rows) {
    if (rows.empty()) return;
    pieces_.push_back(std::move(values));
    picked_.push_back(std::move(rows));
  }

  Result<ArrayPtr> Finish(const std::shared_ptr<arrow::DataType>& type) {
    if (pieces_.empty()) return arrow::MakeArrayOfNull(type, rows_, pool_);
    if (pieces_.size() == 1 && static_cast<int64_t>(picked_[0].size()) == rows_) return pieces_[0];
    RowList order(static_cast<size_t>(rows_), -1);
    int64_t next = 0;
    for (const auto& rows : picked_) {
      for (const int64_t row : rows) order[static_cast<size_t>(row)] = next++;
    }
    SLUICE_ASSIGN(auto all, arrow::Concatenate(pieces_, pool_));
    return TakeRows(all, order, pool_);
  }

 private:
  int64_t rows_;
  arrow::MemoryPool* pool_;
  arrow::ArrayVector pieces_;
  std::vector<RowList> picked_;
};

}  // namespace

Result<ArrayPtr> EvalRows(Evaluation& evaluation, const ExprPtr& expr, const RowList& rows) {
  const int64_t all = evaluation.input().num_rows();
  const auto count = static_cast<int64_t>(rows.size());
  if (count == all) return evaluation.Eval(expr);
  // With most rows wanted, the whole column is cheaper and may be known already; it counts only when no row fails.
  if (count > 0 && (count * 2 >= all || expr->children().empty())) {
    auto whole = evaluation.Eval(expr);
    if (whole.ok()) return TakeRows(*whole, rows, PoolOf(evaluation.context()));
  }
  return EvalOnSubset(evaluation, expr, rows);
}

BranchExpr::BranchExpr(Kind kind, std::string name, std::shared_ptr<arrow::DataType> type, bool nullable,
                       std::vector<ExprPtr> children, std::string shown)
    : Expr(std::move(type), nullable, std::move(children)),
      kind_(kind),
      name_(std::move(name)),
      shown_(std::move(shown)) {}

std::string BranchExpr::ToString() const {
  if (!shown_.empty()) return shown_;
  const auto& args = children();
  if (kind_ == Kind::kAnd || kind_ == Kind::kOr) {
    return fmt::format("({} {} {})", args[0]->ToString(), kind_ == Kind::kAnd ? "AND" : "OR", args[1]->ToString());
  }
  if (name_ == "if") return fmt::format("(IF({}))", JoinArguments(*this));
  if (kind_ != Kind::kCase) return fmt::format("{}({})", name_, JoinArguments(*this));
  std::string text = "CASE";
  for (size_t i = 0; i + 1 < args.size(); i += 2) {
    text += fmt::format(" WHEN {} THEN {}", args[i]->ToString(), args[i + 1]->ToString());
  }
  if (args.size() % 2 == 1) text += " ELSE " + args.back()->ToString();
  return text + " END";
}

ExprPtr BranchExpr::WithChildren(std::vector<ExprPtr> children) const {
  return std::make_shared<BranchExpr>(kind_, name_, type(), nullable(), std::move(children), shown_);
}

std::string BranchExpr::NodeKey() const {
  return fmt::format("branch:{}:{}", static_cast<int>(kind_), type()->ToString());
}

Result<ArrayPtr> BranchExpr::EvalImpl(Evaluation& evaluation) const {
  switch (kind_) {
    case Kind::kAnd:
    case Kind::kOr:
      return EvalLogic(evaluation);
    case Kind::kCase:
      return EvalCase(evaluation);
    case Kind::kCoalesce:
      return EvalCoalesce(evaluation);
  }
  return InternalError("unknown kind of branch");
}

// Three-valued AND and OR. `decides`: the left value that settles the row alone.
Result<ArrayPtr> BranchExpr::EvalLogic(Evaluation& evaluation) const {
  const bool decides = kind_ == Kind::kOr;
  SLUICE_ASSIGN(auto left, evaluation.Eval(children()[0]));
  const int64_t rows = left->length();
  if (left->null_count() == 0 && rows > 0) {
    const auto& bits = static_cast<const arrow::BooleanArray&>(*left);
    const int64_t undecided = decides ? bits.false_count() : bits.true_count();
    if (undecided == 0) return left;
    if (undecided * 2 >= rows || IsPlainComparison(*children()[1])) {
      const auto right = evaluation.Eval(children()[1]);  // counts only when no row fails
      if (right.ok() && (*right)->null_count() == 0) {
        return Combined(*left, **right, decides, PoolOf(evaluation.context()));
      }
    }
  }
  const ColumnReader<bool> left_values(*left);
  RowList open;
  for (int64_t row = 0; row < rows; ++row) {
    if (left->IsNull(row) || left_values[row] != decides) open.push_back(row);
  }
  ColumnWriter<bool> writer(rows, PoolOf(evaluation.context()));
  SLUICE_RETURN_IF_ERROR(writer.Allocate());
  if (decides) arrow::bit_util::SetBitsTo(reinterpret_cast<uint8_t*>(writer.values()), 0, rows, true);
  if (!open.empty()) {
    SLUICE_ASSIGN(auto right, EvalRows(evaluation, children()[1], open));
    const ColumnReader<bool> right_values(*right);
    for (size_t i = 0; i < open.size(); ++i) {
      const int64_t row = open[i];
      const auto at = static_cast<int64_t>(i);
      if (right->IsValid(at) && right_values[at] == decides) {
        SLUICE_RETURN_IF_ERROR(writer.Set(row, decides));
      } else if (left->IsNull(row) || right->IsNull(at)) {
        SLUICE_RETURN_IF_ERROR(writer.SetNull(row));
      } else {
        SLUICE_RETURN_IF_ERROR(writer.Set(row, !decides));
      }
    }
  }
  return writer.Finish(type());
}

Result<ArrayPtr> BranchExpr::EvalCase(Evaluation& evaluation) const {
  const int64_t rows = evaluation.input().num_rows();
  Merger merger(rows, PoolOf(evaluation.context()));
  RowList open = AllRows(rows);
  size_t i = 0;
  for (; i + 1 < children().size() && !open.empty(); i += 2) {
    SLUICE_ASSIGN(auto condition, EvalRows(evaluation, children()[i], open));
    const ColumnReader<bool> holds(*condition);
    RowList chosen;
    RowList rest;
    for (size_t k = 0; k < open.size(); ++k) {
      const auto at = static_cast<int64_t>(k);
      (condition->IsValid(at) && holds[at] ? chosen : rest).push_back(open[k]);
    }
    if (!chosen.empty()) {
      SLUICE_ASSIGN(auto values, EvalRows(evaluation, children()[i + 1], chosen));
      merger.Add(std::move(values), std::move(chosen));
    }
    open = std::move(rest);
  }
  if (children().size() % 2 == 1 && !open.empty()) {
    SLUICE_ASSIGN(auto values, EvalRows(evaluation, children().back(), open));
    merger.Add(std::move(values), std::move(open));
  }
  return merger.Finish(type());
}

Result<ArrayPtr> BranchExpr::EvalCoalesce(Evaluation& evaluation) const {
  const int64_t rows = evaluation.input().num_rows();
  Merger merger(rows, PoolOf(evaluation.context()));
  RowList open = AllRows(rows);
  for (const auto& child : children()) {
    if (open.empty()) break;
    SLUICE_ASSIGN(auto values, EvalRows(evaluation, child, open));
    RowList kept;
    RowList chosen;
    RowList rest;
    for (size_t k = 0; k < open.size(); ++k) {
      if (values->IsValid(static_cast<int64_t>(k))) {
        kept.push_back(static_cast<int64_t>(k));
        chosen.push_back(open[k]);
      } else {
        rest.push_back(open[k]);
      }
    }
    if (kept.size() < open.size()) {
      SLUICE_ASSIGN(values, TakeRows(values, kept, PoolOf(evaluation.context())));
    }
    merger.Add(std::move(values), std::move(chosen));
    open = std::move(rest);
  }
  return merger.Finish(type());
}

}  // namespace sluice
