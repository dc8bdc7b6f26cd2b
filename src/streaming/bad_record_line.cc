// SPDX-License-Identifier: Apache-2.0
#include "streaming/bad_record_line.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "base/redaction.h"
#include "base/spark_error.h"
#include "checkpoint/log_folder.h"
#include "expr/base64.h"

namespace sluice {
namespace {

using Json = nlohmann::ordered_json;

Json Encoded(const std::optional<std::string>& bytes) {
  if (!bytes) return nullptr;
  std::string text;
  AppendBase64(*bytes, &text);
  return text;
}

Json HeadersOf(const SourceRecord& record) {
  if (record.headers.empty()) return nullptr;
  Json headers = Json::array();
  for (const auto& [key, value] : record.headers) headers.push_back({{"key", key}, {"value", Encoded(value)}});
  return headers;
}

// Throws nlohmann's exceptions for fields that are missing or of another type.
std::optional<std::string> Decoded(const Json& field) {
  if (field.is_null()) return std::nullopt;
  auto bytes = DecodeBase64(field.get<std::string>());
  if (!bytes) throw std::invalid_argument("a value is not base64");
  return bytes;
}

SourceRecord FromJson(const Json& json) {
  SourceRecord record;
  record.topic = json.at("topic").get<std::string>();
  record.partition = json.at("partition").get<int32_t>();
  record.offset = json.at("offset").get<int64_t>();
  record.timestamp_ms = json.at("timestamp").get<int64_t>();
  record.timestamp_type = json.at("timestampType").get<int32_t>();
  record.key = Decoded(json.at("key"));
  record.value = Decoded(json.at("value"));
  if (json.at("headers").is_array()) {
    for (const Json& header : json.at("headers")) {
      record.headers.emplace_back(header.at("key").get<std::string>(), Decoded(header.at("value")));
    }
  }
  record.place = fmt::format("topic {}, partition {}, offset {}", record.topic, record.partition, record.offset);
  return record;
}

}  // namespace

std::string FormatBadRecord(const SourceRecord& record, const Status& error) {
  Json json;
  if (record.topic.empty()) {
    json["place"] = record.place;
  } else {
    json["topic"] = record.topic;
    json["partition"] = record.partition;
    json["offset"] = record.offset;
    json["timestamp"] = record.timestamp_ms;
    json["timestampType"] = record.timestamp_type;
    json["headers"] = HeadersOf(record);
    json["key"] = Encoded(record.key);
    json["value"] = Encoded(record.value);
  }
  const SparkErrorDetail* detail = FindSparkError(error);
  json["errorClass"] = detail != nullptr ? Json(detail->error_class) : Json(nullptr);
  json["sqlState"] = detail != nullptr ? Json(detail->sqlstate) : Json(nullptr);
  json["message"] = Redact(detail != nullptr ? detail->message : error.message());
  return json.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
}

Result<SourceRecord> ParseBadRecord(std::string_view line, const std::string& place) {
  const Json json = Json::parse(line, nullptr, /*allow_exceptions=*/false);
  if (json.is_discarded() || !json.is_object()) return DamagedFile(place, "a line is not a JSON object");
  if (!json.contains("topic")) {
    return NotSupported(
        fmt::format("{} has records without their raw form; only Kafka records can be put through "
                    "again.",
                    place));
  }
  try {
    return FromJson(json);
  } catch (const std::exception& e) {
    return DamagedFile(place, fmt::format("a line is not a bad record ({})", e.what()));
  }
}

}  // namespace sluice
