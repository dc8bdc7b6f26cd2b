// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "env/env.h"
#include "spark_writer.h"

namespace sluice {

// Looks at checkpoint and table from outside. What it finds wrong is a line each.
class TableOracle {
 public:
  TableOracle(std::shared_ptr<FileSystem> fs, std::string checkpoint, std::string table)
      : fs_(std::move(fs)), checkpoint_(std::move(checkpoint)), table_(std::move(table)) {}

  // After every step: no log entry and no file that the sink log names has ever changed its bytes; logs have no hole;
  // offsets never go back.
  void Look();
  // Compares what these files hold with what they must.
  using Comparison = std::function<void(const std::vector<std::string>& files, const std::string& where)>;
  // At the end: the table is right, through the sink log and in a plain listing; `checkpoint verify` finds the whole.
  // `foreign_orphans`: another writer left part files, or left ours behind; they must be found, and are cleaned first.
  void Judge(const Comparison& compare, bool foreign_orphans);
  // Every record once.
  void CompareRecords(const Produced& produced, const std::vector<std::string>& files, const std::string& where);
  void Wrong(std::string line) { wrong_.push_back(std::move(line)); }
  const std::vector<std::string>& wrong() const { return wrong_; }

 private:
  void Remember(const std::string& folder);
  bool MayBeReplaced(const std::string& path) const;
  std::vector<int64_t> Numbers(const std::string& folder);
  void LookAtOffsets(const std::vector<int64_t>& numbers);
  std::vector<std::string> LoggedFiles();
  std::vector<std::string> ListedFiles();

  const std::shared_ptr<FileSystem> fs_;
  const std::string checkpoint_, table_;
  std::map<std::string, std::string> seen_;  // path -> bytes, for good
  std::vector<std::string> wrong_;
};

}  // namespace sluice
