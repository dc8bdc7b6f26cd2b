// SPDX-License-Identifier: Apache-2.0
#include "streaming/progress.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <cmath>
#include <ctime>
#include <nlohmann/json.hpp>

#include "types/calendar.h"

namespace sluice {
namespace {

using Json = nlohmann::ordered_json;

std::string IsoTime(int64_t ms) {
  const int64_t seconds = FloorDiv(ms, 1000);
  return fmt::format("{:%Y-%m-%dT%H:%M:%S}.{:03d}Z", fmt::gmtime(static_cast<std::time_t>(seconds)),
                     ms - seconds * 1000);
}

Json Offset(const std::string& json) {
  if (json.empty()) return nullptr;
  Json parsed = Json::parse(json, nullptr, false);
  return parsed.is_discarded() ? Json(json) : parsed;
}

// Spark leaves a rate out when it is not a finite number, and shows one place.
void SetRate(Json* json, const char* name, double rate) {
  if (std::isfinite(rate)) (*json)[name] = std::round(rate * 10) / 10;
}

// Spark's file sink commits inside addBatch.
std::map<std::string, int64_t> SparksDurations(std::map<std::string, int64_t> durations) {
  if (const auto commit = durations.extract("commitBatch")) durations["addBatch"] += commit.mapped();
  return durations;
}

Json EventTimeOf(const EventTimeProgress& times) {
  Json json;
  if (times.any) {
    json["avg"] = IsoTime(times.average_ms);
    json["max"] = IsoTime(times.max_ms);
    json["min"] = IsoTime(times.min_ms);
  }
  json["watermark"] = IsoTime(times.watermark_ms);
  return json;
}

Json StateOf(const StateProgress& state) {
  Json json;
  json["operatorName"] = state.name;
  json["numRowsTotal"] = state.rows_total;
  json["numRowsUpdated"] = state.rows_updated;
  json["allUpdatesTimeMs"] = state.updates_ms;
  json["numRowsRemoved"] = state.rows_removed;
  json["allRemovalsTimeMs"] = state.removals_ms;
  json["commitTimeMs"] = state.commit_ms;
  json["memoryUsedBytes"] = state.memory_bytes;
  json["numRowsDroppedByWatermark"] = state.rows_dropped;
  json["numShufflePartitions"] = state.partitions;
  json["numStateStoreInstances"] = state.instances;
  Json custom;
  if (state.duplicates_dropped) custom["numDroppedDuplicateRows"] = *state.duplicates_dropped;
  custom["stateOnCurrentVersionSizeBytes"] = state.memory_bytes;
  json["customMetrics"] = std::move(custom);
  return json;
}

double Share(double rate, int64_t rows, int64_t all) {
  return all == 0 ? rate : rate * static_cast<double>(rows) / static_cast<double>(all);
}

}  // namespace

int64_t QueryProgress::input_rows() const {
  int64_t rows = 0;
  for (const SourceProgress& source : sources) rows += source.input_rows;
  return rows;
}

std::string ProgressToJson(const QueryProgress& progress) {
  Json json;
  json["id"] = progress.id;
  json["runId"] = progress.run_id;
  json["name"] = progress.name.empty() ? Json(nullptr) : Json(progress.name);
  json["timestamp"] = IsoTime(progress.timestamp_ms);
  json["batchId"] = progress.batch_id;
  json["batchDuration"] = progress.batch_duration_ms;
  json["numInputRows"] = progress.input_rows();
  SetRate(&json, "inputRowsPerSecond", progress.input_rows_per_second);
  SetRate(&json, "processedRowsPerSecond", progress.processed_rows_per_second);
  json["durationMs"] = SparksDurations(progress.duration_ms);
  if (progress.event_time) json["eventTime"] = EventTimeOf(*progress.event_time);
  json["stateOperators"] = Json::array();
  for (const StateProgress& state : progress.state_operators) json["stateOperators"].push_back(StateOf(state));
  json["sources"] = Json::array();
  for (const SourceProgress& source : progress.sources) {
    Json entry;
    entry["description"] = source.description;
    entry["startOffset"] = Offset(source.start_offset);
    entry["endOffset"] = Offset(source.end_offset);
    entry["latestOffset"] = Offset(source.latest_offset);
    entry["numInputRows"] = source.input_rows;
    const int64_t all = progress.input_rows();
    SetRate(&entry, "inputRowsPerSecond", Share(progress.input_rows_per_second, source.input_rows, all));
    SetRate(&entry, "processedRowsPerSecond", Share(progress.processed_rows_per_second, source.input_rows, all));
    if (!source.metrics.empty()) entry["metrics"] = source.metrics;
    json["sources"].push_back(std::move(entry));
  }
  json["sink"] = {{"description", progress.sink_description}, {"numOutputRows", progress.output_rows}};
  for (const auto& [name, metrics] : progress.observed_metrics) {
    json["observedMetrics"][name] = Json::parse(metrics, nullptr, false);
  }
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace sluice
