// SPDX-License-Identifier: Apache-2.0
#include "expr/case_mapping.h"

#include <algorithm>

#include "expr/case_table.h"
#include "expr/characters.h"
#include "types/utf8_repair.h"

namespace sluice {
namespace {

constexpr uint32_t kSigma = 0x3A3;
constexpr uint32_t kFinalSigma = 0x3C2;

// Appends what a table makes of a character; false when it has none.
bool AppendMapped(const CaseTable& table, uint32_t point, std::string* out) {
  const auto text = std::lower_bound(table.texts.begin(), table.texts.end(), point,
                                     [](const CaseText& row, uint32_t wanted) { return row.point < wanted; });
  if (text != table.texts.end() && text->point == point) {
    for (const char32_t c : text->text) AppendCodePoint(c, out);
    return true;
  }
  const auto run = std::lower_bound(table.runs.begin(), table.runs.end(), point,
                                    [](const CaseRun& row, uint32_t wanted) { return row.last < wanted; });
  if (run == table.runs.end() || point < run->first || (point - run->first) % run->step != 0) return false;
  AppendCodePoint(static_cast<uint32_t>(static_cast<int64_t>(point) + run->distance), out);
  return true;
}

bool IsCased(uint32_t point) {
  std::string unused;
  return AppendMapped(kUpperCase, point, &unused) || AppendMapped(kLowerCase, point, &unused);
}

// Marks and signs that do not part the letters of a word.
bool IsCaseIgnorable(uint32_t point) {
  constexpr std::u32string_view kSigns = U"'.:^`\u00A8\u00AD\u00AF\u00B4\u00B7\u00B8\u2018\u2019\u2024\u2027";
  return kSigns.find(point) != std::u32string_view::npos || (point >= 0x2B0 && point < 0x370) ||
         (point >= 0x483 && point < 0x48A) || (point >= 0x591 && point < 0x5BE) || (point >= 0x200B && point < 0x2010);
}

// Size of the first character and its code point, U+FFFD for what is no UTF-8.
size_t Decode(std::string_view text, uint32_t* point) {
  const size_t size = WellFormedCharacter(text);
  *point = size == 0 ? 0xFFFD : FirstCodePoint(text);
  return size == 0 ? MalformedForUnicode(text) : size;
}

bool CasedLetterFollows(std::string_view text) {
  while (!text.empty()) {
    uint32_t point = 0;
    text.remove_prefix(Decode(text, &point));
    if (!IsCaseIgnorable(point)) return IsCased(point);
  }
  return false;
}

// Writes the characters of a text one after the other, and knows what stands before a sigma.
class CaseWriter {
 public:
  explicit CaseWriter(std::string* out) : out_(out) {}

  void Upper(uint32_t point) { Mapped(kUpperCase, point); }

  void Title(uint32_t point) {
    if (!AppendMapped(kTitleCase, point, out_)) Mapped(kUpperCase, point);
    Saw(point);
  }

  // `rest`: what follows.
  void Lower(uint32_t point, std::string_view rest) {
    if (point == kSigma && after_cased_ && !CasedLetterFollows(rest)) {
      AppendCodePoint(kFinalSigma, out_);
    } else {
      Mapped(kLowerCase, point);
    }
    Saw(point);
  }

 private:
  void Mapped(const CaseTable& table, uint32_t point) {
    if (!AppendMapped(table, point, out_)) AppendCodePoint(point, out_);
  }

  void Saw(uint32_t point) {
    if (!IsCaseIgnorable(point)) after_cased_ = IsCased(point);
  }

  std::string* out_;
  bool after_cased_ = false;
};

bool IsAscii(std::string_view text) {
  return std::none_of(text.begin(), text.end(), [](char c) { return (c & 0x80) != 0; });
}

char LowerAscii(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
}
char UpperAscii(char c) {
  return c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c;
}

}  // namespace

void AppendUpper(std::string_view text, std::string* out) {
  if (IsAscii(text)) {
    std::transform(text.begin(), text.end(), std::back_inserter(*out), UpperAscii);
    return;
  }
  CaseWriter writer(out);
  while (!text.empty()) {
    uint32_t point = 0;
    text.remove_prefix(Decode(text, &point));
    writer.Upper(point);
  }
}

void AppendLower(std::string_view text, std::string* out) {
  if (IsAscii(text)) {
    std::transform(text.begin(), text.end(), std::back_inserter(*out), LowerAscii);
    return;
  }
  CaseWriter writer(out);
  while (!text.empty()) {
    uint32_t point = 0;
    text.remove_prefix(Decode(text, &point));
    writer.Lower(point, text);
  }
}

void AppendInitCap(std::string_view text, std::string* out) {
  CaseWriter writer(out);
  bool begins = true;
  while (!text.empty()) {
    uint32_t point = 0;
    text.remove_prefix(Decode(text, &point));
    if (begins) {
      writer.Title(point);
    } else {
      writer.Lower(point, text);
    }
    begins = point == ' ';
  }
}

}  // namespace sluice
