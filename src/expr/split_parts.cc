// SPDX-License-Identifier: Apache-2.0
#include "expr/split_parts.h"

#include <arrow/api.h>
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>
#include <set>

#include "expr/array_errors.h"
#include "expr/cast.h"
#include "expr/column_io.h"
#include "expr/function_expr.h"
#include "expr/repaired_text.h"
#include "expr/share.h"
#include "expr/split_kernel.h"
#include "types/spark_type.h"
#include "types/utf8_repair.h"

namespace sluice {
namespace {

// Beyond this, a list is the better form.
constexpr int32_t kMostParts = 4096;

std::shared_ptr<arrow::DataType> PartsType(const std::vector<int32_t>& wanted) {
  arrow::FieldVector fields;
  for (const int32_t part : wanted) fields.push_back(arrow::field(std::to_string(part), StringType()));
  return arrow::struct_(std::move(fields));
}

// One use of a part.
struct PartUse {
  ExprPtr split;
  int32_t part;
  bool strict;
};

std::optional<int32_t> ConstantIndex(const Expr& expr) {
  const Expr& inner = SkipImplicitCasts(expr);
  const auto* literal = dynamic_cast<const LiteralExpr*>(&inner);
  if (literal == nullptr || !literal->value()->is_valid || literal->type()->id() != arrow::Type::INT32)
    return std::nullopt;
  return static_cast<const arrow::Int32Scalar&>(*literal->value()).value;
}

// The separator of split(x, 'plain', limit <= 0).
std::optional<std::string> SeparatorOf(const Expr& expr) {
  const auto* split = dynamic_cast<const FunctionExpr*>(&expr);
  if (split == nullptr || split->name() != "split" || split->children().size() != 3) return std::nullopt;
  const auto limit = ConstantIndex(*split->children()[2]);
  const arrow::Scalar* pattern = LiteralArgument(*split, 1);
  if (!limit || *limit > 0 || pattern == nullptr) return std::nullopt;
  return PlainSeparator(static_cast<const arrow::BaseBinaryScalar&>(*pattern).view());
}

std::optional<PartUse> PartUseOf(const Expr& expr) {
  const auto* call = dynamic_cast<const FunctionExpr*>(&expr);
  if (call == nullptr || call->children().size() != 2) return std::nullopt;
  const bool strict = call->name() == "getitem" && call->ansi();
  int32_t base = 0;
  if (call->name() == "try_element_at") {
    base = 1;
  } else if (call->name() != "getitem" && call->name() != "get") {
    return std::nullopt;
  }
  const auto index = ConstantIndex(*call->children()[1]);
  if (!index || *index < base || *index - base >= kMostParts || !SeparatorOf(*call->children()[0])) return std::nullopt;
  return PartUse{call->children()[0], *index - base, strict};
}

void CollectUses(const Expr& expr, std::map<const Expr*, std::set<int32_t>>* uses, std::set<const Expr*>* seen) {
  if (!seen->insert(&expr).second) return;
  if (const auto use = PartUseOf(expr)) (*uses)[use->split.get()].insert(use->part);
  for (const auto& child : expr.children()) CollectUses(*child, uses, seen);
}

// Repairing each part is repairing the text: no malformed sequence reaches over a separator that is UTF-8.
bool AnyMalformed(const arrow::Array& texts, const std::vector<int64_t>& rows) {
  const ColumnReader<std::string_view> reader(texts);
  return std::any_of(rows.begin(), rows.end(), [&reader](int64_t row) { return !IsUtf8(reader[row]); });
}

// Replaces the uses, top down: the text below a split may itself use parts of another one.
class PartsRewriter {
 public:
  explicit PartsRewriter(std::map<const Expr*, std::set<int32_t>> uses) : uses_(std::move(uses)) {}

  ExprPtr Rewrite(const ExprPtr& expr) {
    if (const auto found = done_.find(expr.get()); found != done_.end()) return found->second;
    ExprPtr result = expr;
    if (const auto use = PartUseOf(*expr)) {
      const auto& wanted = uses_.at(use->split.get());
      const auto field = static_cast<int>(std::distance(wanted.begin(), wanted.find(use->part)));
      result = AtPlaceOf(
          std::make_shared<SplitPartExpr>(Parts(use->split), field, use->part, use->strict, expr->ToString()), *expr);
    } else {
      std::vector<ExprPtr> children;
      bool changed = false;
      for (const auto& child : expr->children()) {
        children.push_back(Rewrite(child));
        changed |= children.back() != child;
      }
      if (changed) result = AtPlaceOf(expr->WithChildren(std::move(children)), *expr);
    }
    done_.emplace(expr.get(), result);
    return result;
  }

 private:
  ExprPtr Parts(const ExprPtr& split) {
    ExprPtr& parts = parts_[split.get()];
    if (parts == nullptr) {
      const auto& wanted = uses_.at(split.get());
      parts = std::make_shared<SplitPartsExpr>(Rewrite(split->children()[0]), *SeparatorOf(*split),
                                               std::vector<int32_t>(wanted.begin(), wanted.end()), split->ToString());
    }
    return parts;
  }

