// SPDX-License-Identifier: Apache-2.0
#include "base/closest_name.h"

#include <algorithm>
#include <cctype>

namespace sluice {
namespace {

constexpr size_t kMostEdits = 2;
constexpr size_t kLongestName = 100;

bool SameLetter(char a, char b) {
  return std::tolower(static_cast<unsigned char>(a)) == std::tolower(static_cast<unsigned char>(b));
}

// Edits that make one text the other; a swap of neighbours counts as one.
size_t Edits(std::string_view a, std::string_view b) {
  std::vector<size_t> before(b.size() + 1);
  std::vector<size_t> last(b.size() + 1);
  std::vector<size_t> row(b.size() + 1);
  for (size_t j = 0; j <= b.size(); ++j) last[j] = j;
  for (size_t i = 1; i <= a.size(); ++i) {
    row[0] = i;
    for (size_t j = 1; j <= b.size(); ++j) {
      row[j] = std::min({last[j] + 1, row[j - 1] + 1, last[j - 1] + (SameLetter(a[i - 1], b[j - 1]) ? 0 : 1)});
      if (i > 1 && j > 1 && SameLetter(a[i - 1], b[j - 2]) && SameLetter(a[i - 2], b[j - 1]))
        row[j] = std::min(row[j], before[j - 2] + 1);
    }
    before.swap(last);
    last.swap(row);
  }
  return last[b.size()];
}

}  // namespace

std::string ClosestName(std::string_view name, const std::vector<std::string>& candidates) {
  if (name.size() > kLongestName) return "";
  // A short name is near everything: `ab` must not become `sql`.
  size_t best = std::min(kMostEdits, name.size() / 3 + (name.size() > 1 ? 1 : 0)) + 1;
  std::string closest;
  for (const std::string& candidate : candidates) {
    const size_t difference =
        candidate.size() > name.size() ? candidate.size() - name.size() : name.size() - candidate.size();
    if (difference >= best) continue;
    const size_t edits = Edits(name, candidate);
    if (edits >= best) continue;
    best = edits;
    closest = candidate;
  }
  return closest;
}

std::string DidYouMean(std::string_view name, const std::vector<std::string>& candidates) {
  const std::string closest = ClosestName(name, candidates);
  return closest.empty() ? "" : " Did you mean " + closest + "?";
}

}  // namespace sluice
