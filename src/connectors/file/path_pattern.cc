// SPDX-License-Identifier: Apache-2.0
#include "connectors/file/path_pattern.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "base/spark_error.h"

namespace sluice {
namespace {

constexpr size_t kMostAlternatives = 1024;

Status BadPattern(std::string_view pattern, const char* why) {
  return UserError("SLUICE_PATH_PATTERN", fmt::format("The path {} is no pattern: {}.", pattern, why),
                   {{"path", std::string(pattern)}});
}

// The bracket that closes the one at `open`; npos when none does.
size_t ClosingBrace(std::string_view pattern, size_t open) {
  int depth = 0;
  for (size_t i = open; i < pattern.size(); ++i) {
    if (pattern[i] == '\\') {
      ++i;
    } else if (pattern[i] == '{') {
      ++depth;
    } else if (pattern[i] == '}' && --depth == 0) {
      return i;
    }
  }
  return std::string_view::npos;
}

size_t FindBrace(std::string_view pattern) {
  for (size_t i = 0; i < pattern.size(); ++i) {
    if (pattern[i] == '\\') {
      ++i;
    } else if (pattern[i] == '{') {
      return i;
    }
  }
  return std::string_view::npos;
}

// The patterns without {a,b} that a pattern stands for.
Status ExpandBraces(std::string_view pattern, std::vector<std::string>* out) {
  const size_t open = FindBrace(pattern);
  if (open == std::string_view::npos) {
    if (out->size() >= kMostAlternatives) return BadPattern(pattern, "it stands for too many paths");
    out->emplace_back(pattern);
    return Status::OK();
  }
  const size_t close = ClosingBrace(pattern, open);
  if (close == std::string_view::npos) return BadPattern(pattern, "a brace is not closed");
  const std::string before(pattern.substr(0, open));
  const std::string_view after = pattern.substr(close + 1);
  const auto add = [&](size_t begin, size_t end) {
    return ExpandBraces(before + std::string(pattern.substr(begin, end - begin)) + std::string(after), out);
  };
  int depth = 0;
  size_t begin = open + 1;
  for (size_t i = open + 1; i < close; ++i) {
    if (pattern[i] == '\\') ++i;
    if (pattern[i] == '{') ++depth;
    if (pattern[i] == '}') --depth;
    if (pattern[i] != ',' || depth > 0) continue;
    SLUICE_RETURN_IF_ERROR(add(begin, i));
    begin = i + 1;
  }
  return add(begin, close);
}

// Whether `c` is in the set behind the '[' at `*at`, which is moved to the set's end.
bool InSet(char c, std::string_view pattern, size_t* at) {
  size_t i = *at + 1;
  const bool negated = i < pattern.size() && (pattern[i] == '^' || pattern[i] == '!');
  if (negated) ++i;
  bool found = false;
  for (bool first = true; i < pattern.size() && (pattern[i] != ']' || first); first = false) {
    if (pattern[i] == '\\' && i + 1 < pattern.size()) ++i;
    const char low = pattern[i++];
    char high = low;
    if (i + 1 < pattern.size() && pattern[i] == '-' && pattern[i + 1] != ']') {
      high = pattern[i + 1];
      i += 2;
    }
    found |= low <= c && c <= high;
  }
  *at = i + 1;
  return found != negated;
}

// One step behind the character that the pattern stands for; false when it does not fit.
bool StepPattern(char c, std::string_view pattern, size_t* at) {
  if (pattern[*at] == '[') return InSet(c, pattern, at);
  if (pattern[*at] == '\\' && *at + 1 < pattern.size()) ++*at;
  const bool fits = pattern[*at] == c;
  ++*at;
  return fits;
}

// How many bytes the character at the front has.
size_t CharacterBytes(std::string_view text) {
  size_t bytes = 1;
  while (bytes < text.size() && (static_cast<unsigned char>(text[bytes]) & 0xC0) == 0x80) ++bytes;
  return bytes;
}

// Without braces.
bool FitsPlain(std::string_view name, std::string_view pattern) {
  size_t i = 0;
  size_t at = 0;
  size_t star = std::string_view::npos;  // behind the last '*' of the pattern
  size_t mark = 0;                       // where the rest after it was tried last
  while (i < name.size()) {
    if (at < pattern.size() && pattern[at] == '*') {
      star = ++at;
      mark = i;
      continue;
    }
    size_t next = at;
    bool fits = false;
    size_t bytes = 1;
    if (at < pattern.size() && pattern[at] == '?') {
      bytes = CharacterBytes(name.substr(i));
      fits = true;
      ++next;
    } else if (at < pattern.size()) {
      fits = StepPattern(name[i], pattern, &next);
    }
    if (fits) {
      i += bytes;
      at = next;
    } else if (star != std::string_view::npos) {
      i = ++mark;
      at = star;
    } else {
      return false;
    }
  }
  while (at < pattern.size() && pattern[at] == '*') ++at;
  return at == pattern.size();
}

std::string WithoutEscapes(std::string_view text) {
  std::string plain;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\\' && i + 1 < text.size()) ++i;
    plain += text[i];
  }
  return plain;
}

// Walks a path without braces, name by name, from `folder` on.
Status Walk(FileSystem* fs, const std::string& folder, std::string_view rest, std::set<std::string>* found) {
  const size_t slash = rest.find('/');
  const std::string_view name = rest.substr(0, slash);
  const std::string_view below = slash == std::string_view::npos ? std::string_view() : rest.substr(slash + 1);
  const std::string prefix = folder.empty() ? "" : folder == "/" ? folder : folder + "/";
  if (name.empty() && !below.empty()) return Walk(fs, folder, below, found);
  if (!HasWildcard(name)) {
    const std::string path = prefix + WithoutEscapes(name);
    if (!below.empty()) return Walk(fs, path, below, found);
    const Result<FileInfo> info = fs->Stat(path);
    if (info.ok()) found->insert(path);
    return info.ok() || IsNotFound(info.status()) ? Status::OK() : info.status();
  }
  SLUICE_ASSIGN(const std::vector<FileInfo> children, fs->List(folder, /*recursive=*/false));
  for (const FileInfo& child : children) {
    const std::string_view child_name = BaseName(child.path);
    if (IsHiddenName(child_name) || !FitsPlain(child_name, name)) continue;
    if (below.empty()) {
      found->insert(child.path);
    } else if (child.is_folder || child.is_link) {
      SLUICE_RETURN_IF_ERROR(Walk(fs, child.path, below, found));
    }
  }
  return Status::OK();
}

}  // namespace

