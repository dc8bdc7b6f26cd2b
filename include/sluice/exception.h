// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <stdexcept>
#include <string>

namespace sluice {

// What every call of this API throws. The message is Spark's form: "[CLASS] text SQLSTATE: xxxxx".
class SparkException : public std::runtime_error {
 public:
  SparkException(const std::string& message, std::string error_class, std::string sql_state)
      : std::runtime_error(message), error_class_(std::move(error_class)), sql_state_(std::move(sql_state)) {}
  // Spark's error class, or empty for errors without one.
  const std::string& getErrorClass() const { return error_class_; }
  const std::string& getSqlState() const { return sql_state_; }

 private:
  std::string error_class_;
  std::string sql_state_;
};

// A streaming query that ended with an error.
class StreamingQueryException : public SparkException {
 public:
  using SparkException::SparkException;
};

}  // namespace sluice
