// SPDX-License-Identifier: Apache-2.0
// sentences: texts cut into sentences, and those into words, as java.text.BreakIterator does.
#include "expr/functions/sentences.h"

#include <arrow/api.h>

#include <cctype>

#include "expr/map_rows.h"
#include "expr/regex.h"
#include "types/spark_type.h"

namespace sluice {
namespace {

using ArrayPtr = std::shared_ptr<arrow::Array>;
using Text = std::string_view;

// A sentence ends behind ! and ?, and behind a period where blanks and a letter that is not small follow.
constexpr Text kSentence =
    "[\\s\\S]*?(?:[!?\\u3002\\uFF01\\uFF1F][!?\\u3002\\uFF01\\uFF1F.\\uFF0E\\p{Pe}\\p{Pf}\"']*[\\s\\p{Zs}]*"
    "|[.\\uFF0E][!?\\u3002\\uFF01\\uFF1F.\\uFF0E\\p{Pe}\\p{Pf}\"']*[\\s\\p{Zs}]+"
    "(?=[\\p{Ps}\\p{Pi}\"']*[\\p{Lu}\\p{Lt}\\p{Lo}])"
    "|\\u2029|\\z)";
// Letters and numbers side by side. Dashes, quotes and points join letters, points and commas join digits.
constexpr Text kWord =
    "(?:[\\p{L}\\p{Mc}][\\p{Mn}\\p{Me}\\p{Cf}]*)+"
    "(?:[\\p{Pd}\\p{Pc}\\u00AD\\u2027\"'.](?:[\\p{L}\\p{Mc}][\\p{Mn}\\p{Me}\\p{Cf}]*)+)*";
constexpr Text kNumber = "\\p{N}+(?:[\"',\\u066B.]\\p{N}+)*";
constexpr Text kAfterNumber = "[%&\\u00A2\\u2030\\u2031]?";
constexpr Text kBeforeNumber = "[\\p{Sc}#.]";

std::string WordPattern() {
  const std::string word(kWord);
  const std::string number(kNumber);
  const std::string after(kAfterNumber);
  // A sign of a currency belongs to the number behind it, and makes it no word.
  const std::string pairs = "(?:" + number + word + ")";
  return std::string(kBeforeNumber) + "(?:" + pairs + "+(?:" + number + after + ")?|" + number + after +
         ")|(?:" + word + ")?(?:" + pairs + "+(?:" + number + after + ")?|" + number + after + ")|" + word;
}

bool BeginsWord(Text found) {
  return !found.empty() &&
         (static_cast<unsigned char>(found[0]) >= 0x80U || std::isalnum(static_cast<unsigned char>(found[0])) != 0);
}

Status AppendWords(Text sentence, Regex* words, arrow::StringViewBuilder* out) {
  SLUICE_ASSIGN(bool found, words->Find(sentence));
  while (found) {
    const Text word = sentence.substr(words->group(0).begin, words->group(0).end - words->group(0).begin);
    if (BeginsWord(word)) SLUICE_RETURN_IF_ERROR(out->Append(word));
    SLUICE_ASSIGN(found, words->FindNext());
  }
  return Status::OK();
}

// The languages do not matter: Java has the same rules for all but a few.
Result<ArrayPtr> Sentences(const KernelCall& call) {
  SLUICE_ASSIGN(auto builder, arrow::MakeBuilder(call.node.type(), PoolOf(call.context)));
  auto* rows = static_cast<arrow::ListBuilder*>(builder.get());
  auto* sentences = static_cast<arrow::ListBuilder*>(rows->value_builder());
  auto* words = static_cast<arrow::StringViewBuilder*>(sentences->value_builder());
  SLUICE_ASSIGN(Regex sentence_pattern, Regex::Compile(kSentence, "sentences", call.context.cancelled));
  SLUICE_ASSIGN(Regex word_pattern, Regex::Compile(WordPattern(), "sentences", call.context.cancelled));
  const ColumnReader<Text> texts(*call.args[0]);
  for (int64_t row = 0; row < call.rows; ++row) {
    if (row % kRowsUncancelled == 0) SLUICE_RETURN_IF_ERROR(call.context.CheckCancelled());
    if (call.args[0]->IsNull(row)) {
      SLUICE_RETURN_IF_ERROR(rows->AppendNull());
      continue;
    }
    SLUICE_RETURN_IF_ERROR(rows->Append());
    const Text text = texts[row];
    for (size_t at = 0; at < text.size();) {
      const Result<bool> found = sentence_pattern.Find(text, at);
      if (!found.ok()) return WithRow(found.status(), row);
      const size_t end = *found && sentence_pattern.group(0).end > at ? sentence_pattern.group(0).end : text.size();
      SLUICE_RETURN_IF_ERROR(sentences->Append());
      const Status appended = AppendWords(text.substr(at, end - at), &word_pattern, words);
      if (!appended.ok()) return WithRow(appended, row);
      at = end;
    }
  }
  return builder->Finish();
}

}  // namespace

void AddSentences(FunctionTable* table) {
  table->push_back(Function("sentences", "sentences(str[, language[, country]])",
                            "The sentences of a text, each as its words.", "sentences('Hi there! Good morning.')",
                            "2.0.0",
                            {.args = {Arg::kString, Arg::kString, Arg::kString},
                             .type = ArrayType(ArrayType(StringType(), false), false),
                             .kernel = Sentences,
                             .nulls = Nulls::kAlways,
                             .required = 1,
                             .defaults = {StringLiteral(""), StringLiteral("")},
                             .java_text = true,
                             .order = Order::kAll}));
}

}  // namespace sluice
