// SPDX-License-Identifier: Apache-2.0
#include "conf/session_options.h"

#include <algorithm>

namespace sluice {
namespace {

constexpr const char* kTimeZone = "spark.sql.session.timeZone";
constexpr const char* kAnsi = "spark.sql.ansi.enabled";
constexpr const char* kDoubleQuotedIdentifiers = "spark.sql.ansi.doubleQuotedIdentifiers";
constexpr const char* kEscapedStringLiterals = "spark.sql.parser.escapedStringLiterals";

}  // namespace

SessionOptions SessionOptions::Of(const Conf& conf) {
  SessionOptions options;
  // A session always has a zone; a bare Conf, as tests make it, has none.
  if (std::string zone = conf.Get(kTimeZone); !zone.empty()) options.time_zone = std::move(zone);
  options.ansi = conf.GetBool(kAnsi);
  options.double_quoted_identifiers = options.ansi && conf.GetBool(kDoubleQuotedIdentifiers);
  options.escaped_string_literals = conf.GetBool(kEscapedStringLiterals);
  return options;
}

bool SessionOptions::Reads(const std::string& key) {
  constexpr const char* kKeys[] = {kTimeZone, kAnsi, kDoubleQuotedIdentifiers, kEscapedStringLiterals};
  return std::any_of(std::begin(kKeys), std::end(kKeys), [&](const char* known) { return key == known; });
}

}  // namespace sluice
