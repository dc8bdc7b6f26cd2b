// SPDX-License-Identifier: Apache-2.0
#include "exec/made_parts.h"

#include <arrow/record_batch.h>

#include <algorithm>
#include <vector>

#include "exec/local.h"
#include "exec/range.h"
#include "plan/plan.h"

namespace sluice {
namespace {

constexpr uint64_t kMostParts = 16;

// The first of `count` that belongs to a part.
uint64_t BeginOf(int part, int parts, uint64_t count) {
  const auto all = static_cast<uint64_t>(parts);
  const auto number = static_cast<uint64_t>(part);
  return count / all * number + count % all * number / all;  // count * number would not fit
}

int PartsFor(uint64_t rows) {
  return static_cast<int>(std::clamp<uint64_t>(rows / MadeParts::kLeastRows, 1, kMostParts));
}

MadeParts OfRange(const plan::Range& range, const std::shared_ptr<arrow::Schema>& schema) {
  const uint64_t rows = RangeOperator::CountRows(range.start, range.end, range.step);
  const int parts = PartsFor(rows);
  return {parts, [=](int part) -> std::unique_ptr<Operator> {
            const uint64_t begin = BeginOf(part, parts, rows);
            return std::make_unique<RangeOperator>(schema, range.start, range.step, begin,
                                                   BeginOf(part + 1, parts, rows) - begin);
          }};
}

MadeParts OfLocalRows(const plan::LocalRows& local, const std::shared_ptr<arrow::Schema>& schema) {
  uint64_t rows = 0;
  for (const auto& batch : local.rows) rows += static_cast<uint64_t>(batch->num_rows());
  const int parts = PartsFor(rows);
  return {parts, [=, all = local.rows](int part) -> std::unique_ptr<Operator> {
            const uint64_t begin = BeginOf(part, parts, rows);
            const uint64_t end = BeginOf(part + 1, parts, rows);
            std::vector<std::shared_ptr<arrow::RecordBatch>> mine;
            uint64_t at = 0;  // of the batch's first row
            for (const auto& batch : all) {
              const auto length = static_cast<uint64_t>(batch->num_rows());
              const uint64_t first = std::max(at, begin);
              const uint64_t last = std::min(at + length, end);
              if (first < last) {
                mine.push_back(batch->Slice(static_cast<int64_t>(first - at), static_cast<int64_t>(last - first)));
              }
              at += length;
            }
            return std::make_unique<LocalOperator>(schema, std::move(mine));
          }};
}

}  // namespace

MadeParts MadeParts::Of(const PlanNode& node) {
  if (const auto* range = node.As<plan::Range>()) return OfRange(*range, node.schema);
  if (const auto* local = node.As<plan::LocalRows>()) return OfLocalRows(*local, node.schema);
  return {};
}

}  // namespace sluice
