// SPDX-License-Identifier: Apache-2.0
// A file of text of someone else's, whole: as CSV, JSON or lines, under any options and schema. An input is a line with
// the format and a number, a line of options (name=value, between them byte 0x02), a line with the schema, and the
// text.
#include <arrow/api.h>

#include <algorithm>
#include <charconv>
#include <chrono>

#include "base/memory_budget.h"
#include "check.h"
#include "connectors/file/file_table.h"
#include "connectors/text/record_reader.h"
#include "targets.h"
#include "types/spark_type.h"

namespace sluice::fuzz {
namespace {

constexpr char kFile[] = "/t/a";
constexpr int64_t kBudget = 16 << 20;
constexpr auto kLongest = std::chrono::seconds(10);

std::string_view TakeLine(std::string_view* input) {
  const size_t end = std::min(input->find('\n'), input->size());
  const std::string_view line = input->substr(0, end);
  input->remove_prefix(std::min(end + 1, input->size()));
  return line;
}

void SetOptions(std::string_view line, Options* options) {
  while (!line.empty()) {
    const size_t end = std::min(line.find('\x02'), line.size());
    const std::string_view option = line.substr(0, end);
    const size_t equals = std::min(option.find('='), option.size());
    options->Set(std::string(option.substr(0, equals)),
                 std::string(option.substr(std::min(equals + 1, option.size()))));
    line.remove_prefix(std::min(end + 1, line.size()));
  }
}

// `raw`: lines are given as they are, also where they are no UTF-8.
Status ReadColumns(BatchSource* source, const std::vector<int>& columns, bool raw) {
  SLUICE_ASSIGN(const auto tasks, source->PlanTasks());
  for (const InputPartition& task : tasks) {
    SLUICE_ASSIGN(const auto reader, source->OpenReader(task, columns));
    for (;;) {
      SLUICE_ASSIGN(const auto slice, reader->Next());
      if (slice == nullptr) break;
      const arrow::Status valid = raw ? slice->Validate() : slice->ValidateFull();
      FUZZ_CHECK(slice->num_rows() > 0 && valid.ok(), valid.ToString());
      FUZZ_CHECK(reader->PlaceOf(slice->num_rows() - 1).find(kFile) != std::string::npos, "");
    }
  }
  return Status::OK();
}

void ReadTable(const FileFormat& format, const SourceContext& context) {
  const auto schema = FileTableSchema(format, context);
  if (!schema.ok()) return;
  const auto source = OpenFileTable(format, context);
  if (!source.ok()) return;
  std::vector<int> all;
  for (int i = 0; i < (*schema)->num_fields(); ++i) all.push_back(i);
  const bool raw = std::string_view(format.name) == "text";
  (void)ReadColumns(source->get(), all, raw);
  (void)ReadColumns(source->get(), {}, raw);
  if (!all.empty()) (void)ReadColumns(source->get(), {all.back()}, raw);
}

// The lines of a file in two parts are those of the file, wherever it is cut.
void CheckParts(const SourceContext& context, const std::string& separator, size_t cut, size_t size) {
  const auto place = context.env->Locate(kFile, context.conf).ValueOrDie();
  const auto file = std::make_shared<SharedFile>(TableFile{place.fs, kFile, static_cast<int64_t>(size), {}, 0, {}});
  const auto lines = [&](int64_t begin, int64_t end, std::vector<std::string>* out) {
    ReaderMemory memory(nullptr, 0, kFile);
    const auto reader = OpenLines({file, begin, end, 0}, separator, &memory).ValueOrDie();
    std::string_view line;
    while (reader->Next(&line).ValueOrDie()) out->emplace_back(line);
  };
  std::vector<std::string> whole;
  std::vector<std::string> parts;
  const auto at = static_cast<int64_t>(size == 0 ? 0 : cut % size);
  lines(0, INT64_MAX, &whole);
  if (at > 0) lines(0, at, &parts);
  lines(at, INT64_MAX, &parts);
  FUZZ_CHECK(whole == parts, std::to_string(at));
}

}  // namespace

void TextFiles(std::string_view input) {
  const std::string_view first = TakeLine(&input);
  const size_t blank = std::min(first.find(' '), first.size());
  const FileFormat* format = FindFileFormat(std::string(first.substr(0, blank)));
  SourceContext context;
  SetOptions(TakeLine(&input), &context.options);
  const std::string schema(TakeLine(&input));
  if (format == nullptr || std::string_view(format->name) == "parquet") return;
  size_t cut = 0;
  const std::string_view number = first.substr(std::min(blank + 1, first.size()));
  std::from_chars(number.data(), number.data() + number.size(), cut);
  const auto fs = MakeMemoryFileSystem();
  FUZZ_CHECK(fs->CreateAtomic(kFile, input).ok(), "");
  MemoryBudget budget(kBudget);
  context.env = MakeTestEnv(std::make_shared<ManualClock>(0), fs);
  context.paths = {kFile};
  context.budget = &budget;
  if (auto given = ParseSparkSchema(schema); !schema.empty() && given.ok()) context.schema = *given;
  const auto begin = std::chrono::steady_clock::now();
  ReadTable(*format, context);
  FUZZ_CHECK(std::chrono::steady_clock::now() - begin < kLongest, "it took too long");
  FUZZ_CHECK(budget.used() == 0, "memory is counted that nobody holds");
  FUZZ_CHECK(budget.peak() <= kBudget + kBudget / 4, "more than the budget was taken");
  // A separator that may begin inside of itself can be cut in more than one way.
  const std::string separator = context.options.Get("lineSep", "");
  if (separator.size() <= 1) CheckParts(context, separator, cut, input.size());
}

}  // namespace sluice::fuzz
