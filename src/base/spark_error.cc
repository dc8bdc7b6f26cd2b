// SPDX-License-Identifier: Apache-2.0
#include "base/spark_error.h"

#include <fmt/format.h>

namespace sluice {
namespace {

Status Make(std::shared_ptr<SparkErrorDetail> detail) {
  const auto code = detail->kind == ErrorKind::kUser          ? arrow::StatusCode::Invalid
                    : detail->kind == ErrorKind::kEnvironment ? arrow::StatusCode::IOError
                                                              : arrow::StatusCode::UnknownError;
  std::string text = detail->ToString();
  return Status(code, std::move(text), std::move(detail));
}

std::shared_ptr<SparkErrorDetail> NewDetail(ErrorKind kind, std::string_view error_class, std::string message) {
  auto detail = std::make_shared<SparkErrorDetail>();
  detail->kind = kind;
  detail->error_class = error_class;
  detail->sqlstate = SqlStateOf(error_class);
  detail->message = std::move(message);
  return detail;
}

template <typename Change>
Status Changed(const Status& status, Change change) {
  const SparkErrorDetail* detail = FindSparkError(status);
  if (detail == nullptr) return status;
  auto copy = std::make_shared<SparkErrorDetail>(*detail);
  change(*copy);
  return Make(std::move(copy));
}

}  // namespace

std::string SparkErrorDetail::ToString() const {
  std::string text = error_class.empty() ? message : fmt::format("[{}] {}", error_class, message);
  if (!context.empty()) text += fmt::format(" ({})", context);
  if (!sqlstate.empty()) text += fmt::format(" SQLSTATE: {}", sqlstate);
  if (place && place->line > 0) {
    text +=
        fmt::format(" ({}{}line {}, pos {})", place->file, place->file.empty() ? "" : ", ", place->line, place->column);
  }
  return text;
}

Status UserError(std::string_view error_class, std::string message, ErrorParameters parameters) {
  auto detail = NewDetail(ErrorKind::kUser, error_class, std::move(message));
  detail->parameters = std::move(parameters);
  return Make(std::move(detail));
}

Status EnvironmentError(std::string_view error_class, std::string message, bool retryable, ErrorParameters parameters) {
  auto detail = NewDetail(ErrorKind::kEnvironment, error_class, std::move(message));
  detail->retryable = retryable;
  detail->parameters = std::move(parameters);
  return Make(std::move(detail));
}

Status InternalError(std::string message) {
  return Make(NewDetail(ErrorKind::kBug, "INTERNAL_ERROR", std::move(message)));
}

Status NotSupported(std::string message) {
  return UserError("UNSUPPORTED_FEATURE.SLUICE", std::move(message));
}

const SparkErrorDetail* FindSparkError(const Status& status) {
  return dynamic_cast<const SparkErrorDetail*>(status.detail().get());
}

Status WithPlace(const Status& status, TextPlace place) {
  return Changed(status, [&](SparkErrorDetail& d) {
    if (!d.place) d.place = std::move(place);
  });
}

Status WithContext(const Status& status, std::string context) {
  return Changed(status, [&](SparkErrorDetail& d) {
    if (d.context.empty()) d.context = std::move(context);
  });
}

Status WithRow(const Status& status, int64_t row) {
  return Changed(status, [&](SparkErrorDetail& d) { d.row = row; });
}

Status WithHint(const Status& status, std::string_view hint) {
  return Changed(status, [&](SparkErrorDetail& d) { d.message += fmt::format(" {}", hint); });
}

bool HasErrorClass(const Status& status, std::string_view error_class) {
  const SparkErrorDetail* detail = FindSparkError(status);
  return detail != nullptr && detail->error_class == error_class;
}

bool IsRetryable(const Status& status) {
  const SparkErrorDetail* detail = FindSparkError(status);
  return detail != nullptr && detail->retryable;
}

}  // namespace sluice