  std::map<const Expr*, std::set<int32_t>> uses_;
  std::map<const Expr*, ExprPtr> parts_;
  std::map<const Expr*, ExprPtr> done_;
};

}  // namespace

SplitPartsExpr::SplitPartsExpr(ExprPtr text, std::string separator, std::vector<int32_t> wanted, std::string shown)
    : Expr(PartsType(wanted), text->nullable(), {text}),
      separator_(std::move(separator)),
      wanted_(std::move(wanted)),
      shown_(std::move(shown)) {}

Result<std::shared_ptr<arrow::Array>> SplitPartsExpr::EvalImpl(Evaluation& evaluation) const {
  SLUICE_ASSIGN(auto text, evaluation.Eval(children()[0]));
  const int64_t rows = text->length();
  arrow::MemoryPool* pool = PoolOf(evaluation.context());
  PartColumns parts;
  parts.columns.assign(static_cast<size_t>(wanted_.back()) + 1, nullptr);
  std::vector<std::shared_ptr<arrow::Buffer>> views;
  for (const int32_t part : wanted_) {
    SLUICE_ASSIGN(auto buffer, arrow::AllocateBuffer(rows * static_cast<int64_t>(sizeof(BinaryView)), pool));
    parts.columns[static_cast<size_t>(part)] = reinterpret_cast<BinaryView*>(buffer->mutable_data());
    views.push_back(std::move(buffer));
  }
  SplitIntoParts(*text, separator_, SplitMethod::kBest, &parts);

  // Where a part is missing, its view is empty and its bit is off.
  std::vector<ValidityWriter> validity(wanted_.size(), ValidityWriter(rows, pool));
  for (int64_t row = 0; row < rows; ++row) {
    const int32_t found = parts.found[static_cast<size_t>(row)];
    if (found > wanted_.back()) continue;
    for (size_t i = 0; i < wanted_.size(); ++i) {
      if (wanted_[i] < found) continue;
      std::memset(static_cast<void*>(&parts.columns[static_cast<size_t>(wanted_[i])][row]), 0, sizeof(BinaryView));
      SLUICE_RETURN_IF_ERROR(validity[i].SetNull(row));
    }
  }
  const auto& own = text->data()->buffers;
  const bool malformed = AnyMalformed(*text, parts.beyond_ascii);
  arrow::ArrayVector columns;
  for (size_t i = 0; i < wanted_.size(); ++i) {
    std::vector<std::shared_ptr<arrow::Buffer>> buffers = {validity[i].buffer(), views[i]};
    buffers.insert(buffers.end(), own.begin() + 2, own.end());
    columns.push_back(arrow::MakeArray(arrow::ArrayData::Make(StringType(), rows, std::move(buffers))));
    if (malformed) {
      SLUICE_ASSIGN(columns.back(), RepairedText(columns.back(), pool));
    }
  }
  ValidityWriter whole(rows, pool);
  SLUICE_RETURN_IF_ERROR(whole.SetFrom({text}));
  return std::make_shared<arrow::StructArray>(type(), rows, std::move(columns), whole.buffer());
}

ExprPtr SplitPartsExpr::WithChildren(std::vector<ExprPtr> children) const {
  return std::make_shared<SplitPartsExpr>(std::move(children[0]), separator_, wanted_, shown_);
}

std::string SplitPartsExpr::NodeKey() const {
  return fmt::format("split_parts:{}:{}", type()->ToString(), separator_);
}

SplitPartExpr::SplitPartExpr(ExprPtr parts, int field, int32_t part, bool strict, std::string shown)
    : Expr(StringType(), true, {parts}), field_(field), part_(part), strict_(strict), shown_(std::move(shown)) {}

Result<std::shared_ptr<arrow::Array>> SplitPartExpr::EvalImpl(Evaluation& evaluation) const {
  SLUICE_ASSIGN(auto whole, evaluation.Eval(children()[0]));
  auto column = static_cast<const arrow::StructArray&>(*whole).field(field_);
  if (strict_ && column->null_count() > whole->null_count()) {
    for (int64_t row = 0; row < column->length(); ++row) {
      if (column->IsNull(row) && whole->IsValid(row)) return TooFewParts(evaluation, row);
    }
  }
  return column;
}

Status SplitPartExpr::TooFewParts(Evaluation& evaluation, int64_t row) const {
  const auto& parts = static_cast<const SplitPartsExpr&>(*children()[0]);
  SLUICE_ASSIGN(auto text, evaluation.Eval(parts.children()[0]));
  const int64_t count = CountParts(ColumnReader<std::string_view>(*text)[row], parts.separator());
  return WithRow(InvalidArrayIndex(part_, count), row);
}

ExprPtr SplitPartExpr::WithChildren(std::vector<ExprPtr> children) const {
  return std::make_shared<SplitPartExpr>(std::move(children[0]), field_, part_, strict_, shown_);
}

std::string SplitPartExpr::NodeKey() const {
  return fmt::format("split_part:{}:{}", field_, strict_);
}

std::vector<ExprPtr> UseSplitParts(const std::vector<ExprPtr>& exprs) {
  std::vector<ExprPtr> shared = ShareEqual(exprs);
  std::map<const Expr*, std::set<int32_t>> uses;
  std::set<const Expr*> seen;
  for (const auto& expr : shared) CollectUses(*expr, &uses, &seen);
  if (uses.empty()) return shared;
  PartsRewriter rewriter(std::move(uses));
  for (auto& expr : shared) expr = rewriter.Rewrite(expr);
  return shared;
}

}  // namespace sluice
