// SPDX-License-Identifier: Apache-2.0
#include <arrow/scalar.h>
#include <arrow/type.h>
#include <fmt/format.h>

#include <charconv>
#include <limits>

#include "analysis/sql/expression_parser.h"
#include "expr/session_context.h"
#include "types/spark_type.h"

namespace sluice::sql {
namespace {

constexpr int kMaxDecimalDigits = 38;

template <typename T>
bool ParseWhole(const std::string& digits, T* value) {
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), *value);
  return error == std::errc() && end == digits.data() + digits.size();
}

// Spark's precision and scale of a decimal literal: leading zeros do not count, the scale is as written.
Status SetDecimal(const std::string& text, Expression::Literal* literal) {
  std::string digits;
  int scale = 0;
  bool point = false;
  for (char c : text) {
    if (c == '.') {
      point = true;
    } else if (c >= '0' && c <= '9') {
      if (!digits.empty() || c != '0') digits += c;
      scale += point ? 1 : 0;
    }
  }
  const int precision = std::max({static_cast<int>(digits.size()), scale, 1});
  if (precision > kMaxDecimalDigits) {
    return UserError(
        "DECIMAL_PRECISION_EXCEEDS_MAX_PRECISION",
        fmt::format("The number {} needs {} digits; a decimal has at most {}.", text, precision, kMaxDecimalDigits));
  }
  auto* decimal = literal->mutable_decimal();
  decimal->set_value(text.back() == '.' ? text.substr(0, text.size() - 1) : text);
  decimal->set_precision(precision);
  decimal->set_scale(scale);
  return Status::OK();
}

Result<std::string> FromHex(const std::string& text) {
  std::string digits = text.size() % 2 == 0 ? text : "0" + text;
  std::string bytes;
  for (size_t i = 0; i < digits.size(); i += 2) {
    unsigned value = 0;
    const auto [end, error] = std::from_chars(digits.data() + i, digits.data() + i + 2, value, 16);
    if (error != std::errc() || end != digits.data() + i + 2) {
      return UserError("INVALID_TYPED_LITERAL", fmt::format("'{}' is no hexadecimal number, as X'..' needs.", text));
    }
    bytes.push_back(static_cast<char>(value));
  }
  return bytes;
}

// DATE '..' and TIMESTAMP '..' follow the rules of CAST.
Result<std::shared_ptr<arrow::Scalar>> CastText(const std::string& text, const std::shared_ptr<arrow::DataType>& type,
                                                const SessionOptions& session) {
  const auto bytes = arrow::Buffer::FromString(text);
  const ExprPtr literal = std::make_shared<LiteralExpr>(std::make_shared<arrow::StringViewScalar>(bytes));
  SLUICE_ASSIGN(ExprPtr cast, MakeCast(literal, type, CastMode::kTry));
  return EvalConstant(cast, ContextOf(session, 0));
}

}  // namespace

Result<Expression> ExpressionParser::ParseInteger(const std::string& digits, size_t begin) {
  Expression expression;
  auto* literal = expression.mutable_literal();
  int32_t small = 0;
  int64_t large = 0;
  if (ParseWhole(digits, &small)) {
    literal->set_integer(small);
  } else if (ParseWhole(digits, &large)) {
    literal->set_long_(large);
  } else {
    const Status status = SetDecimal(digits, literal);
    if (!status.ok()) return WithPlace(status, cursor_.PlaceOf(begin));
  }
  return expression;
}

Result<Expression> ExpressionParser::ParseNumber() {
  const size_t begin = cursor_.position();
  std::string text = cursor_.AcceptSymbol("-") ? "-" : "";
  const Token token = cursor_.Next();
  text += token.text;
  Expression expression;
  auto* literal = expression.mutable_literal();
  const auto out_of_range = [&](const char* type) {
    return WithPlace(
        UserError("INVALID_NUMERIC_LITERAL_RANGE", fmt::format("{} is outside the range of {}.", text, type)),
        cursor_.PlaceOf(begin));
  };
  int32_t whole = 0;
  switch (token.kind) {
    case TokenKind::kInteger: {
      SLUICE_ASSIGN(expression, ParseInteger(text, begin));
      break;
    }
    case TokenKind::kLong: {
      int64_t value = 0;
      if (!ParseWhole(text, &value)) return out_of_range("BIGINT");
      literal->set_long_(value);
      break;
    }
    case TokenKind::kShort:
      if (!ParseWhole(text, &whole) || whole != static_cast<int16_t>(whole)) return out_of_range("SMALLINT");
      literal->set_short_(whole);
      break;
    case TokenKind::kByte:
      if (!ParseWhole(text, &whole) || whole != static_cast<int8_t>(whole)) return out_of_range("TINYINT");
      literal->set_byte(whole);
      break;
    case TokenKind::kDecimal: {
      if (text.find_first_of("eE") != std::string::npos)
        return cursor_.Refuse("A decimal literal with an exponent", begin);
      const Status status = SetDecimal(text, literal);
      if (!status.ok()) return WithPlace(status, cursor_.PlaceOf(begin));
      break;
    }
    default: {
      const double value = std::strtod(text.c_str(), nullptr);
      const bool narrow = token.kind == TokenKind::kFloat;
      const double most = narrow ? std::numeric_limits<float>::max() : std::numeric_limits<double>::max();
      if (value > most || value < -most) return out_of_range(narrow ? "FLOAT" : "DOUBLE");
      if (narrow) literal->set_float_(std::strtof(text.c_str(), nullptr));
      if (!narrow) literal->set_double_(value);
    }
  }
  cursor_.SetOrigin(&expression, begin);
  SLUICE_RETURN_IF_ERROR(SetHeight(1));
  return expression;
}

