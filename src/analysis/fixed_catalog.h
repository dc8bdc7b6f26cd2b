// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <arrow/api.h>

#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "analysis/catalog.h"
#include "base/spark_error.h"

namespace sluice {

// A catalog for tests: views and sources whose schemas are given beforehand.
class FixedCatalog : public Catalog {
 public:
  void AddView(const std::string& name, PlanPtr plan) { views_[name] = std::move(plan); }
  void AddFormat(const std::string& format, std::shared_ptr<arrow::Schema> schema) {
    formats_[format] = std::move(schema);
  }

  Result<PlanPtr> FindView(const std::vector<std::string>& name) override {
    const auto found = views_.find(name.back());
    return name.size() > 1 || found == views_.end() ? nullptr : found->second;
  }

  Result<PlanPtr> ResolveScan(ScanSpec spec, std::shared_ptr<arrow::Schema> schema) override {
    const auto found = formats_.find(spec.format.empty() ? "parquet" : spec.format);
    if (found == formats_.end()) return UserError("DATA_SOURCE_NOT_FOUND", "no format " + spec.format);
    if (schema == nullptr) schema = found->second;
    for (int i = 0; i < schema->num_fields(); ++i) spec.columns.push_back(i);
    return MakeNode(plan::Scan{std::move(spec)}, {}, std::move(schema));
  }

  bool HasFormat(const std::string& format) const override { return formats_.count(format) > 0; }

 private:
  std::map<std::string, PlanPtr> views_;
  std::map<std::string, std::shared_ptr<arrow::Schema>> formats_;
};

}  // namespace sluice
