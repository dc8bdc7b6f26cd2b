// SPDX-License-Identifier: Apache-2.0
// The tables of options in docs/sinks.md are those of the code.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "connectors/console/console_sink.h"
#include "connectors/file/file_format.h"
#include "connectors/file/file_sink_settings.h"
#include "connectors/kafka/kafka_sink.h"

namespace sluice {
namespace {

struct Section {
  std::string title;
  std::vector<OptionRow> options;
};

// What all sinks of files take, then what each format adds, then the other sinks.
std::vector<Section> Sections() {
  std::vector<Section> sections;
  const FileFormat* parquet = FindFileFormat("parquet");
  std::vector<OptionRow> of_all = FileSinkOptions(*parquet);
  of_all.resize(of_all.size() - parquet->write_options().size());
  sections.push_back({"all sinks of files", of_all});
  for (const char* name : {"parquet", "csv", "json", "text"}) {
    sections.push_back({name, FindFileFormat(name)->write_options()});
  }
  sections.push_back({"kafka", KafkaSinkOptions()});
  sections.push_back({"console", ConsoleSinkOptions()});
  return sections;
}

// A line end inside a cell would end the table.
std::string Cell(const std::string& text) {
  return text.empty() ? "" : fmt::format("`{}`", text == "\n" ? "\\n" : text);
}

std::string TableOf(const std::vector<OptionRow>& options) {
  std::string table = "| option | default | |\n|---|---|---|\n";
  for (const OptionRow& row : options) {
    const char* refused = row.use == OptionUse::kRefused ? "Refused: " : "";
    table += fmt::format("| `{}` | {} | {}{} |\n", row.name, Cell(row.default_value), refused, row.doc);
  }
  return table;
}

// SLUICE_UPDATE_DOCS=1 writes the tables of the page anew.
TEST(SinksPage, TheDocumentedOptionsAreTheTables) {
  const std::string path = SLUICE_SOURCE_DIR "/docs/sinks.md";
  std::stringstream page;
  page << std::ifstream(path).rdbuf();
  std::string text = page.str();
  for (const Section& section : Sections()) {
    const size_t title = text.find(fmt::format("\n### Options: {}\n", section.title));
    ASSERT_NE(title, std::string::npos) << section.title;
    const size_t begin = text.find("| option |", title);
    ASSERT_NE(begin, std::string::npos) << section.title;
    const size_t end = text.find("\n\n", begin) + 1;
    const std::string table = TableOf(section.options);
    if (std::getenv("SLUICE_UPDATE_DOCS") == nullptr) {
      EXPECT_EQ(text.substr(begin, end - begin), table);
    } else {
      text.replace(begin, end - begin, table);
    }
  }
  if (std::getenv("SLUICE_UPDATE_DOCS") != nullptr) std::ofstream(path) << text;
}

}  // namespace
}  // namespace sluice
