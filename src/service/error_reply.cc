// SPDX-License-Identifier: Apache-2.0
#include "service/error_reply.h"

#include <fmt/format.h>
#include <google/rpc/error_details.pb.h>
#include <google/rpc/status.pb.h>

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>

#include "base/redaction.h"
#include "base/spark_error.h"
#include "service/java_class.h"
#include "types/utf8_repair.h"

namespace sluice {
namespace {

constexpr int kInternal = 13;                // gRPC's code for all errors of Spark Connect
constexpr size_t kLongestMessage = 2048;     // as Spark cuts it
constexpr size_t kLongestParameters = 1024;  // of the metadata
// Of the trailers as they are encoded. Clients take 8 KiB; the rest is for what gRPC itself adds.
constexpr size_t kMostEncoded = 7500;

// A failed query: the error is STREAM_FAILED, the cause is kept beside it.
class QueryFailure : public SparkErrorDetail {
 public:
  Status cause;
};

// Protobuf's strings must be valid UTF-8, or clients cannot read the message at all.
std::string Clean(const std::string& text) {
  std::string clean;
  AppendRepaired(Redact(text), &clean);
  return clean;
}

// A place without a line is a call in the client's program.
bool IsCall(const TextPlace& place) {
  return place.line <= 0;
}

std::string Summary(const TextPlace& place) {
  if (IsCall(place)) {
    return fmt::format("== DataFrame ==\n\"{}\" was called from\n{}\n", place.fragment, place.file);
  }
  const std::string below(static_cast<size_t>(std::max<int64_t>(static_cast<int64_t>(place.fragment.size()), 1)), '^');
  return fmt::format("== SQL (line {}, position {}) ==\n{}\n{}\n", place.line, place.column, place.fragment, below);
}

bool HasContext(const SparkErrorDetail& detail) {
  return detail.place && !detail.place->fragment.empty() && detail.error_class != "PARSE_SYNTAX_ERROR";
}

std::string WholeMessage(const Status& error) {
  const SparkErrorDetail* detail = FindSparkError(error);
  if (detail == nullptr) return Clean(error.message());
  std::string text =
      detail->error_class.empty() ? detail->message : fmt::format("[{}] {}", detail->error_class, detail->message);
  if (!detail->context.empty()) text += fmt::format(" ({})", detail->context);
  if (!detail->sqlstate.empty()) text += fmt::format(" SQLSTATE: {}", detail->sqlstate);
  if (HasContext(*detail)) {
    // Without the line's end.
    std::string summary = Summary(*detail->place);
    summary.pop_back();
    text += "\n" + summary;
  } else if (detail->place && detail->place->line > 0) {
    text += fmt::format(" (line {}, pos {})", detail->place->line, std::max(detail->place->column - 1, 0));
  }
  return Clean(text);
}

std::map<std::string, std::string> ParametersOf(const SparkErrorDetail& detail) {
  std::map<std::string, std::string> parameters;
  for (const auto& [name, value] : detail.parameters) parameters[name] = Clean(value);
  // Spark's text of it ends with a hint, of which there is none here.
  if (detail.error_class == "PARSE_SYNTAX_ERROR") parameters.try_emplace("hint");
  return parameters;
}

bool IsOfTheJvm(const std::string& client_type) {
  return client_type.find(" jvm/") != std::string::npos;
}

bool IsSparksClass(const std::string& error_class) {
  return error_class.find("SLUICE") == std::string::npos;
}

// Cut between characters.
std::string Shortened(const std::string& text, size_t length) {
  if (text.size() <= length) return text;
  constexpr size_t kDots = 3;
  size_t end = length > kDots ? length - kDots : 0;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) --end;
  return text.substr(0, end) + "...";
}

size_t PercentEncodedSize(const std::string& text) {
  return static_cast<size_t>(std::count_if(text.begin(), text.end(),
                                           [](unsigned char c) { return c < 0x20 || c > 0x7E || c == '%'; })) *
             2 +
         text.size();
}

size_t Base64Size(size_t bytes) {
  return (bytes + 2) / 3 * 4;
}

google::rpc::ErrorInfo InfoOf(const Status& error, const std::string& error_id) {
  const std::vector<std::string> classes = JavaClassesOf(error);
  google::rpc::ErrorInfo info;
  info.set_reason(classes.front());
  info.set_domain("org.apache.spark");
  auto& metadata = *info.mutable_metadata();
  metadata["classes"] = nlohmann::json(classes).dump();
  if (!error_id.empty()) metadata["errorId"] = error_id;
  const SparkErrorDetail* detail = FindSparkError(error);
  if (detail == nullptr || detail->error_class.empty()) return info;
  if (!detail->sqlstate.empty()) metadata["sqlState"] = detail->sqlstate;
  const std::string text = nlohmann::json(ParametersOf(*detail)).dump();
  if (text.size() > kLongestParameters) return info;
  metadata["errorClass"] = detail->error_class;
  metadata["messageParameters"] = text;
  return info;
}

std::string DetailsOf(const std::string& message, const google::rpc::ErrorInfo& info) {
  google::rpc::Status status;
  status.set_code(kInternal);
  status.set_message(message);
  status.add_details()->PackFrom(info);
  return status.SerializeAsString();
}

void AddContext(const TextPlace& place, spark::connect::FetchErrorDetailsResponse::SparkThrowable* throwable) {
  auto* context = throwable->add_query_contexts();
  const std::string fragment = Clean(place.fragment);
  context->set_fragment(fragment);
  context->set_summary(Clean(Summary(place)));
  if (IsCall(place)) {
    context->set_context_type(spark::connect::FetchErrorDetailsResponse::QueryContext::DATAFRAME);
    context->set_call_site(Clean(place.file));
    return;
  }
  context->set_context_type(spark::connect::FetchErrorDetailsResponse::QueryContext::SQL);
  context->set_start_index(place.column - 1);
  context->set_stop_index(place.column - 2 + static_cast<int>(fragment.size()));
}

}  // namespace