bool HasWildcard(std::string_view path) {
  return path.find_first_of("*?[{\\") != std::string_view::npos;
}

Status CheckPattern(std::string_view pattern) {
  std::vector<std::string> plain;
  SLUICE_RETURN_IF_ERROR(ExpandBraces(pattern, &plain));
  for (const std::string& one : plain) {
    for (size_t i = 0; i < one.size(); ++i) {
      if (one[i] == '\\') {
        ++i;
        continue;
      }
      if (one[i] != '[') continue;
      const size_t close = one.find(']', i + 2);
      if (close == std::string::npos) return BadPattern(pattern, "a bracket is not closed");
      i = close;
    }
  }
  return Status::OK();
}

bool FitsPattern(std::string_view name, std::string_view pattern) {
  std::vector<std::string> plain;
  return ExpandBraces(pattern, &plain).ok() &&
         std::any_of(plain.begin(), plain.end(), [&](const std::string& one) { return FitsPlain(name, one); });
}

Result<std::vector<std::string>> ExpandPattern(const Location& place, const std::string& uri) {
  SLUICE_RETURN_IF_ERROR(CheckPattern(uri));
  std::vector<std::string> plain;
  SLUICE_RETURN_IF_ERROR(ExpandBraces(place.path, &plain));
  std::set<std::string> found;
  for (const std::string& path : plain) {
    const bool rooted = path.starts_with('/');
    SLUICE_RETURN_IF_ERROR(Walk(place.fs.get(), rooted ? "/" : "", std::string_view(path).substr(rooted), &found));
  }
  return std::vector<std::string>(found.begin(), found.end());
}

bool IsHiddenName(std::string_view name) {
  return name.starts_with(".") || (name.starts_with("_") && name.find('=') == std::string_view::npos) ||
         name.ends_with("._COPYING_");
}

}  // namespace sluice
