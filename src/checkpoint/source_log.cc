// SPDX-License-Identifier: Apache-2.0
#include "checkpoint/source_log.h"

#include <nlohmann/json.hpp>

#include "checkpoint/log_folder.h"

namespace sluice {

std::string FormatInitialOffset(const std::string& offset) {
  std::string text(1, '\0');
  text += "v1\n";
  return text + offset;
}

Result<std::string> ParseInitialOffset(const std::string& text, const std::string& path) {
  if (text.empty()) return DamagedFile(path, "it is empty");
  const std::string body = text.substr(1);
  const size_t newline = body.find('\n');
  if (newline == std::string::npos) return DamagedFile(path, "it ends before the offset");
  SLUICE_RETURN_IF_ERROR(ParseLogVersion(std::string_view(body).substr(0, newline), 1, path).status());
  std::string offset = body.substr(newline + 1);
  if (!nlohmann::json::accept(offset)) return DamagedFile(path, "its offset is not JSON");
  return offset;
}

Result<std::optional<std::string>> ReadInitialOffset(const Location& folder) {
  const LogFolder log(folder);
  Result<std::string> text = log.Read("0");
  if (!text.ok()) {
    if (IsNotFound(text.status())) return std::optional<std::string>();
    return text.status();
  }
  SLUICE_RETURN_IF_ERROR(log.MakeDurable());
  SLUICE_ASSIGN(std::string offset, ParseInitialOffset(*text, log.PathOf("0")));
  return std::optional<std::string>(std::move(offset));
}

Status WriteInitialOffset(const Location& folder, const std::string& offset) {
  return LogFolder(folder).Create("0", FormatInitialOffset(offset));
}

}  // namespace sluice
