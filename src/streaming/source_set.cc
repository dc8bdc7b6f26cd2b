// SPDX-License-Identifier: Apache-2.0
#include "streaming/source_set.h"

#include <fmt/format.h>

#include "base/spark_error.h"
#include "connectors/registry.h"
#include "exec/scan_opener.h"

namespace sluice {

Result<std::unique_ptr<SourceSet>> SourceSet::Open(const StreamingShape& shape, const SourceContext& context,
                                                   const std::function<Location(int ordinal)>& checkpoint,
                                                   const BatchPlan* recovered) {
  std::vector<std::shared_ptr<StreamSource>> sources;
  for (size_t i = 0; i < shape.scans.size(); ++i) {
    const ScanSpec& scan = shape.scans[i]->Get<plan::Scan>().source;
    SLUICE_ASSIGN(const Connector* connector, FindConnector(scan.format));
    if (connector->open_stream == nullptr) {
      return NotSupported(fmt::format("The format {} cannot be read as a stream.", scan.format));
    }
    SourceContext its = ContextOfScan(context, scan, *connector);
    its.checkpoint = checkpoint(static_cast<int>(i));
    // The source's first batch was planned: from where is in the source's own log alone.
    its.began = recovered != nullptr && !recovered->starts[i] && recovered->entry.offsets[i];
    SLUICE_ASSIGN(std::shared_ptr<StreamSource> source, connector->open_stream(its));
    sources.push_back(std::move(source));
  }
  return std::unique_ptr<SourceSet>(new SourceSet(std::move(sources)));
}

std::string SourceSet::description() const {
  std::string text;
  for (const auto& source : sources_) text += (text.empty() ? "" : ", ") + source->description();
  return text;
}

Result<SourceOffsets> SourceSet::FillIn(SourceOffsets starts) const {
  for (size_t i = 0; i < sources_.size(); ++i) {
    if (starts[i]) continue;
    SLUICE_ASSIGN(starts[i], sources_[i]->InitialOffset());
  }
  return starts;
}

Result<std::optional<SourceOffsets>> SourceSet::Latest(const SourceOffsets& starts) const {
  SourceOffsets ends = starts;
  bool found = false;
  for (size_t i = 0; i < sources_.size(); ++i) {
    SLUICE_ASSIGN(std::optional<std::string> latest, sources_[i]->LatestOffset(starts[i].value_or("")));
    if (!latest) continue;
    found = true;
    ends[i] = std::move(latest);
  }
  return found ? std::optional<SourceOffsets>(std::move(ends)) : std::nullopt;
}

Result<std::vector<SourceInput>> SourceSet::PlanTasks(const SourceOffsets& starts, const SourceOffsets& ends) const {
  std::vector<SourceInput> inputs;
  for (size_t i = 0; i < sources_.size(); ++i) {
    if (!ends[i]) continue;
    SLUICE_ASSIGN(std::vector<InputPartition> its, sources_[i]->PlanTasks(starts[i].value_or(""), *ends[i]));
    for (InputPartition& input : its) {
      // Two sources may name their inputs alike: the same topic of two clusters.
      if (i > 0) input.identity = fmt::format("{}/{}", i, input.identity);
      inputs.push_back({i, std::move(input)});
    }
  }
  return inputs;
}

Result<std::vector<SourceNews>> SourceSet::Committed(const SourceOffsets& ends) const {
  std::vector<SourceNews> news(sources_.size());
  for (size_t i = 0; i < sources_.size(); ++i) {
    if (ends[i]) SLUICE_RETURN_IF_ERROR(sources_[i]->Committed(*ends[i], &news[i].metrics, &news[i].latest));
  }
  return news;
}

}  // namespace sluice
