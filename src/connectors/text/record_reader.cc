// SPDX-License-Identifier: Apache-2.0
#include "connectors/text/record_reader.h"

#include <algorithm>

namespace sluice {
namespace {

constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

// Finds one character again and again in a text that is read on, and looks at no byte twice.
class CharacterFinder {
 public:
  explicit CharacterFinder(char wanted) : wanted_(wanted) {}
  // In `data`, which begins at `position` of the text; npos when there is none.
  size_t Find(std::string_view data, int64_t position) {
    if (found_ >= position && found_ < clear_) return static_cast<size_t>(found_ - position);
    const auto from = static_cast<size_t>(std::max<int64_t>(clear_ - position, 0));
    const size_t at = from >= data.size() ? std::string_view::npos : data.find(wanted_, from);
    found_ = at == std::string_view::npos ? -1 : position + static_cast<int64_t>(at);
    clear_ = found_ < 0 ? position + static_cast<int64_t>(data.size()) : found_ + 1;
    return at;
  }

 private:
  const char wanted_;
  int64_t found_ = -1;  // the last one found, in the text
  int64_t clear_ = 0;   // what was looked at ends here
};

Status SkipByteOrderMark(TextWindow* window) {
  while (window->data().size() < kByteOrderMark.size()) {
    SLUICE_ASSIGN(const bool more, window->More());
    if (!more) break;
  }
  if (window->data().starts_with(kByteOrderMark)) window->Consume(kByteOrderMark.size());
  return Status::OK();
}

class Lines : public RecordReader {
 public:
  // A separator of several characters may lie across the end of a part.
  Lines(std::unique_ptr<TextWindow> window, std::string separator, int64_t end)
      : window_(std::move(window)),
        separator_(std::move(separator)),
        end_(separator_.empty() || end == INT64_MAX ? end : end + static_cast<int64_t>(separator_.size()) - 1) {}

  // The line that a part before this one has.
  Status Start(int64_t begin) {
    if (begin == 0) return SkipByteOrderMark(window_.get());
    std::string_view line;
    return Read(&line).status();
  }

  Result<bool> Next(std::string_view* record) override {
    if (window_->position() + static_cast<int64_t>(consume_) > end_) return false;
    return Read(record);
  }

 private:
  struct Cut {
    size_t line = std::string_view::npos;  // bytes of the line; npos: it does not end in what is there
    size_t whole = 0;                      // with what ends it
    bool known = true;                     // false: what follows may belong to the end
  };

  Cut FindEnd(std::string_view data) {
    if (!separator_.empty()) {
      const size_t at = data.find(separator_, searched_);
      searched_ = data.size() < separator_.size() ? 0 : data.size() - separator_.size() + 1;
      return at == std::string_view::npos ? Cut() : Cut{at, at + separator_.size()};
    }
    const size_t feed = feeds_.Find(data, window_->position());
    const size_t carriage = returns_.Find(data, window_->position());
    if (carriage >= feed) return feed == std::string_view::npos ? Cut() : Cut{feed, feed + 1};
    if (carriage + 1 == feed) return Cut{carriage, carriage + 2};
    return Cut{carriage, carriage + 1, carriage + 1 < data.size()};
  }

  Result<bool> Read(std::string_view* line) {
    window_->Consume(consume_);
    consume_ = 0;
    searched_ = 0;
    begin_ = window_->position();
    for (;;) {
      const std::string_view data = window_->data();
      const Cut cut = FindEnd(data);
      if (cut.line != std::string_view::npos && cut.known) {
        *line = data.substr(0, cut.line);
        consume_ = cut.whole;
        return true;
      }
      SLUICE_ASSIGN(const bool more, window_->More());
      if (more) continue;
      *line = window_->data();
      consume_ = line->size();
      if (cut.line != std::string_view::npos) *line = line->substr(0, cut.line);
      return consume_ > 0;
    }
  }

