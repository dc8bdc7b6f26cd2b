// SPDX-License-Identifier: Apache-2.0
#include "streaming/metrics_page.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/memory_budget.h"
#include "base/process_metrics.h"
#include "checkpoint/json_number.h"

namespace sluice {
namespace {

constexpr std::pair<QueryHealth, const char*> kStates[] = {
    {QueryHealth::kStarting, "starting"}, {QueryHealth::kRunning, "running"}, {QueryHealth::kStuck, "stuck"},
    {QueryHealth::kStopped, "stopped"},   {QueryHealth::kFailed, "failed"},
};

using Labels = std::vector<std::pair<const char*, std::string>>;

// Backslash, quote and line feed are what the format escapes.
std::string Escaped(const std::string& value) {
  std::string out;
  for (const char c : value) {
    if (c == '\\' || c == '"') out += '\\';
    out += c == '\n' ? std::string("\\n") : std::string(1, c);
  }
  return out;
}

class Page {
 public:
  void Family(const char* name, const char* type, const char* help) {
    name_ = name;
    text_ += fmt::format("# HELP {} {}\n# TYPE {} {}\n", name, help, name, type);
  }
  template <typename Number>
  void Sample(const Labels& labels, Number value, const char* suffix = "") {
    text_ += name_;
    text_ += suffix;
    for (size_t i = 0; i < labels.size(); ++i) {
      text_ += fmt::format("{}{}=\"{}\"", i == 0 ? "{" : ",", labels[i].first, Escaped(labels[i].second));
    }
    text_ += fmt::format("{} {}\n", labels.empty() ? "" : "}", value);
  }
  std::string Take() { return std::move(text_); }

