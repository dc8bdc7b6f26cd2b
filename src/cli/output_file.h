// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/types.h>

#include <memory>
#include <ostream>
#include <string>

#include "base/status.h"
#include "cli/colors.h"

namespace sluice::cli {

// A file that a command writes for its user. The bytes go into a file beside it, which takes its place, with its mode,
// only at Finish; destroyed before, it leaves what was there. No symbolic link is followed.
class OutputFile {
 public:
  // What is there already must be a plain file: a link, a folder, a FIFO and a device are refused.
  static Result<std::unique_ptr<OutputFile>> Open(const std::string& path);
  ~OutputFile();
  OutputFile(const OutputFile&) = delete;
  OutputFile& operator=(const OutputFile&) = delete;

  std::ostream& stream() { return *stream_; }
  Status Finish();

 private:
  OutputFile(std::string path, std::string temporary, int fd);

  const std::string path_;
  std::string temporary_;  // empty once it has taken its place
  const std::unique_ptr<std::streambuf> buffer_;
  const std::unique_ptr<std::ostream> stream_;
};

// A stream for rows on standard output. On a terminal their control characters are shown instead of obeyed
// (base/printable.h); a line reaches the terminal with its end, the last one when the stream is destroyed.
std::unique_ptr<std::ostream> OpenStdout();
// Paints the lines of such a stream that begin from now on, where there are colours; no other stream.
void PaintLines(std::ostream& out, Paint paint);

}  // namespace sluice::cli
