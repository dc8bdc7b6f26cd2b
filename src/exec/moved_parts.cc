// SPDX-License-Identifier: Apache-2.0
#include "exec/moved_parts.h"

#include <algorithm>
#include <mutex>
#include <utility>

#include "exec/exchange.h"
#include "exec/row_placement.h"
#include "exec/running_parts.h"

namespace sluice {

class MovedParts::Shared {
 public:
  Shared(const PlanPtr& node, int parts, PartOpener open, int threads, const EvalContext& context, MemoryBudget* budget)
      : node_(node),
        repartition_(node->Get<plan::Repartition>()),
        parts_(parts),
        open_(std::move(open)),
        threads_(threads),
        context_(context),
        budget_(budget),
        exchange_(std::max(parts, 1), repartition_.partitions, budget) {}

  const std::shared_ptr<arrow::Schema>& schema() const { return node_->schema; }
  void Cancel() { running_.Stop(/*for_good=*/true); }

  Result<ExchangeRows> RowsOf(int part) {
    {
      const std::lock_guard lock(mutex_);
      if (!filled_) {
        filled_ = true;
        failed_ = repartition_.kind == plan::Repartition::Kind::kByRange
                      ? FillByRange()
                      : running_.ForEach(parts_, threads_, [&](int from) { return FillFrom(from); });
      }
      SLUICE_RETURN_IF_ERROR(failed_);
    }
    return exchange_.Take(part);
  }

 private:
  Status FillFrom(int part) {
    SLUICE_ASSIGN(auto input, open_(part));
    return running_.Use(std::move(input), [&](Operator* rows) {
      return PlaceRows(rows, MakePlacement(repartition_, part, context_).get(), part, &exchange_, context_.pool);
    });
  }

  // The one part is in order. How large a share is can be said when all rows have come.
  Status FillByRange() {
    Exchange sorted(1, 1, budget_);
    int64_t count = 0;
    SLUICE_ASSIGN(auto input, open_(0));
    SLUICE_RETURN_IF_ERROR(running_.Use(std::move(input), [&](Operator* rows) -> Status {
      SLUICE_ASSIGN(count, PlaceTogether(rows, 0, &sorted, context_.pool));
      return Status::OK();
    }));
    ExchangeOperator all(node_->schema, sorted.Take(0));
    return PlaceInShares(&all, repartition_.keys, count, &exchange_, context_);
  }

  const PlanPtr node_;
  const plan::Repartition& repartition_;
  const int parts_;
  const PartOpener open_;
  const int threads_;
  const EvalContext context_;
  MemoryBudget* const budget_;
  RunningParts running_;
  std::mutex mutex_;  // of all below until they are filled
  bool filled_ = false;
  Status failed_;
  Exchange exchange_;
};

// Of one part. Nothing runs before the first Next.
class MovedParts::Rows : public Operator {
 public:
  Rows(std::shared_ptr<MovedParts> moved, int part) : moved_(std::move(moved)), part_(part) {}
  const std::shared_ptr<arrow::Schema>& schema() const override { return moved_->shared_->schema(); }
  Result<std::shared_ptr<arrow::RecordBatch>> Next() override {
    if (!begun_) {
      begun_ = true;
      SLUICE_ASSIGN(rows_, moved_->shared_->RowsOf(part_));
    }
    return rows_.Next();
  }
  void Cancel() override { moved_->shared_->Cancel(); }

 private:
  const std::shared_ptr<MovedParts> moved_;
  const int part_;
  bool begun_ = false;
  ExchangeRows rows_;
};

MovedParts::MovedParts(const PlanPtr& node, int parts, PartOpener open, int threads, const EvalContext& context,
                       MemoryBudget* budget)
    : shared_(std::make_unique<Shared>(node, parts, std::move(open), threads, context, budget)) {}

MovedParts::~MovedParts() = default;

std::unique_ptr<Operator> MovedParts::Open(std::shared_ptr<MovedParts> moved, int part) {
  return std::make_unique<Rows>(std::move(moved), part);
}

}  // namespace sluice