Status StreamFailed(const std::string& id, const std::string& run_id, const Status& cause) {
  const Status made =
      UserError("STREAM_FAILED",
                fmt::format("Query [id = {}, runId = {}] terminated with exception: {}", id, run_id,
                            FindSparkError(cause) != nullptr ? FindSparkError(cause)->ToString() : cause.message()));
  auto failure = std::make_shared<QueryFailure>();
  static_cast<SparkErrorDetail&>(*failure) = *FindSparkError(made);
  failure->parameters = {
      {"id", id},
      {"runId", run_id},
      {"message", FindSparkError(cause) != nullptr ? FindSparkError(cause)->message : cause.message()}};
  failure->cause = cause;
  return Status(arrow::StatusCode::Invalid, made.message(), std::move(failure));
}

ErrorReply ReplyOf(const Status& error, const std::string& error_id) {
  const std::string whole = WholeMessage(error);
  google::rpc::ErrorInfo info = InfoOf(error, error_id);
  size_t length = kLongestMessage;
  for (;;) {
    ErrorReply reply;
    reply.message = Shortened(whole, length);
    reply.details = DetailsOf(reply.message, info);
    if (PercentEncodedSize(reply.message) + Base64Size(reply.details.size()) <= kMostEncoded || length == 0) {
      return reply;
    }
    constexpr size_t kStep = 64;
    length = std::min(length, whole.size());
    length = length > kStep ? length - kStep : 0;
  }
}

void AddErrorDetails(const Status& error, const std::string& client_type,
                     spark::connect::FetchErrorDetailsResponse* response) {
  response->set_root_error_idx(0);
  for (Status next = error; !next.ok();) {
    auto* out = response->add_errors();
    for (std::string& name : JavaClassesOf(next)) out->add_error_type_hierarchy(std::move(name));
    out->set_message(WholeMessage(next));
    const SparkErrorDetail* detail = FindSparkError(next);
    const bool told = detail != nullptr && !detail->error_class.empty() &&
                      (IsSparksClass(detail->error_class) || !IsOfTheJvm(client_type));
    if (told) {
      auto* throwable = out->mutable_spark_throwable();
      throwable->set_error_class(detail->error_class);
      if (!detail->sqlstate.empty()) throwable->set_sql_state(detail->sqlstate);
      for (const auto& [name, value] : ParametersOf(*detail)) {
        (*throwable->mutable_message_parameters())[name] = value;
      }
      if (HasContext(*detail)) AddContext(*detail->place, throwable);
    }
    const auto* failure = dynamic_cast<const QueryFailure*>(detail);
    if (failure == nullptr) return;
    out->set_cause_idx(response->errors_size());
    next = failure->cause;
  }
}

}  // namespace sluice
