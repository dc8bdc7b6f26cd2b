// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "base/status.h"

namespace sluice {

// Whose fault an error is. The three kinds are never mixed.
enum class ErrorKind {
  kUser,         // the query or its configuration: Spark's error class and SQLSTATE
  kEnvironment,  // servers, disks, network, credentials
  kBug,          // a broken promise inside Sluice
};

// Place in a SQL text; line and column count from 1, 0 means unknown.
struct TextPlace {
  std::string file;
  int line = 0;
  int column = 0;
  std::string fragment;
};

using ErrorParameters = std::map<std::string, std::string>;

// What a Status carries besides its message. Names of classes and SQLSTATEs are Spark's (error_classes.cc).
class SparkErrorDetail : public arrow::StatusDetail {
 public:
  ErrorKind kind = ErrorKind::kUser;
  std::string error_class;
  std::string sqlstate;
  ErrorParameters parameters;
  std::string message;  // without class, place and SQLSTATE
  bool retryable = false;
  std::optional<TextPlace> place;
  std::string context;         // "topic reviews, partition 1, offset 42": where in the data, already formatted
  std::optional<int64_t> row;  // row of the evaluated slice at fault, until a scan turns it into `context`

  const char* type_id() const override { return "sluice::SparkErrorDetail"; }
  // "[CLASS] message (context) SQLSTATE: xxxxx (line 3, pos 7)"
  std::string ToString() const override;
};

// An error of the user's; the SQLSTATE is looked up by class.
Status UserError(std::string_view error_class, std::string message, ErrorParameters parameters = {});
// An error of the machine or a server. Retryable: trying the same call again may help.
Status EnvironmentError(std::string_view error_class, std::string message, bool retryable = false,
                        ErrorParameters parameters = {});
// A bug: says what was broken.
Status InternalError(std::string message);
// Something that Spark has and Sluice lacks, by its name: class UNSUPPORTED_FEATURE.SLUICE.
Status NotSupported(std::string message);

// The detail of an error made above, or null.
const SparkErrorDetail* FindSparkError(const Status& status);
// The same error with a part of its detail set, when it is not set yet. Other errors come back unchanged.
Status WithPlace(const Status& status, TextPlace place);
Status WithContext(const Status& status, std::string context);
Status WithRow(const Status& status, int64_t row);
// The same error with more words behind its message ("... Use get() to ...").
Status WithHint(const Status& status, std::string_view hint);

bool HasErrorClass(const Status& status, std::string_view error_class);
bool IsRetryable(const Status& status);

// SQLSTATE of an error class (a subclass "A.B" falls back to "A"), empty when the class is unknown.
std::string_view SqlStateOf(std::string_view error_class);

}  // namespace sluice