  const std::unique_ptr<TextWindow> window_;
  const std::string separator_;
  const int64_t end_;
  CharacterFinder feeds_{'\n'};
  CharacterFinder returns_{'\r'};
  size_t searched_ = 0;
  size_t consume_ = 0;  // of the last line
};

class WholeFile : public RecordReader {
 public:
  explicit WholeFile(std::unique_ptr<TextWindow> window) : window_(std::move(window)) {}

  Result<bool> Next(std::string_view* record) override {
    if (done_) return false;
    done_ = true;
    for (;;) {
      SLUICE_ASSIGN(const bool more, window_->More());
      if (!more) break;
    }
    *record = window_->data();
    return true;
  }

 private:
  const std::unique_ptr<TextWindow> window_;
  bool done_ = false;
};

// Follows the quotes of one CSV record to its end; what they mean is CsvTokenizer's.
class RecordEnd {
 public:
  explicit RecordEnd(const CsvSyntax& syntax) : syntax_(syntax) {}
  void Reset() { state_ = State::kFieldStart; }
  // Passes over a character that is no line end outside quotes; `next` is what follows it. The result is the number of
  // characters passed.
  size_t Step(std::string_view rest);
  bool in_quotes() const { return state_ == State::kQuoted; }

 private:
  enum class State { kFieldStart, kPlain, kQuoted, kAfterQuote };

  size_t StepQuoted(std::string_view rest);

  const CsvSyntax& syntax_;
  State state_ = State::kFieldStart;
};

size_t RecordEnd::StepQuoted(std::string_view rest) {
  const char c = rest[0];
  const char next = rest.size() > 1 ? rest[1] : '\0';
  const bool escapes = c == syntax_.escape && syntax_.escape != '\0';
  if (escapes && rest.size() > 1 && (next == syntax_.quote || next == syntax_.escape_escape)) return 2;
  if (c == syntax_.quote) state_ = State::kAfterQuote;
  return 1;
}

size_t RecordEnd::Step(std::string_view rest) {
  if (state_ == State::kQuoted) return StepQuoted(rest);
  if (rest.starts_with(syntax_.separator)) {
    state_ = State::kFieldStart;
    return syntax_.separator.size();
  }
  const char c = rest[0];
  const bool blank = static_cast<unsigned char>(c) <= ' ';
  if (state_ == State::kFieldStart) {
    if (c == syntax_.quote && syntax_.quote != '\0') {
      state_ = State::kQuoted;
    } else if (!blank || !syntax_.trim_left) {
      state_ = State::kPlain;
    }
  } else if (state_ == State::kAfterQuote && c != syntax_.quote && !blank) {
    // The quote before was one inside the field.
    const bool goes_on = syntax_.unescaped_quotes == UnescapedQuotes::kStopAtClosingQuote;
    state_ = goes_on ? State::kQuoted : State::kPlain;
  }
  return 1;
}

class CsvRecords : public RecordReader {
 public:
  CsvRecords(std::unique_ptr<TextWindow> window, const CsvSyntax& syntax, std::string separator)
      : window_(std::move(window)), syntax_(syntax), separator_(std::move(separator)), end_(syntax_) {}

  Status Start() {
    SLUICE_RETURN_IF_ERROR(SkipByteOrderMark(window_.get()));
    if (window_->data().empty()) SLUICE_RETURN_IF_ERROR(window_->More().status());
    if (!separator_.empty()) return Status::OK();
    // The kind of line end that comes first is the file's.
    detected_ = true;
    const std::string_view data = window_->data();
    const size_t first = data.find_first_of("\r\n");
    separator_ = "\n";
    if (first != std::string_view::npos && data[first] == '\r')
      separator_ = data.substr(first).starts_with("\r\n") ? "\r\n" : "\r";
    return Status::OK();
  }

  Result<bool> Next(std::string_view* record) override {
    for (;;) {
      SLUICE_ASSIGN(const bool found, Read(record));
      if (!found) return false;
      const bool comment = syntax_.comment != '\0' && record->starts_with(syntax_.comment);
      if (comment || IsNothing(*record)) continue;
      Normalize(record);
      return true;
    }
  }

