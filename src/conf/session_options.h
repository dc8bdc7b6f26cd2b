// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "conf/conf.h"

namespace sluice {

// The settings that decide what SQL text, names and expressions mean. Parser, analyzer, folding and evaluation all take
// this one value, so that no door (C++ API, SQL file, command line) can hand over a part of it. Copied freely.
struct SessionOptions {
  bool ansi = true;                        // spark.sql.ansi.enabled
  std::string time_zone = "UTC";           // spark.sql.session.timeZone
  bool double_quoted_identifiers = false;  // spark.sql.ansi.doubleQuotedIdentifiers, with ANSI only
  bool escaped_string_literals = false;    // spark.sql.parser.escapedStringLiterals

  // Reads them from a session's or a batch's settings. The defaults above are those of an empty Conf in UTC.
  static SessionOptions Of(const Conf& conf);
  // True for the keys that Of() reads.
  static bool Reads(const std::string& key);
};

}  // namespace sluice