// DATE '..', TIMESTAMP '..', X'..'; the type word stands before a string.
Result<Expression> ExpressionParser::ParseTypedLiteral() {
  const size_t begin = cursor_.position();
  const std::string type = LowerCase(cursor_.Next().text);
  const std::string text = cursor_.Next().text;
  const TextPlace place = cursor_.PlaceOf(begin);
  Expression expression;
  auto* literal = expression.mutable_literal();
  cursor_.SetOrigin(&expression, begin);
  SLUICE_RETURN_IF_ERROR(SetHeight(1));
  if (type == "x") {
    Result<std::string> bytes = FromHex(text);
    if (!bytes.ok()) return WithPlace(bytes.status(), place);
    literal->set_binary(*bytes);
    return expression;
  }
  const bool date = type == "date";
  const bool ntz = type == "timestamp_ntz";
  const auto arrow_type = date ? arrow::date32() : ntz ? arrow::timestamp(arrow::TimeUnit::MICRO) : TimestampType();
  SLUICE_ASSIGN(auto value, CastText(text, arrow_type, options_.session));
  if (!value->is_valid) {
    return WithPlace(UserError("INVALID_TYPED_LITERAL", fmt::format("'{}' is no {}.", text, SparkTypeName(*arrow_type)),
                               {{"valueType", "\"" + SparkTypeName(*arrow_type) + "\""}, {"value", "'" + text + "'"}}),
                     place);
  }
  if (date) {
    literal->set_date(static_cast<const arrow::Date32Scalar&>(*value).value);
  } else if (ntz) {
    literal->set_timestamp_ntz(static_cast<const arrow::TimestampScalar&>(*value).value);
  } else {
    literal->set_timestamp(static_cast<const arrow::TimestampScalar&>(*value).value);
  }
  return expression;
}

Result<Expression> ExpressionParser::ParseLiteral(bool* found) {
  *found = true;
  const size_t begin = cursor_.position();
  if (IsNumber(cursor_.Peek().kind) || (cursor_.IsSymbol("-") && IsNumber(cursor_.Peek(1).kind))) return ParseNumber();
  Expression expression;
  auto* literal = expression.mutable_literal();
  SLUICE_RETURN_IF_ERROR(SetHeight(1));
  if (cursor_.Peek().kind == TokenKind::kString) {
    // Strings beside each other are one.
    std::string text;
    while (cursor_.Peek().kind == TokenKind::kString) text += cursor_.Next().text;
    literal->set_string(text);
  } else if (cursor_.IsAnyWord({"TRUE", "FALSE"}) && !cursor_.IsSymbol(".", 1)) {
    literal->set_boolean(cursor_.IsWord("TRUE"));
    cursor_.Next();
  } else if (cursor_.IsWord("NULL") && !cursor_.IsSymbol(".", 1)) {
    cursor_.Next();
    literal->mutable_null()->mutable_null();
  } else if (cursor_.Peek(1).kind == TokenKind::kString &&
             cursor_.IsAnyWord({"DATE", "TIMESTAMP", "TIMESTAMP_NTZ", "TIMESTAMP_LTZ", "X"})) {
    return ParseTypedLiteral();
  } else if (cursor_.IsWord("INTERVAL") && (cursor_.Peek(1).kind == TokenKind::kString ||
                                            IsNumber(cursor_.Peek(1).kind) || cursor_.IsSymbol("-", 1))) {
    return ParseInterval();
  } else {
    *found = false;
    return expression;
  }
  cursor_.SetOrigin(&expression, begin);
  return expression;
}

}  // namespace sluice::sql
