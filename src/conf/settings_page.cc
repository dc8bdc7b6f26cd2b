// SPDX-License-Identifier: Apache-2.0
#include "conf/settings_page.h"

#include <fmt/format.h>

#include "conf/conf.h"

namespace sluice {
namespace {

void AppendTable(SettingUse use, const char* title, std::string* page) {
  *page += fmt::format("\n## {}\n| setting | default | |\n|---|---|---|\n", title);
  for (const Setting& setting : AllSettings()) {
    if (setting.use != use) continue;
    const std::string shown = setting.default_value[0] == '\0' ? "" : fmt::format("`{}`", setting.default_value);
    *page += fmt::format("| `{}` | {} | {} |\n", setting.key, shown, setting.doc);
  }
}

}  // namespace

std::string SettingsPage() {
  std::string page =
      "# Settings\n\nGiven by `--conf KEY=VALUE`, `--conf-file FILE` (lines as in spark-defaults.conf; `--conf` "
      "wins),\n"
      "`SET key = value;`, or `config(key, value)` of the session builder. What stands on a command line, everybody on "
      "the\n"
      "machine can read: secrets belong into a file of mode 0600 or the environment. Keys that no\n"
      "table here names are kept and have no effect, as in Spark. `spark.hadoop.fs.s3a.*` configures S3.\n"
      "This page is made from the tables in `src/conf/settings.cc` and `sql_settings.cc`.\n";
  AppendTable(SettingUse::kHonoured, "Honoured", &page);
  AppendTable(SettingUse::kRefused, "Refused when set to another value than the default", &page);
  AppendTable(SettingUse::kMeaningless, "Without meaning here: one note", &page);
  return page;
}

}  // namespace sluice
