// SPDX-License-Identifier: Apache-2.0
// What is read back from a folder of bad records. The first byte chooses: c an entry of _committed, r of _replayed, l a
// line of records.
#include "check.h"
#include "conf/conf.h"
#include "env/env.h"
#include "streaming/bad_records/folder.h"
#include "streaming/bad_records/line.h"
#include "targets.h"

namespace sluice::fuzz {
namespace {

constexpr char kFolder[] = "/bad/query=78047e42-570e-476a-a8da-4f6632edc9a2";

void NamesTheFile(const Status& status, const std::string& path) {
  FUZZ_CHECK(status.ok() || status.ToString().find(path) != std::string::npos, status.ToString());
}

}  // namespace

void BadRecords(std::string_view input) {
  if (input.empty()) return;
  const std::string text(input.substr(1));
  if (input[0] == 'l') return NamesTheFile(ParseBadRecord(text, "/bad/x.jsonl").status(), "/bad/x.jsonl");
  const std::string path = std::string(kFolder) + (input[0] == 'c' ? "/_committed/7" : "/_replayed/7");
  const auto fs = MakeMemoryFileSystem();
  const auto env = MakeTestEnv(std::make_shared<ManualClock>(0), fs);
  FUZZ_CHECK(fs->CreateAtomic(path, text).ok(), path);
  const auto folder = *BadRecordFolder::Open("/bad", {}, "78047e42-570e-476a-a8da-4f6632edc9a2", env.get());
  (void)folder->FindUnsettled(BatchId(100)).status();
  if (input[0] != 'c') return NamesTheFile(folder->ToReplay(BatchId(8), BatchId(100)).status(), path);
  const auto files = folder->FilesOf(BatchId(7));
  NamesTheFile(files.status(), path);
  if (!files.ok()) return;
  for (const BadRecordFile& file : *files) {
    FUZZ_CHECK(IsBelow(kFolder, folder->FolderOf(BatchId(7)) + "/" + file.name) &&
                   file.name.find('/') == std::string::npos && file.records >= 0 && file.bytes >= 0,
               file.name);
  }
}

}  // namespace sluice::fuzz
