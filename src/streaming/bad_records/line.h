// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "base/status.h"
#include "connectors/source_record.h"

namespace sluice {

// A record that was set aside, as a line of JSON:
//   {"topic":"reviews","partition":1,"offset":42,"timestamp":1700000000000,"timestampType":0,"headers":null,
//    "key":null,"value":"<base64>","errorClass":"INVALID_ARRAY_INDEX","sqlState":"22003","message":".."}
// `timestamp` is in milliseconds, header values are base64 as well. A record that was too large to be read has null for
// key, value and headers, and "leftOut":true behind "value". A source without raw records has "place" alone in
// place of the first eight. The line depends on the record and its error alone, so that a re-run writes it again.
// It is given to `write` piece by piece: the value, which may have many megabytes, is never there a second time whole.
Status FormatBadRecord(const SourceRecord& record, const Status& error,
                       const std::function<Status(std::string_view piece)>& write);
// The same in one piece.
Result<std::string> FormatBadRecord(const SourceRecord& record, const Status& error);

// The record of a line without its line end. `place` is for error messages. Lines without a raw record are refused:
// there is nothing that could be put through again.
Result<SourceRecord> ParseBadRecord(std::string_view line, const std::string& place);

}  // namespace sluice
