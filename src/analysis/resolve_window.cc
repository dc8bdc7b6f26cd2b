// SPDX-License-Identifier: Apache-2.0
// function OVER (PARTITION BY .. ORDER BY .. frame)
#include <arrow/api.h>
#include <fmt/format.h>

#include <algorithm>

#include "analysis/expression_resolver.h"
#include "analysis/python_windows.h"
#include "analysis/shown_expr.h"
#include "analysis/sql/token_cursor.h"
#include "analysis/within_group.h"
#include "base/spark_error.h"
#include "expr/foldable.h"
#include "expr/session_context.h"
#include "types/spark_type.h"

namespace sluice {
namespace {

using spark::connect::Expression;
using Frame = Expression::Window::WindowFrame;

struct RankingFunction {
  std::string_view name;
  WindowFunction function;
  const char* shown;
  std::shared_ptr<arrow::DataType> (*type)();
};

std::shared_ptr<arrow::DataType> Int() {
  return arrow::int32();
}
std::shared_ptr<arrow::DataType> Double() {
  return arrow::float64();
}

constexpr RankingFunction kRankings[] = {
    {"row_number", WindowFunction::kRowNumber, "row_number()", Int},
    {"rank", WindowFunction::kRank, "RANK()", Int},
    {"dense_rank", WindowFunction::kDenseRank, "DENSE_RANK()", Int},
    {"percent_rank", WindowFunction::kPercentRank, "PERCENT_RANK()", Double},
    {"cume_dist", WindowFunction::kCumeDist, "cume_dist()", Double},
};

const RankingFunction* FindRanking(const std::string& name) {
  const auto* found = std::find_if(std::begin(kRankings), std::end(kRankings),
                                   [&](const RankingFunction& one) { return one.name == name; });
  return found == std::end(kRankings) ? nullptr : found;
}

Status WrongCount(const std::string& name, const std::string& wanted, size_t given) {
  return UserError("WRONG_NUM_ARGS.WITHOUT_SUGGESTION",
                   fmt::format("{} takes {} arguments, but {} are given.", name, wanted, given),
                   {{"functionName", "`" + name + "`"}, {"expectedNum", wanted}, {"actualNum", std::to_string(given)}});
}

// A whole number that is the same for all rows.
Result<int64_t> ConstantInt(const std::string& function, const char* what, const ExprPtr& expr,
                            const ResolveOptions& options) {
  if (!IsFoldable(*expr)) {
    return UserError("DATATYPE_MISMATCH.NON_FOLDABLE_INPUT",
                     fmt::format("The {} of {} must be a constant, not {}.", what, function, expr->ToString()),
                     {{"inputName", fmt::format("`{}`", what)},
                      {"inputType", "\"INT\""},
                      {"inputExpr", "\"" + expr->ToString() + "\""}});
  }
  SLUICE_ASSIGN(const ExprPtr number, MakeImplicitCast(expr, arrow::int32(), options.ansi));
  SLUICE_ASSIGN(const auto value, EvalConstant(number, ContextOf(options, 0)));
  if (value->is_valid) return static_cast<const arrow::Int32Scalar&>(*value).value;
  return UserError("DATATYPE_MISMATCH.UNEXPECTED_NULL", fmt::format("The {} of {} is NULL.", what, function),
                   {{"exprName", what}});
}

Status OutOfRange(const std::string& function, const char* what, int64_t value) {
  return UserError("DATATYPE_MISMATCH.VALUE_OUT_OF_RANGE",
                   fmt::format("The {} of {} must be positive, but is {}.", what, function, value),
                   {{"exprName", fmt::format("`{}`", what)},
                    {"valueRange", "(0, 2147483647]"},
                    {"currentValue", std::to_string(value)}});
}

// lag(value [, offset [, default]]); LEAD is a LAG the other way.
Status FillLag(const std::string& name, const std::vector<ExprPtr>& args, const ResolveOptions& options,
               WindowCall* window) {
  if (args.empty() || args.size() > 3) return WrongCount(name, "[1, 3]", args.size());
  int64_t offset = 1;
  if (args.size() > 1) {
    SLUICE_ASSIGN(offset, ConstantInt(name, "offset", args[1], options));
  }
  window->function = WindowFunction::kLag;
  window->number = name == "lag" ? offset : -offset;
  const auto& type = args[0]->type();
  ExprPtr other = std::make_shared<LiteralExpr>(arrow::MakeNullScalar(type));
  if (args.size() > 2) {
    SLUICE_ASSIGN(other, MakeImplicitCast(args[2], type, options.ansi));
  }
  window->call.args = {args[0], other};
  window->call.type = type;
  // A text that is read as another type may be none of it.
  const bool read =
      args.size() > 2 && args[2]->type()->id() == arrow::Type::STRING_VIEW && !args[2]->type()->Equals(*type);
  window->call.nullable = args.size() < 3 || args[0]->nullable() || args[2]->nullable() || read;
  window->call.display = fmt::format("{}({}, {}, {})", name, DisplayName(args[0]), offset,
                                     args.size() > 2 ? DisplayName(args[2]) : "NULL");
  return Status::OK();
}

Status FillNthValue(const std::vector<ExprPtr>& args, bool ignore_nulls, const ResolveOptions& options,
                    WindowCall* window) {
  if (args.size() < 2 || args.size() > 3) return WrongCount("nth_value", "[2, 3]", args.size());
  SLUICE_ASSIGN(window->number, ConstantInt("nth_value", "offset", args[1], options));
  if (window->number <= 0) return OutOfRange("nth_value", "offset", window->number);
  window->function = WindowFunction::kNthValue;
  window->ignore_nulls = ignore_nulls;
  if (args.size() > 2) {
    SLUICE_ASSIGN(const auto flag, EvalConstant(args[2], ContextOf(options, 0)));
    window->ignore_nulls = flag->is_valid && flag->type->id() == arrow::Type::BOOL &&
                           static_cast<const arrow::BooleanScalar&>(*flag).value;
  }
  window->call.args = {args[0]};
  window->call.type = args[0]->type();
  window->call.display = fmt::format("nth_value({}, {}){}", DisplayName(args[0]), window->number,
                                     window->ignore_nulls ? " ignore nulls" : "");
  return Status::OK();
}

Status FillNtile(const std::vector<ExprPtr>& args, const ResolveOptions& options, WindowCall* window) {
  if (args.size() > 1) return WrongCount("ntile", "[0, 1]", args.size());
  window->function = WindowFunction::kNtile;
  window->number = 1;
  if (!args.empty()) {
    SLUICE_ASSIGN(window->number, ConstantInt("ntile", "buckets", args[0], options));
  }
  if (window->number <= 0) return OutOfRange("ntile", "buckets", window->number);
  window->call.type = arrow::int32();
  window->call.nullable = false;
  window->call.display = fmt::format("ntile({})", window->number);
  return Status::OK();
}

bool PicksOne(const std::string& name) {
  static constexpr std::string_view kNames[] = {"first", "last", "first_value", "last_value", "any_value"};
  return std::find(std::begin(kNames), std::end(kNames), name) != std::end(kNames);
}

std::string OrderText(const std::vector<SortKey>& order) {
  std::string text;
  for (const SortKey& key : order) {
    text += fmt::format("{}{} {} NULLS {}", text.empty() ? "" : ", ", DisplayName(key.expr),
                        key.ascending ? "ASC" : "DESC", key.nulls_first ? "FIRST" : "LAST");
  }
  return text;
}

// A call with what was written behind it.
struct WrittenCall {
  Expression::UnresolvedFunction call;
  const Expression* filter = nullptr;
  bool names_nulls = false;  // IGNORE NULLS or RESPECT NULLS
  bool ignore_nulls = false;
};

WrittenCall WrittenCallOf(const Expression& function) {
  WrittenCall written;
  const Expression* inner = &function;
  while (inner->has_unresolved_function() && inner->unresolved_function().is_internal()) {
    const auto& call = inner->unresolved_function();
    if (call.function_name() == "ignore_nulls" || call.function_name() == "respect_nulls") {
      written.names_nulls = true;
      written.ignore_nulls = call.function_name() == "ignore_nulls";
    } else if (call.function_name() == "aggregate_filter") {
      written.filter = &call.arguments(1);
    } else {
      break;
    }
    inner = &call.arguments(0);
  }
  if (inner->has_call_function()) {
    written.call.set_function_name(inner->call_function().function_name());
    *written.call.mutable_arguments() = inner->call_function().arguments();
  } else {
    written.call = inner->unresolved_function();
  }
  return written;
}

Status UnacceptedType(const ExprPtr& value, const ExprPtr& key) {
  return UserError("DATATYPE_MISMATCH.SPECIFIED_WINDOW_FRAME_UNACCEPTED_TYPE",
                   fmt::format("RANGE cannot go {} of type {} from a key of type {}.", value->ToString(),
                               SparkTypeName(*value->type()), SparkTypeName(*key->type())),
                   {{"location", "lower"},
                    {"exprType", "\"" + SparkTypeName(*value->type()) + "\""},
                    {"expectedType", "\"" + SparkTypeName(*key->type()) + "\""}});
}

// The key that is `value` away from the ORDER BY key.
Result<ExprPtr> KeyAway(const SortKey& key, const ExprPtr& value, const ResolveOptions& options) {
  ExprPtr offset = value;
  if (!key.ascending) {
    SLUICE_ASSIGN(offset, ResolveFunction("negative", {value}, options));
  }
  const auto is_number = [](const arrow::DataType& type) {
    return arrow::is_integer(type.id()) || arrow::is_floating(type.id()) || arrow::is_decimal(type.id());
  };
  const bool date = key.expr->type()->id() == arrow::Type::DATE32;
  if (is_number(*key.expr->type()) != is_number(*value->type()) && !(date && arrow::is_integer(value->type()->id()))) {
    return UnacceptedType(value, key.expr);
  }
  const bool days = date && arrow::is_integer(value->type()->id());
  if (!days && !is_number(*value->type()) && !arrow::is_temporal(key.expr->type()->id())) {
    return UnacceptedType(value, key.expr);
  }
  if (arrow::is_integer(key.expr->type()->id())) {
    SLUICE_ASSIGN(offset, MakeImplicitCast(offset, key.expr->type(), options.ansi));
  }
  const Result<ExprPtr> sum = ResolveFunction(days ? "date_add" : "+", {key.expr, offset}, options);
  if (!sum.ok()) return UnacceptedType(value, key.expr);
  return MakeImplicitCast(*sum, key.expr->type(), options.ansi);
}

}  // namespace

bool IsWindowFunction(const std::string& name) {
  return FindRanking(name) != nullptr || name == "ntile" || name == "lag" || name == "lead" || name == "nth_value";
}

// What stands before OVER. `ordered_only`: it needs ORDER BY, and has a frame of its own.
Result<WindowCall> ExpressionResolver::ResolveWindowCall(const Expression& function, bool* ordered_only) {
  SLUICE_ASSIGN(WrittenPythonAggregate python, PythonAggregateOf(function, catalog_));
  if (python.function != nullptr) {
    std::vector<ExprPtr> values;
    std::vector<std::string> keywords;
    for (const Expression& argument : python.arguments) {
      const bool named = argument.has_named_argument_expression();
      SLUICE_ASSIGN(ExprPtr value, Resolve(named ? argument.named_argument_expression().value() : argument));
      values.push_back(WithoutShown(value));
      keywords.push_back(named ? argument.named_argument_expression().key() : "");
    }
    *ordered_only = false;
    return PythonWindowCall(std::move(python.function), std::move(values), std::move(keywords));
  }
  const WrittenCall written = WrittenCallOf(function);
  const Expression::UnresolvedFunction& call = written.call;
  const bool ignore_nulls = written.ignore_nulls;
  const std::string lower = sql::LowerCase(call.function_name());
  const std::string name = written.names_nulls ? NameWithNulls(lower) : lower;
  *ordered_only = IsWindowFunction(name);
  if (!*ordered_only && !IsAggregateFunction(name)) {
    if (!IsScalarFunction(name)) return ResolveCall(call.function_name(), call).status();
    return UserError("UNSUPPORTED_EXPR_FOR_WINDOW",
                     fmt::format("{} is no window function and no aggregate, and takes no OVER.", name),
                     {{"sqlExpr", "\"" + name + "\""}});
  }
  if (call.is_distinct()) {
    return UserError("DISTINCT_WINDOW_FUNCTION_UNSUPPORTED", fmt::format("{} with DISTINCT takes no OVER.", name),
                     {{"windowExpr", "\"" + name + "\""}});
  }
  std::vector<ExprPtr> args;
  const bool count_rows = name == "count" && call.arguments_size() == 1 && call.arguments(0).has_unresolved_star();
  if (!count_rows) {
    SLUICE_ASSIGN(args, ResolveArguments(call));
    for (ExprPtr& arg : args) arg = WithoutShown(arg);
  }
  WindowCall window;
  if (const RankingFunction* ranking = FindRanking(name)) {
    if (!args.empty() && name != "rank" && name != "dense_rank" && name != "percent_rank") {
      return WrongCount(name, "0", args.size());
    }
    window.function = ranking->function;
    window.call.type = ranking->type();
    window.call.nullable = false;
    window.call.display = ranking->shown;
    return window;
  }
  if (name == "ntile") {
    SLUICE_RETURN_IF_ERROR(FillNtile(args, options_, &window));
    return window;
  }
  if (name == "lag" || name == "lead") {
    SLUICE_RETURN_IF_ERROR(FillLag(name, args, options_, &window));
    window.ignore_nulls = ignore_nulls;
    return window;
  }
  if (name == "nth_value") {
    SLUICE_RETURN_IF_ERROR(FillNthValue(args, ignore_nulls, options_, &window));
    return window;
  }
  if (ignore_nulls && PicksOne(name) && args.size() == 1) {
    args.push_back(std::make_shared<LiteralExpr>(std::make_shared<arrow::BooleanScalar>(true)));
  } else if (ignore_nulls && !PicksOne(name) && !CollectsValues(name)) {
    return UserError("INVALID_SQL_SYNTAX.FUNCTION_WITH_UNSUPPORTED_SYNTAX",
                     fmt::format("The function {} takes no IGNORE NULLS.", name));
  }
  SLUICE_ASSIGN(const std::vector<SortKey> order, OrderOf(call, this));
  SLUICE_ASSIGN(window.call, ResolveWrittenAggregate(name, args, order, false, options_));
  if (PicksOne(name)) window.call.display = fmt::format("{}({})", name, DisplayName(args[0]));
  if (written.filter != nullptr) {
    SLUICE_ASSIGN(window.call.filter, ResolveCondition(*written.filter, "INVALID_AGGREGATE_FILTER.NOT_BOOLEAN"));
    window.call.display += fmt::format(" FILTER (WHERE {})", DisplayName(window.call.filter));
  }
  return window;
}

Result<FrameBound> ExpressionResolver::ResolveBound(const Frame::FrameBoundary& boundary, bool by_rows, bool upper,
                                                    const std::vector<SortKey>& order, std::string* text) {
  FrameBound bound;
  bound.kind = FrameBound::Kind::kOffset;
  if (boundary.has_current_row()) {
    *text += "CURRENT ROW";
    return bound;
  }
  if (!boundary.has_value()) {
    bound.kind = upper ? FrameBound::Kind::kUnboundedFollowing : FrameBound::Kind::kUnboundedPreceding;
    *text += upper ? "UNBOUNDED FOLLOWING" : "UNBOUNDED PRECEDING";
    return bound;
  }
  SLUICE_ASSIGN(const ExprPtr value, Resolve(boundary.value()));
  if (!IsFoldable(*value)) {
    return UserError("_LEGACY_ERROR_TEMP_0064", "The bounds of a window frame must be constants.");
  }
  if (by_rows) {
    SLUICE_ASSIGN(bound.rows, ConstantInt("a window frame", "bound", value, options_));
    *text += fmt::format("{} {}", std::abs(bound.rows), bound.rows < 0 ? "PRECEDING" : "FOLLOWING");
    return bound;
  }
  if (order.empty()) {
    return UserError("DATATYPE_MISMATCH.RANGE_FRAME_WITHOUT_ORDER", "A RANGE frame needs ORDER BY.");
  }
  if (order.size() > 1) {
    return UserError("DATATYPE_MISMATCH.RANGE_FRAME_MULTI_ORDER",
                     "A RANGE frame with an offset needs ORDER BY with one expression only.",
                     {{"orderSpec", OrderText(order)}});
  }
  SLUICE_ASSIGN(bound.value, KeyAway(order[0], value, options_));
  std::string shown = DisplayName(value);
  if (arrow::is_decimal(order[0].expr->type()->id()) && arrow::is_integer(value->type()->id())) {
    // Spark casts it first, and then sees no number any more.
    *text += fmt::format("{} FOLLOWING", shown.starts_with('-') ? "(- " + shown.substr(1) + ")" : shown);
    return bound;
  }
  const bool preceding = shown.starts_with('-') || shown.starts_with("(- ");
  if (shown.starts_with("(- ")) shown = shown.substr(3, shown.size() - 4);
  *text +=
      preceding ? fmt::format("{} PRECEDING", shown.starts_with('-') ? shown.substr(1) : shown) : shown + " FOLLOWING";
  return bound;
}

Result<WindowFrame> ExpressionResolver::ResolveFrame(const Frame& frame, const std::vector<SortKey>& order,
                                                     std::string* text) {
  WindowFrame made;
  made.by_rows = frame.frame_type() == Frame::FRAME_TYPE_ROW;
  if (!made.by_rows && order.empty() && (frame.lower().has_current_row() || frame.upper().has_current_row()) &&
      (frame.lower().has_value() || frame.upper().has_value())) {
    return UserError("DATATYPE_MISMATCH.RANGE_FRAME_WITHOUT_ORDER", "A RANGE frame needs ORDER BY.");
  }
  *text += made.by_rows ? "ROWS BETWEEN " : "RANGE BETWEEN ";
  SLUICE_ASSIGN(made.lower, ResolveBound(frame.lower(), made.by_rows, false, order, text));
  *text += " AND ";
  SLUICE_ASSIGN(made.upper, ResolveBound(frame.upper(), made.by_rows, true, order, text));
  return made;
}

Result<ExprPtr> ExpressionResolver::ResolveWindow(const Expression::Window& message) {
  bool ordered_only = false;
  SLUICE_ASSIGN(WindowCall window, ResolveWindowCall(message.window_function(), &ordered_only));
  std::vector<ExprPtr> partition;
  std::string text;
  for (const Expression& key : message.partition_spec()) {
    SLUICE_ASSIGN(ExprPtr value, ResolveShown(key));
    text += (partition.empty() ? "PARTITION BY " : ", ") + DisplayName(value);
    partition.push_back(WithoutShown(value));
  }
  if (!partition.empty()) text += " ";
  std::vector<SortKey> order;
  for (const auto& one : message.order_spec()) {
    SLUICE_ASSIGN(ExprPtr value, Resolve(one.child()));
    using Order = Expression::SortOrder;
    const bool ascending = one.direction() != Order::SORT_DIRECTION_DESCENDING;
    const bool nulls_first = one.null_ordering() == Order::SORT_NULLS_UNSPECIFIED
                                 ? ascending
                                 : one.null_ordering() == Order::SORT_NULLS_FIRST;
    order.push_back({std::move(value), ascending, nulls_first});
  }
  if (!order.empty()) text += "ORDER BY " + OrderText(order) + " ";
  if (ordered_only && order.empty()) {
    return UserError("WINDOW_FUNCTION_FRAME_NOT_ORDERED",
                     fmt::format("{} needs ORDER BY inside OVER (..).", window.call.display),
                     {{"wf", window.call.display}});
  }
  const bool framed = message.has_frame_spec() && message.frame_spec().frame_type() != Frame::FRAME_TYPE_UNDEFINED;
  std::string frame_text;
  if (framed) {
    if (arrow::is_decimal(order.empty() ? arrow::Type::NA : order[0].expr->type()->id()) &&
        message.frame_spec().frame_type() == Frame::FRAME_TYPE_RANGE) {
      // So that a key and an offset fit as well.
      const auto& type = static_cast<const arrow::DecimalType&>(*order[0].expr->type());
      SLUICE_ASSIGN(order[0].expr,
                    MakeImplicitCast(order[0].expr, arrow::decimal128(std::min(38, type.precision() + 1), type.scale()),
                                     options_.ansi));
    }
    SLUICE_ASSIGN(window.frame, ResolveFrame(message.frame_spec(), order, &frame_text));
  }
  const bool has_frame = !ordered_only || window.function == WindowFunction::kNthValue;
  if (!framed && has_frame && !order.empty()) {
    window.frame.upper = FrameBound{FrameBound::Kind::kOffset, 0, nullptr};
    frame_text = "RANGE BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW";
  } else if (!framed && has_frame) {
    frame_text = "ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING";
  } else if (!has_frame) {
    std::string own = window.function == WindowFunction::kCumeDist ? "RANGE BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW"
                                                                   : "ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW";
    const bool lag = window.function == WindowFunction::kLag;
    if (lag) own = fmt::format("ROWS BETWEEN {0} FOLLOWING AND {0} FOLLOWING", -window.number);
    if (framed && frame_text != own) {
      return UserError(lag ? "_LEGACY_ERROR_TEMP_1035" : "_LEGACY_ERROR_TEMP_1036",
                       fmt::format("{} has a frame of its own and takes no other.", window.call.display));
    }
    frame_text = own;
  }
  const std::string shown = fmt::format("{} OVER ({}{})", window.call.display, text, frame_text);
  return std::make_shared<WindowExpr>(std::move(partition), std::move(order), std::move(window), shown);
}

}  // namespace sluice
