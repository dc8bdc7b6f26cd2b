// SPDX-License-Identifier: Apache-2.0
#include "analysis/scope.h"

#include <arrow/api.h>
#include <fmt/format.h>

#include <algorithm>

#include "analysis/name_parts.h"
#include "analysis/sql/query_parser.h"
#include "analysis/sql/token_cursor.h"
#include "base/spark_error.h"

namespace sluice {
namespace {

constexpr size_t kMaxSuggestions = 5;

std::vector<std::string> FullName(const ScopeColumn& column) {
  std::vector<std::string> parts = column.qualifier;
  parts.push_back(column.name);
  return parts;
}

size_t EditDistance(const std::string& a, const std::string& b) {
  std::vector<size_t> row(b.size() + 1);
  for (size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (size_t i = 1; i <= a.size(); ++i) {
    size_t diagonal = row[0];
    row[0] = i;
    for (size_t j = 1; j <= b.size(); ++j) {
      const size_t above = row[j];
      row[j] = std::min({above + 1, row[j - 1] + 1, diagonal + (a[i - 1] == b[j - 1] ? 0 : 1)});
      diagonal = above;
    }
  }
  return row[b.size()];
}

// Is `part` of the qualifier {"spark_catalog", "default", "t"} when it is {"t"} or {"default", "t"}?
bool QualifierEndsWith(const std::vector<std::string>& qualifier, const std::string* parts, size_t count) {
  if (count > qualifier.size()) return false;
  for (size_t i = 0; i < count; ++i) {
    if (!SameName(qualifier[qualifier.size() - count + i], parts[i])) return false;
  }
  return true;
}

}  // namespace

bool SameName(const std::string& a, const std::string& b) {
  return sql::EqualsIgnoringCase(a, b);
}

Scope Scope::Of(const arrow::Schema& schema, const std::vector<std::string>& qualifier) {
  Scope scope;
  for (int i = 0; i < schema.num_fields(); ++i) {
    const auto& field = *schema.field(i);
    scope.Add({field.name(), qualifier, std::make_shared<ColumnExpr>(i, field.name(), field.type(), field.nullable())});
  }
  return scope;
}

Scope::Match Scope::Find(const std::vector<std::string>& parts) const {
  Match match;
  for (size_t qualifier = std::min<size_t>(parts.size() - 1, 3); qualifier > 0; --qualifier) {
    for (const ScopeColumn& column : columns_) {
      if (SameName(column.name, parts[qualifier]) && QualifierEndsWith(column.qualifier, parts.data(), qualifier)) {
        match.columns.push_back(&column);
      }
    }
    if (!match.columns.empty()) {
      match.used = qualifier + 1;
      return match;
    }
  }
  for (const ScopeColumn& column : columns_) {
    if (SameName(column.name, parts[0])) match.columns.push_back(&column);
  }
  match.used = 1;
  return match;
}

Scope::Match Scope::FindOfPlan(int64_t plan_id, const std::vector<std::string>& parts) const {
  Match match;
  match.used = 1;
  for (const ScopeColumn& column : columns_) {
    const auto& ids = column.plan_ids;
    if (SameName(column.name, parts[0]) && std::find(ids.begin(), ids.end(), plan_id) != ids.end()) {
      match.columns.push_back(&column);
    }
  }
  return match;
}

bool Scope::IsMerged(const std::vector<std::string>& parts) const {
  return parts.size() > 1 && std::any_of(merged_.begin(), merged_.end(), [&](const ScopeColumn& column) {
           return SameName(column.name, parts.back()) &&
                  QualifierEndsWith(column.qualifier, parts.data(), parts.size() - 1);
         });
}

bool Scope::HasMergedOf(const std::vector<std::string>& target) const {
  return !target.empty() && std::any_of(merged_.begin(), merged_.end(), [&](const ScopeColumn& column) {
    return QualifierEndsWith(column.qualifier, target.data(), target.size());
  });
}

bool Scope::IsMergedOfPlan(int64_t plan_id, const std::vector<std::string>& parts) const {
  return std::any_of(merged_.begin(), merged_.end(), [&](const ScopeColumn& column) {
    return SameName(column.name, parts[0]) &&
           std::find(column.plan_ids.begin(), column.plan_ids.end(), plan_id) != column.plan_ids.end();
  });
}

void Scope::AddPlanId(int64_t plan_id) {
  for (ScopeColumn& column : columns_) column.plan_ids.push_back(plan_id);
}

std::vector<const ScopeColumn*> Scope::Star(const std::vector<std::string>& target) const {
  std::vector<const ScopeColumn*> found;
  for (const ScopeColumn& column : columns_) {
    if (target.empty() || QualifierEndsWith(column.qualifier, target.data(), target.size())) found.push_back(&column);
  }
  return found;
}

Scope Scope::Qualified(const std::vector<std::string>& qualifier) const {
  Scope scope = *this;
  for (ScopeColumn& column : scope.columns_) column.qualifier = qualifier;
  scope.merged_.clear();
  return scope;
}

Status UnresolvedColumn(const std::vector<std::string>& parts, const Scope& scope) {
  const std::string name = QuotedName(parts);
  std::string plain;
  for (const std::string& part : parts) plain += (plain.empty() ? "" : ".") + sql::LowerCase(part);
  std::vector<std::pair<size_t, std::string>> near;
  for (const ScopeColumn& column : scope.columns()) {
    if (column.name.rfind(sql::kGroupColumnPrefix, 0) == 0) continue;
    const std::string full =
        parts.size() > 1 || column.qualifier.empty() ? QuotedName(FullName(column)) : QuotedName({column.name});
    std::string compared = sql::LowerCase(column.name);
    if (parts.size() > 1 && !column.qualifier.empty())
      compared = sql::LowerCase(column.qualifier.back()) + "." + compared;
    near.emplace_back(EditDistance(plain, compared), parts.size() > 1 ? full : QuotedName({column.name}));
  }
  if (near.empty()) {
    return UserError("UNRESOLVED_COLUMN.WITHOUT_SUGGESTION",
                     fmt::format("There is no column, variable or function parameter {} here.", name),
                     {{"objectName", name}});
  }
  std::stable_sort(near.begin(), near.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
  std::string proposal;
  for (size_t i = 0; i < std::min(near.size(), kMaxSuggestions); ++i) proposal += (i == 0 ? "" : ", ") + near[i].second;
  return UserError("UNRESOLVED_COLUMN.WITH_SUGGESTION",
                   fmt::format("There is no column {} here. Nearest: {}.", name, proposal),
                   {{"objectName", name}, {"proposal", proposal}});
}

Status AmbiguousReference(const std::vector<std::string>& parts, const std::vector<const ScopeColumn*>& columns) {
  std::string candidates;
  for (const ScopeColumn* column : columns) {
    candidates += (candidates.empty() ? "" : ", ") + QuotedName(FullName(*column));
  }
  return UserError("AMBIGUOUS_REFERENCE",
                   fmt::format("The name {} fits several columns: {}.", QuotedName(parts), candidates),
                   {{"name", QuotedName(parts)}, {"referenceNames", "[" + candidates + "]"}});
}

}  // namespace sluice