 private:
  std::string name_;
  std::string text_;
};

double Seconds(int64_t ms) {
  return static_cast<double>(ms) / 1000.0;
}

Labels Of(const QuerySnapshot& query) {
  return {{"query", query.id}, {"name", query.name}};
}

Labels With(Labels labels, const char* name, std::string value) {
  labels.emplace_back(name, std::move(value));
  return labels;
}

void AddCounts(const std::vector<QuerySnapshot>& queries, Page* page) {
  struct Count {
    const char* name;
    const char* help;
    int64_t QueryTotals::*member;
  };
  static constexpr Count kCounts[] = {
      {"sluice_query_batches_total", "Batches committed since the query was started.", &QueryTotals::batches},
      {"sluice_query_input_rows_total", "Rows read from the source.", &QueryTotals::input_rows},
      {"sluice_query_output_rows_total", "Rows written to the sink.", &QueryTotals::output_rows},
      {"sluice_query_bad_records_total", "Records set aside because they could not be evaluated.",
       &QueryTotals::bad_records},
  };
  for (const Count& count : kCounts) {
    page->Family(count.name, "counter", count.help);
    for (const QuerySnapshot& query : queries) page->Sample(Of(query), query.totals.*count.member);
  }
}

void AddDurations(const std::vector<QuerySnapshot>& queries, Page* page) {
  page->Family("sluice_query_phase_duration_seconds", "histogram", "Time of each phase of a batch.");
  for (const QuerySnapshot& query : queries) {
    for (const auto& [phase, histogram] : query.totals.phases) {
      const Labels labels = With(Of(query), "phase", phase);
      int64_t below = 0;
      for (size_t i = 0; i < DurationHistogram::kBoundsMs.size(); ++i) {
        below += histogram.counts[i];
        page->Sample(With(labels, "le", fmt::format("{}", Seconds(DurationHistogram::kBoundsMs[i]))), below, "_bucket");
      }
      page->Sample(With(labels, "le", "+Inf"), histogram.count(), "_bucket");
      page->Sample(labels, Seconds(histogram.sum_ms), "_sum");
      page->Sample(labels, histogram.count(), "_count");
    }
  }
}

void AddStates(const std::vector<QuerySnapshot>& queries, Page* page) {
  page->Family("sluice_query_state", "gauge", "1 for the state that the query is in.");
  for (const QuerySnapshot& query : queries) {
    for (const auto& [state, name] : kStates)
      page->Sample(With(Of(query), "state", name), query.state == state ? 1 : 0);
  }
  page->Family("sluice_query_last_batch_id", "gauge", "Number of the last batch committed.");
  for (const QuerySnapshot& query : queries) {
    if (query.last) page->Sample(Of(query), query.last->batch_id);
  }
  page->Family("sluice_query_last_batch_timestamp_seconds", "gauge", "When the last batch committed had begun.");
  for (const QuerySnapshot& query : queries) {
    if (query.last) page->Sample(Of(query), fmt::format("{:.3f}", Seconds(query.last->timestamp_ms)));
  }
}

// Offsets are the source's; those of Kafka are {"topic":{"0":23}}.
void AddLag(const std::vector<QuerySnapshot>& queries, Page* page) {
  page->Family("sluice_kafka_lag_records", "gauge", "Records that the last batch left in each partition.");
  for (const QuerySnapshot& query : queries) {
    if (!query.last || query.last->sources.empty()) continue;
    const SourceProgress& source = query.last->sources.front();
    const auto latest = nlohmann::json::parse(source.latest_offset, nullptr, false);
    const auto end = nlohmann::json::parse(source.end_offset, nullptr, false);
    if (!latest.is_object() || !end.is_object()) continue;
    for (const auto& [topic, partitions] : latest.items()) {
      if (!partitions.is_object() || !end.contains(topic)) continue;
      for (const auto& [partition, offset] : partitions.items()) {
        const auto& done = end[topic];
        const auto to = Int64Of(offset);
        const auto from = done.contains(partition) ? Int64Of(done[partition]) : std::nullopt;
        if (!to || !from) continue;
        page->Sample(With(With(Of(query), "topic", topic), "partition", partition), std::max<int64_t>(*to - *from, 0));
      }
    }
  }
}

void AddProcess(const MemoryBudget& budget, int64_t now_ms, Page* page) {
  const ProcessMetrics& process = TheProcessMetrics();
  page->Family("sluice_memory_used_bytes", "gauge", "Accounted bytes in use.");
  page->Sample({}, budget.used());
  page->Family("sluice_memory_peak_bytes", "gauge", "The most accounted bytes that were in use.");
  page->Sample({}, budget.peak());
  page->Family("sluice_memory_limit_bytes", "gauge", "The memory budget (spark.sluice.memory).");
  page->Sample({}, budget.limit());
  page->Family("sluice_s3_retries_total", "counter", "Requests to S3 that were sent again.");
  page->Sample({}, process.s3_retries.load());
  page->Family("sluice_kafka_errors_total", "counter", "Errors that the Kafka client reported, passing ones included.");
  page->Sample({}, process.kafka_errors.load());
  page->Family("sluice_kafka_data_losses_total", "counter",
               "Times that records were gone and failOnDataLoss=false went on without them.");
  page->Sample({}, process.kafka_data_losses.load());
  page->Family("sluice_kafka_group_commit_failures_total", "counter",
               "Commits to the consumer group of spark.sluice.kafka.commitGroup that failed.");
  page->Sample({}, process.group_commit_failures.load());
  page->Family("sluice_s3_credentials_age_seconds", "gauge", "Time since the S3 credentials were fetched.");
  if (const int64_t fetched = process.credentials_fetched_ms; fetched > 0) page->Sample({}, Seconds(now_ms - fetched));
  page->Family("sluice_s3_credentials_expiry_timestamp_seconds", "gauge",
               "When the S3 credentials expire, where their source tells.");
  if (const int64_t expire = process.credentials_expire_ms; expire > 0) {
    page->Sample({}, fmt::format("{:.3f}", Seconds(expire)));
  }
  page->Family("sluice_build_info", "gauge", "Version of the program.");
  page->Sample({{"version", SLUICE_VERSION}, {"spark", SLUICE_SPARK_VERSION}}, 1);
}

}  // namespace

std::string MetricsPage(const std::vector<QuerySnapshot>& queries, const MemoryBudget& budget, int64_t now_ms) {
  Page page;
  AddCounts(queries, &page);
  AddDurations(queries, &page);
  AddStates(queries, &page);
  AddLag(queries, &page);
  AddProcess(budget, now_ms, &page);
  return page.Take();
}

bool IsReady(const std::vector<QuerySnapshot>& queries, std::string* why) {
  *why = queries.empty() ? "no query has been started" : "";
  for (const QuerySnapshot& query : queries) {
    if (query.state == QueryHealth::kRunning || query.state == QueryHealth::kStopped) continue;
    for (const auto& [state, name] : kStates) {
      if (state == query.state) *why += fmt::format("{}query {} is {}", why->empty() ? "" : "; ", query.id, name);
    }
  }
  return why->empty();
}

}  // namespace sluice
