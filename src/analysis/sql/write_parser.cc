// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "analysis/sql/statement_parser.h"

namespace sluice::sql {
namespace {

using spark::connect::WriteOperation;

class WriteStatement {
 public:
  WriteStatement(TokenCursor* cursor, const ParseOptions& options) : cursor_(*cursor), options_(options) {}

  Result<spark::connect::Command> Parse() {
    SLUICE_RETURN_IF_ERROR(ParseDirectory());
    SLUICE_ASSIGN(*write_.mutable_input(), QueryParser(&cursor_, options_).ParseQuery());
    spark::connect::Command command;
    *command.mutable_write_operation() = std::move(write_);
    return command;
  }

 private:
  // INSERT OVERWRITE [LOCAL] DIRECTORY ['path'] [USING format] [OPTIONS (..)] query
  Status ParseDirectory() {
    cursor_.AcceptWords({"INSERT", "OVERWRITE"});
    cursor_.AcceptWord("LOCAL");
    SLUICE_RETURN_IF_ERROR(cursor_.ExpectWord("DIRECTORY"));
    write_.set_mode(WriteOperation::SAVE_MODE_OVERWRITE);
    const size_t begin = cursor_.position();
    if (cursor_.Peek().kind == TokenKind::kString) write_.set_path(cursor_.Next().text);
    for (const char* clause : {"ROW", "STORED"}) {
      if (cursor_.IsWord(clause)) {
        return cursor_.Refuse(fmt::format("{} in INSERT OVERWRITE DIRECTORY (name a format by USING)", clause),
                              cursor_.position());
      }
    }
    SLUICE_RETURN_IF_ERROR(cursor_.ExpectWord("USING"));
    SLUICE_RETURN_IF_ERROR(ParseFormat());
    if (cursor_.AcceptWord("OPTIONS")) SLUICE_RETURN_IF_ERROR(ParseOptionList());
    for (const auto& [key, value] : write_.options()) {
      if (write_.path().empty() && EqualsIgnoringCase(key, "path")) write_.set_path(value);
    }
    if (!write_.path().empty()) return Status::OK();
    return WithPlace(UserError("SLUICE_INVALID_OPTION",
                               "INSERT OVERWRITE DIRECTORY needs a folder: behind DIRECTORY, or as the option path."),
                     cursor_.PlaceOf(begin));
  }

  Status ParseFormat() {
    SLUICE_ASSIGN(const std::string format, cursor_.ExpectName("A format"));
    write_.set_source(format);
    return Status::OK();
  }

  Status ParseOptionList() {
    SLUICE_RETURN_IF_ERROR(cursor_.ExpectSymbol("("));
    do {
      SLUICE_ASSIGN(auto option, ParseOptionPair(&cursor_));
      (*write_.mutable_options())[option.first] = std::move(option.second);
    } while (cursor_.AcceptSymbol(","));
    return cursor_.ExpectSymbol(")");
  }

  TokenCursor& cursor_;
  const ParseOptions& options_;
  WriteOperation write_;
};

}  // namespace

bool IsWriteStatement(const TokenCursor& cursor) {
  return cursor.IsWord("INSERT") && cursor.IsWord("OVERWRITE", 1) &&
         (cursor.IsWord("DIRECTORY", 2) || (cursor.IsWord("LOCAL", 2) && cursor.IsWord("DIRECTORY", 3)));
}

Result<spark::connect::Command> ParseWriteStatement(TokenCursor* cursor, const ParseOptions& options) {
  return WriteStatement(cursor, options).Parse();
}

}  // namespace sluice::sql
