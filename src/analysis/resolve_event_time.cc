// SPDX-License-Identifier: Apache-2.0
// withWatermark, window() and session_window(): Spark computes the windows of a relation's rows below the operator that
// names them.
#include <arrow/api.h>
#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <cstdlib>
#include <utility>

#include "analysis/name_parts.h"
#include "analysis/relations.h"
#include "analysis/sql/parser.h"
#include "analysis/sql/token_cursor.h"
#include "base/spark_error.h"
#include "expr/coercion.h"
#include "expr/function_registry.h"
#include "expr/session_end.h"
#include "types/calendar_interval.h"
#include "types/spark_type.h"

namespace sluice {
namespace {

using spark::connect::Expression;

constexpr char kWindow[] = "window";
constexpr char kSessionWindow[] = "session_window";

Status BadInterval(const std::string& text) {
  return UserError("CANNOT_PARSE_INTERVAL", fmt::format("'{}' is no interval; write 10 seconds or 1 hour.", text),
                   {{"intervalString", "'" + text + "'"}});
}

// "10 seconds", "1 day 2 hours", "interval 5 minutes": milliseconds. Months have 31 days, as watermarks count them.
Result<int64_t> DelayMs(const std::string& text) {
  // A setting may be a plain number of milliseconds; an interval has units.
  if (std::none_of(text.begin(), text.end(), [](unsigned char c) { return std::isalpha(c) != 0; })) {
    return BadInterval(text);
  }
  const Result<int64_t> parsed = ParseDurationMs(text);
  if (parsed.ok()) return parsed;
  constexpr int64_t kDayMs = 86'400'000;
  std::string lower = sql::LowerCase(text);
  if (lower.starts_with("interval ")) lower = lower.substr(9);
  const size_t space = lower.find(' ');
  if (space == std::string::npos || space > 6) return BadInterval(text);
  int64_t count = 0;
  for (const char c : lower.substr(0, space)) {
    if (c < '0' || c > '9') return BadInterval(text);
    count = count * 10 + (c - '0');
  }
  const std::string unit = lower.substr(space + 1);
  if (unit == "month" || unit == "months") return count * 31 * kDayMs;
  if (unit == "year" || unit == "years") return count * 12 * 31 * kDayMs;
  return BadInterval(text);
}

const std::string* TextOf(const Expression& expression) {
  return expression.has_literal() && expression.literal().has_string() ? &expression.literal().string() : nullptr;
}

// Which of the two functions an expression calls; null: neither.
const char* WindowNameOf(const Expression& expression) {
  const auto known = [](const std::string& name, int arguments) -> const char* {
    if (SameName(name, kSessionWindow)) return kSessionWindow;
    return SameName(name, kWindow) && arguments > 1 ? kWindow : nullptr;
  };
  if (expression.has_call_function()) {
    return known(expression.call_function().function_name(), expression.call_function().arguments_size());
  }
  if (!expression.has_unresolved_function()) return nullptr;
  return known(expression.unresolved_function().function_name(), expression.unresolved_function().arguments_size());
}

std::vector<const Expression*> ArgumentsOf(const Expression& call) {
  std::vector<const Expression*> arguments;
  for (const Expression& argument :
       call.has_call_function() ? call.call_function().arguments() : call.unresolved_function().arguments()) {
    arguments.push_back(&argument);
  }
  return arguments;
}

// The calls of either in an expression, whatever it is made of.
void FindWindows(const google::protobuf::Message& message, std::vector<Expression>* found) {
  const auto* expression = dynamic_cast<const Expression*>(&message);
  if (expression != nullptr && WindowNameOf(*expression) != nullptr) {
    found->push_back(*expression);
    return;
  }
  const auto* reflection = message.GetReflection();
  std::vector<const google::protobuf::FieldDescriptor*> fields;
  reflection->ListFields(message, &fields);
  for (const auto* field : fields) {
    if (field->cpp_type() != google::protobuf::FieldDescriptor::CPPTYPE_MESSAGE || field->is_map()) continue;
    const int count = field->is_repeated() ? reflection->FieldSize(message, field) : 1;
    for (int i = 0; i < count; ++i) {
      FindWindows(field->is_repeated() ? reflection->GetRepeatedMessage(message, field, i)
                                       : reflection->GetMessage(message, field),
                  found);
    }
  }
}

void ClearOrigins(google::protobuf::Message* message) {
  auto* expression = dynamic_cast<Expression*>(message);
  if (expression != nullptr) expression->clear_common();
  const auto* reflection = message->GetReflection();
  std::vector<const google::protobuf::FieldDescriptor*> fields;
  reflection->ListFields(*message, &fields);
  for (const auto* field : fields) {
    if (field->cpp_type() != google::protobuf::FieldDescriptor::CPPTYPE_MESSAGE || field->is_map()) continue;
    const int count = field->is_repeated() ? reflection->FieldSize(*message, field) : 1;
    for (int i = 0; i < count; ++i) {
      ClearOrigins(field->is_repeated() ? reflection->MutableRepeatedMessage(message, field, i)
                                        : reflection->MutableMessage(message, field));
    }
  }
}

// Two calls are the same whatever their places in the text.
std::string Written(Expression call) {
  ClearOrigins(&call);
  return call.SerializeAsString();
}

Result<WindowLengths> LengthsOf(const std::vector<const Expression*>& arguments) {
  std::vector<int64_t> lengths;
  for (size_t i = 1; i < arguments.size(); ++i) {
    const std::string* text = TextOf(*arguments[i]);
    if (text == nullptr) return NotSupported("window with anything but constant texts such as '10 seconds'.");
    const bool negative = text->starts_with("-");
    SLUICE_ASSIGN(const int64_t ms, DelayMs(negative ? text->substr(1) : *text));
    lengths.push_back((negative ? -ms : ms) * 1000);
  }
  WindowLengths window{lengths[0], lengths.size() > 1 ? lengths[1] : lengths[0], lengths.size() > 2 ? lengths[2] : 0};
  const auto refuse = [](const char* what) {
    return UserError("DATATYPE_MISMATCH.PARAMETER_CONSTRAINT_VIOLATION", fmt::format("In window {}.", what));
  };
  if (window.length_us <= 0) return refuse("the duration must be more than 0");
  if (window.slide_us <= 0) return refuse("the slide must be more than 0");
  if (window.slide_us > window.length_us) return refuse("the slide must not be more than the duration");
  if (std::abs(window.start_us) >= window.slide_us) return refuse("the start must be less than the slide");
  return window;
}

bool IsTimestamp(const arrow::DataType& type) {
  return type.id() == arrow::Type::TIMESTAMP;
}

// A gap of which Spark says as little.
Status UnexpectedGap(const Expr& gap) {
  const std::string type = SparkTypeName(*gap.type());
  return UserError(
      "_LEGACY_ERROR_TEMP_1040",
      fmt::format("The gap of session_window must be a text such as '5 minutes', and {} is of the type {}.",
                  gap.ToString(), type),
      {{"dt", "\"" + type + "\""}});
}

// The time that the windows are of: of a window of windows the last moment of those.
Result<ExprPtr> ResolveWindowTime(ExpressionResolver& resolver, const ResolveOptions& options,
                                  const Expression& argument) {
  SLUICE_ASSIGN(ExprPtr time, resolver.Resolve(argument));
  if (time->type()->id() == arrow::Type::STRUCT) return ResolveFunction("window_time", {std::move(time)}, options);
  if (IsTimestamp(*time->type())) return time;
  if (!IsStringType(*time->type()) && time->type()->id() != arrow::Type::DATE32)
    return UnexpectedInput("window", 0, *time, "TIMESTAMP");
  return MakeImplicitCast(std::move(time), TimestampType(), options.ansi);
}

// When the session of a single row ends.
Result<ExprPtr> ResolveSessionEnd(ExpressionResolver& resolver, const ResolveOptions& options, const ExprPtr& time,
                                  const Expression& gap) {
  if (const std::string* text = TextOf(gap)) {
    // A text that is no interval is no gap: no row has a session then, as in Spark.
    const auto length = ParseCalendarInterval(*text);
    if (length) return std::make_shared<SessionEndExpr>(time, *length);
  }
  SLUICE_ASSIGN(ExprPtr length, resolver.Resolve(gap));
  if (length->type()->id() == arrow::Type::NA) {
    SLUICE_ASSIGN(length, MakeImplicitCast(std::move(length), StringType(), options.ansi));
  }
  if (IsStringType(*length->type())) return std::make_shared<SessionEndExpr>(time, std::move(length));
  return UnexpectedGap(*length);
}

Result<std::optional<InputWindow>> WindowOf(ExpressionResolver& resolver, const ResolveOptions& options,
                                            const Expression& call, ResolvedRelation* input) {
  const char* const name = WindowNameOf(call);
  const bool session = name == std::string_view(kSessionWindow);
  const std::vector<const Expression*> arguments = ArgumentsOf(call);
  if (session ? arguments.size() != 2 : arguments.size() > 4) {
    return UserError("WRONG_NUM_ARGS.WITHOUT_SUGGESTION",
                     session ? "session_window takes two arguments." : "window takes two to four arguments.");
  }
  SLUICE_ASSIGN(const ExprPtr time, ResolveWindowTime(resolver, options, *arguments[0]));
  plan::TimeWindow node{time, nullptr, {}};
  if (session) {
    SLUICE_ASSIGN(node.session_end, ResolveSessionEnd(resolver, options, time, *arguments[1]));
  } else {
    SLUICE_ASSIGN(node.lengths, LengthsOf(arguments));
  }
  const auto type = arrow::struct_({arrow::field("start", time->type()), arrow::field("end", time->type())});
  arrow::FieldVector fields = input->plan->schema->fields();
  fields.push_back(arrow::field(name, type, /*nullable=*/false));
  InputWindow window;
  window.column = std::make_shared<ColumnExpr>(static_cast<int>(fields.size()) - 1, name, type, /*nullable=*/false);
  window.scope.Add({name, {}, window.column, {}});
  input->plan = MakeNode(std::move(node), {input->plan}, arrow::schema(std::move(fields)));
  return std::optional(std::move(window));
}

}  // namespace

Result<ResolvedRelation> ResolveWatermark(RelationContext& context, const spark::connect::Relation& relation) {
  const spark::connect::WithWatermark& watermark = relation.with_watermark();
  SLUICE_ASSIGN(ResolvedRelation input, context.Resolve(watermark.input()));
  SLUICE_ASSIGN(const int64_t delay_ms, DelayMs(watermark.delay_threshold()));
  SLUICE_ASSIGN(const auto parts, ParseNameParts(watermark.event_time()));
  const Scope::Match match = input.scope.Find(parts);
  if (match.columns.size() > 1) return AmbiguousReference(parts, match.columns);
  if (match.columns.empty()) return UnresolvedColumn(parts, input.scope);
  const ExprPtr time = match.columns[0]->value;
  if (match.used != parts.size() || dynamic_cast<const ColumnExpr*>(time.get()) == nullptr) {
    return NotSupported("withWatermark of a field of a column is not supported by Sluice: select the field first.");
  }
  if (!IsTimestamp(*time->type())) {
    const std::string type = SparkTypeName(*time->type());
    return UserError("EVENT_TIME_IS_NOT_ON_TIMESTAMP_TYPE",
                     fmt::format("The event time {} has the type {}, and must be a TIMESTAMP.", parts.back(), type),
                     {{"eventName", sql::QuoteName(parts.back())}, {"eventType", "\"" + type + "\""}});
  }
  ResolvedRelation result;
  result.plan = MakeNode(plan::Watermark{time, delay_ms}, {input.plan}, input.plan->schema);
  result.scope = std::move(input.scope);
  return result;
}

Result<std::optional<InputWindow>> FindWindow(RelationContext& context, ResolvedRelation* input,
                                              const std::vector<const google::protobuf::Message*>& expressions) {
  std::vector<Expression> calls;
  for (const auto* expression : expressions) {
    const auto* text = dynamic_cast<const Expression*>(expression);
    if (text != nullptr && text->has_expression_string()) {
      // Where the text is wrong its own resolution says so.
      const Result<Expression> parsed =
          ParseExpressionSql(text->expression_string().expression(), ParseOptions{context.options(), ""});
      if (parsed.ok()) FindWindows(*parsed, &calls);
    } else {
      FindWindows(*expression, &calls);
    }
  }
  if (calls.empty()) return std::optional<InputWindow>();
  for (const Expression& call : calls) {
    if (Written(call) == Written(calls[0])) continue;
    return UserError("_LEGACY_ERROR_TEMP_1039",
                     "Multiple time/session window expressions would result in a cartesian product of rows, therefore "
                     "they are currently not supported.");
  }
  ExpressionResolver resolver(context.options(), &input->scope, context.catalog());
  return WindowOf(resolver, context.options(), calls[0], input);
}

}  // namespace sluice
