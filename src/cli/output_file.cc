// SPDX-License-Identifier: Apache-2.0
#include "cli/output_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <iostream>
#include <streambuf>

#include "base/printable.h"
#include "base/spark_error.h"
#include "env/posix_file.h"

namespace sluice::cli {
namespace {

constexpr std::streamsize kBuffer = 64 * 1024;
constexpr mode_t kPermissions = 0777;

Status CannotWrite(const std::string& path, const std::string& why) {
  return UserError("SLUICE_USAGE", fmt::format("The file {} cannot be written: {}.", path, why));
}

// Collects bytes; whoever derives from it takes them away.
class CollectingBuffer : public std::streambuf {
 protected:
  std::streamsize xsputn(const char* data, std::streamsize size) override {
    // In pieces: a value of many megabytes is not there a second time.
    for (std::streamsize at = 0; at < size; at += kBuffer) {
      kept_.append(data + at, static_cast<size_t>(std::min<std::streamsize>(size - at, kBuffer)));
      if (!Take(false)) return at;
    }
    return size;
  }
  int overflow(int c) override {
    if (c == traits_type::eof()) return 0;
    kept_.push_back(static_cast<char>(c));
    return Take(false) ? c : traits_type::eof();
  }
  int sync() override { return Take(true) ? 0 : -1; }

  // Takes what is due of `kept_`; all of it when the stream is flushed.
  virtual bool Take(bool all) = 0;

  std::string kept_;
};

// Into an open file.
class FileBuffer : public CollectingBuffer {
 public:
  FileBuffer(int fd, std::string path) : fd_(fd), path_(std::move(path)) {}
  int fd() const { return fd_.get(); }

 private:
  bool Take(bool all) override {
    if (!all && kept_.size() < static_cast<size_t>(kBuffer)) return true;
    const Status written = WriteAll(fd_.get(), kept_.data(), kept_.size(), path_);
    kept_.clear();
    return written.ok();
  }

  const FileDescriptor fd_;
  const std::string path_;
};

// Onto the terminal, by whole lines: a character may come in two pieces.
class TerminalBuffer : public CollectingBuffer {
 public:
  ~TerminalBuffer() override { std::cout << Printable(kept_) << std::flush; }

  void Begin(Paint paint) {
    if (colors_) std::cout << CodeOf(paint);
  }

 private:
  bool Take(bool) override {
    const size_t end = kept_.rfind('\n');
    if (end == std::string::npos) return true;
    std::cout << Printable(std::string_view(kept_).substr(0, end + 1));
    kept_.erase(0, end + 1);
    return static_cast<bool>(std::cout);
  }

  const bool colors_ = HasColors(STDOUT_FILENO);
};

class TerminalStream : public std::ostream {
 public:
  TerminalStream() : std::ostream(nullptr) { rdbuf(&buffer_); }

 private:
  TerminalBuffer buffer_;
};

}  // namespace

Result<std::unique_ptr<OutputFile>> OutputFile::Open(const std::string& path) {
  struct stat there;
  const bool is_there = ::lstat(path.c_str(), &there) == 0;
  if (!is_there && errno != ENOENT) return CannotWrite(path, std::strerror(errno));
  if (is_there && S_ISLNK(there.st_mode)) return CannotWrite(path, "it is a symbolic link; name what it leads to");
  if (is_there && !S_ISREG(there.st_mode)) return CannotWrite(path, "it is no plain file");
  if (is_there && ::access(path.c_str(), W_OK) != 0) return CannotWrite(path, std::strerror(errno));
  const size_t slash = path.rfind('/');
  const std::string folder = slash == std::string::npos ? "" : path.substr(0, slash + 1);
  std::string temporary = fmt::format("{}.{}.XXXXXX", folder, path.substr(folder.size()));
  const int fd = ::mkostemp(temporary.data(), O_CLOEXEC);
  if (fd < 0) return CannotWrite(path, std::strerror(errno));
  mode_t mode = is_there ? there.st_mode & kPermissions : 0666;
  if (!is_there) {
    const mode_t mask = ::umask(0);  // nothing else of the process makes files yet
    ::umask(mask);
    mode &= ~mask;
  }
  std::unique_ptr<OutputFile> file(new OutputFile(path, std::move(temporary), fd));
  if (::fchmod(fd, mode) != 0) return CannotWrite(path, std::strerror(errno));
  return file;
}

OutputFile::OutputFile(std::string path, std::string temporary, int fd)
    : path_(std::move(path)),
      temporary_(std::move(temporary)),
      buffer_(std::make_unique<FileBuffer>(fd, path_)),
      stream_(std::make_unique<std::ostream>(buffer_.get())) {}

OutputFile::~OutputFile() {
  if (!temporary_.empty()) ::unlink(temporary_.c_str());
}

Status OutputFile::Finish() {
  stream_->flush();
  if (!*stream_) return EnvironmentError("SLUICE_IO", fmt::format("{} could not be written.", path_));
  if (::fsync(static_cast<FileBuffer&>(*buffer_).fd()) != 0) return ErrnoError("fsync", path_);
  if (::rename(temporary_.c_str(), path_.c_str()) != 0) return ErrnoError("rename", path_);
  temporary_.clear();
  return Status::OK();
}

std::unique_ptr<std::ostream> OpenStdout() {
  if (::isatty(STDOUT_FILENO) != 0) return std::make_unique<TerminalStream>();
  return std::make_unique<std::ostream>(std::cout.rdbuf());
}

void PaintLines(std::ostream& out, Paint paint) {
  if (auto* terminal = dynamic_cast<TerminalBuffer*>(out.rdbuf())) terminal->Begin(paint);
}

}  // namespace sluice::cli
