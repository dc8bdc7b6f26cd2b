// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

namespace sluice::s3 {

// A pull scanner for the small XML documents of S3: elements and text. Attributes, comments, processing instructions
// and CDATA marks are stepped over; namespaces are left on the name's left of ':' and dropped. Views point into the
// document, which must outlive the scanner.
class XmlScanner {
 public:
  enum class Token { kOpen, kClose, kEnd, kBroken };

  explicit XmlScanner(std::string_view document) : rest_(document) {}
  // Goes to the next tag; kEnd when no tag is left outside of any element, kBroken for a torn or ill-nested document.
  Token Next();
  std::string_view name() const { return name_; }
  // The decoded text between the last two tags.
  const std::string& text() const { return text_; }

 private:
  Token ReadTag();
  bool SkipPast(std::string_view mark);
  bool DecodeText(std::string_view raw);

  std::string_view rest_;
  std::string_view name_;
  std::string text_;
  int depth_ = 0;
  bool self_closed_ = false;
};

// The text of the first element of that name, decoded; empty when there is none.
std::string XmlText(std::string_view document, std::string_view element);
// &, <, >, quotes and control characters as entities.
std::string XmlEscape(std::string_view text);

}  // namespace sluice::s3
