// SPDX-License-Identifier: Apache-2.0
// GROUP BY with its grouping sets, WINDOW and VALUES.
#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <string>

#include "analysis/sql/query_parser.h"

namespace sluice::sql {
namespace {

using Sets = std::vector<std::vector<Expression>>;

constexpr size_t kMaxSets = 4096;
constexpr size_t kMaxRollup = 400;  // its sets have half of the columns each

Sets RollupOf(const std::vector<std::vector<Expression>>& parts) {
  Sets sets;
  for (size_t length = parts.size() + 1; length-- > 0;) {
    std::vector<Expression> set;
    for (size_t i = 0; i < length; ++i) set.insert(set.end(), parts[i].begin(), parts[i].end());
    sets.push_back(std::move(set));
  }
  return sets;
}

// From all parts to none; those that come first are kept longest.
Sets CubeOf(const std::vector<std::vector<Expression>>& parts) {
  Sets sets;
  const size_t count = size_t{1} << parts.size();
  for (size_t left_out = 0; left_out < count; ++left_out) {
    std::vector<Expression> set;
    for (size_t i = 0; i < parts.size(); ++i) {
      if ((left_out >> (parts.size() - 1 - i) & 1U) == 0) set.insert(set.end(), parts[i].begin(), parts[i].end());
    }
    sets.push_back(std::move(set));
  }
  return sets;
}

// Each set of the one together with each of the other.
Sets Crossed(const Sets& one, const Sets& other) {
  Sets sets;
  for (const auto& left : one) {
    for (const auto& right : other) {
      std::vector<Expression> both = left;
      both.insert(both.end(), right.begin(), right.end());
      sets.push_back(std::move(both));
    }
  }
  return sets;
}

// The same for expressions that differ in their places alone.
std::string TextOf(Expression expression) {
  expression.clear_common();
  return expression.SerializeAsString();
}

}  // namespace

// (a, b), a, or ()
Result<std::vector<Expression>> QueryParser::ParseGroupingSet() {
  std::vector<Expression> set;
  if (cursor_.IsSymbol("(") && cursor_.IsSymbol(")", 1)) {
    cursor_.Next();
    cursor_.Next();
    return set;
  }
  SLUICE_ASSIGN(Expression one, expressions_.Parse());
  if (one.has_unresolved_function() && one.unresolved_function().function_name() == "struct") {
    for (const Expression& part : one.unresolved_function().arguments()) set.push_back(part);
  } else {
    set.push_back(std::move(one));
  }
  return set;
}

// An expression, which is one set, or ROLLUP, CUBE or GROUPING SETS.
Result<Sets> QueryParser::ParseGroupingItem(bool* plain) {
  const bool rollup = cursor_.IsWord("ROLLUP") && cursor_.IsSymbol("(", 1);
  const bool cube = cursor_.IsWord("CUBE") && cursor_.IsSymbol("(", 1);
  const bool sets = cursor_.IsWord("GROUPING") && cursor_.IsWord("SETS", 1) && cursor_.IsSymbol("(", 2);
  *plain = !rollup && !cube && !sets;
  if (*plain) {
    SLUICE_ASSIGN(Expression key, expressions_.Parse());
    return Sets{{std::move(key)}};
  }
  const size_t begin = cursor_.position();
  cursor_.Next();
  if (sets) cursor_.Next();
  cursor_.Next();
  Sets parts;
  do {
    bool one_set = true;
    if (sets && cursor_.IsAnyWord({"ROLLUP", "CUBE", "GROUPING"})) {
      SLUICE_ASSIGN(Sets inner, ParseGroupingItem(&one_set));
      parts.insert(parts.end(), inner.begin(), inner.end());
      continue;
    }
    SLUICE_ASSIGN(std::vector<Expression> set, ParseGroupingSet());
    parts.push_back(std::move(set));
  } while (cursor_.AcceptSymbol(","));
  SLUICE_RETURN_IF_ERROR(cursor_.ExpectSymbol(")"));
  if (cube && parts.size() > 12) return cursor_.Refuse("CUBE of more than 12 columns", begin);
  if (rollup && parts.size() > kMaxRollup) {
    return cursor_.Refuse(fmt::format("ROLLUP of more than {} columns", kMaxRollup), begin);
  }
  return sets ? parts : rollup ? RollupOf(parts) : CubeOf(parts);
}

Status QueryParser::ParseGroupBy(Select* select) {
  if (!cursor_.AcceptWords({"GROUP", "BY"})) return Status::OK();
  select->grouped = true;
  const size_t begin = cursor_.position();
  Sets sets = {{}};
  bool all_plain = true;
  do {
    bool plain = true;
    SLUICE_ASSIGN(const Sets item, ParseGroupingItem(&plain));
    all_plain = all_plain && plain;
    if (item.size() == 1) {
      for (auto& set : sets) set.insert(set.end(), item[0].begin(), item[0].end());
    } else {
      sets = Crossed(sets, item);
    }
    if (sets.size() > kMaxSets) return cursor_.Refuse(fmt::format("More than {} grouping sets", kMaxSets), begin);
  } while (cursor_.AcceptSymbol(","));
  if (all_plain) {
    Sets parts;
    for (const Expression& key : sets[0]) parts.push_back({key});
    if (cursor_.AcceptWords({"WITH", "ROLLUP"})) {
      if (parts.size() > kMaxRollup) {
        return cursor_.Refuse(fmt::format("ROLLUP of more than {} columns", kMaxRollup), begin);
      }
      sets = RollupOf(parts);
      all_plain = false;
    } else if (cursor_.AcceptWords({"WITH", "CUBE"})) {
      if (parts.size() > 12) return cursor_.Refuse("CUBE of more than 12 columns", begin);
      sets = CubeOf(parts);
      all_plain = false;
    } else if (cursor_.AcceptWords({"GROUPING", "SETS"})) {
      // The columns were only named in front.
      SLUICE_RETURN_IF_ERROR(cursor_.ExpectSymbol("("));
      for (const Expression& key : sets[0]) select->groups.push_back(key);
      sets.clear();
      do {
        SLUICE_ASSIGN(std::vector<Expression> set, ParseGroupingSet());
        sets.push_back(std::move(set));
      } while (cursor_.AcceptSymbol(","));
      SLUICE_RETURN_IF_ERROR(cursor_.ExpectSymbol(")"));
      all_plain = false;
    }
  }
  if (!all_plain) {
    std::set<std::string> known;
    for (const Expression& key : select->groups) known.insert(TextOf(key));
    for (const auto& set : sets) {
      for (const Expression& key : set) {
        if (known.insert(TextOf(key)).second) select->groups.push_back(key);
      }
    }
    select->grouping_sets = std::move(sets);
    return Status::OK();
  }
  select->groups = std::move(sets[0]);
  if (select->groups.size() == 1 && select->groups[0].has_unresolved_attribute() &&
      EqualsIgnoringCase(select->groups[0].unresolved_attribute().unparsed_identifier(), "all")) {
    // All items of the SELECT list that have no aggregate.
    if (HasStar(select->items)) return cursor_.Refuse("GROUP BY ALL beside *", begin);
    select->groups.clear();
    for (size_t i = 0; i < select->items.size(); ++i) {
      if (!HasAggregate(select->items[i])) select->groups.push_back(PositionLiteral(i + 1));
    }
  }
  return Status::OK();
}

// Finds the WINDOW clause of the SELECT that begins here, whose list already may name its windows.
Status QueryParser::ParseWindows() {
  expressions_.SetWindows({});
  const size_t begin = cursor_.position();
  size_t ahead = 0;
  for (;; ++ahead) {
    while (cursor_.IsSymbol("(", ahead)) ahead = cursor_.ClosingAhead(ahead) + 1;
    if (cursor_.Peek(ahead).kind == TokenKind::kEnd || cursor_.IsSymbol(";", ahead)) return Status::OK();
    if (cursor_.IsSymbol(")", ahead)) return Status::OK();
    if (cursor_.IsAnyWord({"UNION", "INTERSECT", "EXCEPT", "MINUS"}, ahead) &&
        (cursor_.IsAnyWord({"SELECT", "ALL", "DISTINCT", "VALUES", "TABLE"}, ahead + 1))) {
      return Status::OK();
    }
    if (cursor_.IsWord("WINDOW", ahead) && cursor_.IsName(ahead + 1) && cursor_.IsWord("AS", ahead + 2) &&
        cursor_.IsSymbol("(", ahead + 3)) {
      break;
    }
  }
  cursor_.Rewind(begin + ahead + 1);
  std::map<std::string, Expression::Window> windows;
  do {
    SLUICE_ASSIGN(const std::string name, cursor_.ExpectName("A window's name"));
    SLUICE_RETURN_IF_ERROR(cursor_.ExpectWord("AS"));
    SLUICE_ASSIGN(windows[LowerCase(name)], expressions_.ParseWindowSpec());
    expressions_.SetWindows(windows);
  } while (cursor_.AcceptSymbol(","));
  cursor_.Rewind(begin);
  return Status::OK();
}

Result<Relation> QueryParser::ParseValues() {
  const size_t begin = cursor_.position();
  SLUICE_RETURN_IF_ERROR(cursor_.ExpectWord("VALUES"));
  std::vector<Expression> arguments = {PositionLiteral(0)};
  size_t width = 0;
  int32_t rows = 0;
  do {
    const size_t at = cursor_.position();
    SLUICE_ASSIGN(Expression row, expressions_.Parse());
    std::vector<Expression> values;
    if (row.has_unresolved_function() && row.unresolved_function().function_name() == "struct") {
      for (const Expression& value : row.unresolved_function().arguments()) {
        values.push_back(value.has_alias() ? value.alias().expr() : value);
      }
    } else {
      values.push_back(std::move(row));
    }
    if (rows++ > 0 && values.size() != width) {
      return WithPlace(
          UserError("INVALID_INLINE_TABLE.NUM_COLUMNS_MISMATCH",
                    fmt::format("VALUES has rows of {} columns, but row {} has {}.", width, rows, values.size()),
                    {{"expectedNumCols", std::to_string(width)},
                     {"actualNumCols", std::to_string(values.size())},
                     {"rowIndex", std::to_string(rows - 1)}}),
          cursor_.PlaceOf(at));
    }
    width = values.size();
    for (Expression& value : values) arguments.push_back(std::move(value));
  } while (cursor_.AcceptSymbol(","));
  arguments[0].mutable_literal()->set_integer(rows);
  Relation relation;
  *relation.mutable_project()->add_expressions() = InternalCall(kInlineTable, std::move(arguments));
  cursor_.SetOrigin(relation.mutable_project()->mutable_expressions(0), begin);
  cursor_.SetOrigin(&relation, begin);
  return relation;
}

}  // namespace sluice::sql