 private:
  // Without a character, or without one that is not passed over.
  bool IsNothing(std::string_view record) const {
    const auto passed = [](char c) { return static_cast<unsigned char>(c) <= ' '; };
    if (record.empty()) return true;
    return syntax_.trim_left && std::all_of(record.begin(), record.end(), passed) &&
           record.find(syntax_.separator) == std::string_view::npos;
  }

  // Line ends inside of quotes become line feeds, where the file's are others.
  void Normalize(std::string_view* record) {
    if (!detected_ || separator_ == "\n" || record->find(separator_) == std::string_view::npos) return;
    normalized_.clear();
    for (size_t at = 0; at < record->size();) {
      const bool ends = record->substr(at).starts_with(separator_);
      normalized_ += ends ? '\n' : (*record)[at];
      at += ends ? separator_.size() : 1;
    }
    *record = normalized_;
  }

  // What can be read ahead decides what a character means.
  size_t Ahead() const { return std::max(separator_.size(), syntax_.separator.size()) + 1; }

  size_t LineEndAt(std::string_view rest) const {
    if (rest.starts_with(separator_)) return separator_.size();
    return rest[0] == '\n' ? 1 : 0;
  }

  Result<bool> Read(std::string_view* record) {
    window_->Consume(consume_);
    consume_ = 0;
    begin_ = window_->position();
    end_.Reset();
    size_t at = 0;
    bool whole = false;  // all of the file is there
    bool comment = false;
    for (;;) {
      const std::string_view data = window_->data();
      while (at < data.size() && (whole || at + Ahead() <= data.size())) {
        if (at == 0) comment = syntax_.comment != '\0' && data[0] == syntax_.comment;
        const std::string_view rest = data.substr(at);
        const size_t line_end = end_.in_quotes() ? 0 : LineEndAt(rest);
        if (line_end > 0) {
          *record = data.substr(0, at);
          consume_ = at + line_end;
          return true;
        }
        at += comment ? 1 : end_.Step(rest);
      }
      if (whole) {
        *record = data;
        consume_ = data.size();
        return consume_ > 0;
      }
      SLUICE_ASSIGN(const bool more, window_->More());
      whole = !more;
    }
  }

  const std::unique_ptr<TextWindow> window_;
  const CsvSyntax syntax_;
  std::string separator_;
  bool detected_ = false;  // separator_ was not given
  std::string normalized_;
  RecordEnd end_;
  size_t consume_ = 0;
};

}  // namespace

Result<std::unique_ptr<RecordReader>> OpenLines(const FilePart& part, std::string separator, ReaderMemory* memory) {
  SLUICE_ASSIGN(auto window, TextWindow::Open(part.file->file(), part.begin, memory));
  auto lines = std::make_unique<Lines>(std::move(window), std::move(separator), part.end);
  SLUICE_RETURN_IF_ERROR(lines->Start(part.begin));
  return std::unique_ptr<RecordReader>(std::move(lines));
}

Result<std::unique_ptr<RecordReader>> OpenWholeFile(const FilePart& part, ReaderMemory* memory) {
  SLUICE_ASSIGN(auto window, TextWindow::Open(part.file->file(), 0, memory));
  return std::make_unique<WholeFile>(std::move(window));
}

Result<std::unique_ptr<RecordReader>> OpenCsvRecords(const FilePart& part, const CsvSyntax& syntax,
                                                     std::string separator, ReaderMemory* memory) {
  SLUICE_ASSIGN(auto window, TextWindow::Open(part.file->file(), 0, memory));
  auto records = std::make_unique<CsvRecords>(std::move(window), syntax, std::move(separator));
  SLUICE_RETURN_IF_ERROR(records->Start());
  return std::unique_ptr<RecordReader>(std::move(records));
}

}  // namespace sluice
