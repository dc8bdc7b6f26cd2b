// SPDX-License-Identifier: Apache-2.0
// Loaded into an unchanged release program (LD_PRELOAD): counts its calls that change files below one folder and, at
// the k-th, fails it, kills the process before or after it, lets it take effect and reports failure, does nothing and
// reports success, or cuts the power: the process dies and all that was not made durable is undone. Control:
//   CRASH_DIR   the folder      CRASH_LOG  a file that gets a line a call
//   CRASH_AT    k, from 1; beyond the last call: at the end (power)
//   CRASH_WAY   error | before | after | lost | lied | power | power-names (VolatileDisk::Forget)
//   CRASH_KEEP  a folder for VolatileDisk; needed to cut the power
#include <dlfcn.h>
#include <fcntl.h>
#include <stdarg.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include <cerrno>
#include <climits>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <mutex>
#include <string>

#include "volatile_disk.h"

namespace {

thread_local bool inside = false;  // the calls of this library itself
std::mutex one_call;               // at a time: what happens at a cut is one state of the disk
int calls = 0;                     // under `one_call`

template <typename F>
F Real(const char* name) {
  return reinterpret_cast<F>(dlsym(RTLD_NEXT, name));
}

class Inside {
 public:
  Inside() { inside = true; }
  ~Inside() { inside = false; }
};

VolatileDisk* Disk() {
  static VolatileDisk* disk = [] {
    const char* keep = getenv("CRASH_KEEP");
    return keep == nullptr ? nullptr : new VolatileDisk(keep);
  }();
  return disk;
}

const std::string& Way() {
  // Never destroyed: asked for at the very end.
  static const auto* const way = new std::string(getenv("CRASH_WAY") ? getenv("CRASH_WAY") : "");
  return *way;
}

bool Watched(const std::string& path) {
  static const char* folder = getenv("CRASH_DIR");
  return folder != nullptr && !inside && path.rfind(folder, 0) == 0;
}

std::string PathOf(int fd) {
  char path[PATH_MAX];
  const std::string link = "/proc/self/fd/" + std::to_string(fd);
  const ssize_t size = readlink(link.c_str(), path, sizeof(path));
  return size > 0 ? std::string(path, size) : std::string();
}

std::string PathAt(int folder, const char* name) {
  return name[0] == '/' || folder == AT_FDCWD ? std::string(name) : PathOf(folder) + "/" + name;
}

void Log(int number, const char* what, const std::string& path) {
  static const char* log = getenv("CRASH_LOG");
  if (log == nullptr) return;
  static auto real_open = Real<int (*)(const char*, int, ...)>("open");
  static auto real_write = Real<ssize_t (*)(int, const void*, size_t)>("write");
  static const int fd = real_open(log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
  const std::string line = std::to_string(number) + " " + what + " " + path + "\n";
  if (real_write(fd, line.data(), line.size()) < 0) abort();
}

[[noreturn]] void Die() {
  const Inside inside;
  if (Disk() != nullptr && Way().rfind("power", 0) == 0) Disk()->Forget(Way() == "power-names");
  if (Disk() != nullptr) Disk()->Save();
  kill(getpid(), SIGKILL);
  for (;;) pause();
}

// The run is over before the k-th call.
__attribute__((destructor)) void AtTheEnd() {
  if (Way().rfind("power", 0) == 0) Die();
}

/// Performs `call`, unless this is the call that must not happen.
template <typename Call>
auto At(const char* what, const std::string& path, Call call) -> decltype(call()) {
  if (!Watched(path)) return call();
  static const int at = getenv("CRASH_AT") ? atoi(getenv("CRASH_AT")) : 0;
  std::unique_lock lock(one_call);
  const int number = ++calls;
  Log(number, what, path);
  if (Disk() == nullptr && number != at) lock.unlock();
  if (number != at) return call();
  if (Way() == "before" || Way().rfind("power", 0) == 0) Die();
  if (Way() == "after" || Way() == "lost") call();
  if (Way() == "after") Die();
  errno = EIO;
  return Way() == "lied" ? 0 : -1;
}

/// A call that gives `path` a file, another file or none.
template <typename Call>
int ChangingEntry(const std::string& path, Call call) {
  if (Disk() == nullptr || !Watched(path)) return call();
  const std::string kept = Disk()->KeepEntry(path);
  const int result = call();
  const int error = errno;
  if (result >= 0) Disk()->ChangedEntry(path, kept);
  errno = error;
  return result;
}

/// A call that changes the data of an open file.
template <typename Call>
ssize_t Writing(int fd, Call call) {
  if (Disk() != nullptr && Watched(PathOf(fd))) Disk()->WillWrite(fd);
  return call();
}

template <typename Call>
int Syncing(int fd, Call call) {
  const int result = call();
  const std::string path = PathOf(fd);
  if (result == 0 && Disk() != nullptr && Watched(path)) Disk()->Synced(fd, path);
  return result;
}

/// open() with O_CREAT or O_TRUNC: only a file that was not there is an entry that changes.
template <typename Call>
int Opening(const std::string& path, int flags, Call call) {
  const bool was_there = access(path.c_str(), F_OK) == 0;
  if (!was_there) return ChangingEntry(path, call);
  const bool shortens = (flags & O_TRUNC) != 0 && Disk() != nullptr && Watched(path);
  if (shortens) abort();  // no account is kept of bytes that are overwritten
  return call();
}

}  // namespace

extern "C" {

int open(const char* path, int flags, ...) {
  va_list list;
  va_start(list, flags);
  const mode_t mode = va_arg(list, mode_t);
  va_end(list);
  static auto real = Real<int (*)(const char*, int, ...)>("open");
  if ((flags & (O_CREAT | O_TRUNC)) == 0) return real(path, flags, mode);
  return At("open", path, [&] { return Opening(path, flags, [&] { return real(path, flags, mode); }); });
}

int open64(const char* path, int flags, ...) {
  va_list list;
  va_start(list, flags);
  const mode_t mode = va_arg(list, mode_t);
  va_end(list);
  return open(path, flags, mode);
}

int openat(int folder, const char* path, int flags, ...) {
  va_list list;
  va_start(list, flags);
  const mode_t mode = va_arg(list, mode_t);
  va_end(list);
  static auto real = Real<int (*)(int, const char*, int, ...)>("openat");
  if ((flags & (O_CREAT | O_TRUNC)) == 0) return real(folder, path, flags, mode);
  const std::string whole = PathAt(folder, path);
  return At("open", whole, [&] { return Opening(whole, flags, [&] { return real(folder, path, flags, mode); }); });
}

ssize_t write(int fd, const void* data, size_t size) {
  static auto real = Real<ssize_t (*)(int, const void*, size_t)>("write");
  if (fd <= 2) return real(fd, data, size);
  return At("write", PathOf(fd), [&] { return Writing(fd, [&] { return real(fd, data, size); }); });
}

ssize_t pwrite(int fd, const void* data, size_t size, off_t offset) {
  static auto real = Real<ssize_t (*)(int, const void*, size_t, off_t)>("pwrite");
  return At("write", PathOf(fd), [&] { return Writing(fd, [&] { return real(fd, data, size, offset); }); });
}

ssize_t pwrite64(int fd, const void* data, size_t size, off64_t offset) {
  return pwrite(fd, data, size, offset);
}

ssize_t writev(int fd, const struct iovec* parts, int count) {
  static auto real = Real<ssize_t (*)(int, const struct iovec*, int)>("writev");
  if (fd <= 2) return real(fd, parts, count);
  return At("write", PathOf(fd), [&] { return Writing(fd, [&] { return real(fd, parts, count); }); });
}

ssize_t copy_file_range(int from, off64_t* from_offset, int to, off64_t* to_offset, size_t size, unsigned flags) {
  static auto real = Real<ssize_t (*)(int, off64_t*, int, off64_t*, size_t, unsigned)>("copy_file_range");
  const auto copy = [&] { return real(from, from_offset, to, to_offset, size, flags); };
  return At("copy", PathOf(to), [&] { return Writing(to, copy); });
}

int fsync(int fd) {
  static auto real = Real<int (*)(int)>("fsync");
  return At("fsync", PathOf(fd), [&] { return Syncing(fd, [&] { return real(fd); }); });
}

int fdatasync(int fd) {
  static auto real = Real<int (*)(int)>("fdatasync");
  return At("fsync", PathOf(fd), [&] { return Syncing(fd, [&] { return real(fd); }); });
}

int rename(const char* from, const char* to) {
  static auto real = Real<int (*)(const char*, const char*)>("rename");
  return At("rename", to,
            [&] { return ChangingEntry(to, [&] { return ChangingEntry(from, [&] { return real(from, to); }); }); });
}

int renameat2(int from_folder, const char* from, int to_folder, const char* to, unsigned flags) {
  static auto real = Real<int (*)(int, const char*, int, const char*, unsigned)>("renameat2");
  const std::string source = PathAt(from_folder, from), target = PathAt(to_folder, to);
  return At("rename", target, [&] {
    return ChangingEntry(
        target, [&] { return ChangingEntry(source, [&] { return real(from_folder, from, to_folder, to, flags); }); });
  });
}

int renameat(int from_folder, const char* from, int to_folder, const char* to) {
  return renameat2(from_folder, from, to_folder, to, 0);
}

int link(const char* from, const char* to) {
  static auto real = Real<int (*)(const char*, const char*)>("link");
  return At("link", to, [&] { return ChangingEntry(to, [&] { return real(from, to); }); });
}

int linkat(int from_folder, const char* from, int to_folder, const char* to, int flags) {
  static auto real = Real<int (*)(int, const char*, int, const char*, int)>("linkat");
  const std::string whole = PathAt(to_folder, to);
  const auto make = [&] { return real(from_folder, from, to_folder, to, flags); };
  return At("link", whole, [&] { return ChangingEntry(whole, make); });
}

int unlink(const char* path) {
  static auto real = Real<int (*)(const char*)>("unlink");
  return At("unlink", path, [&] { return ChangingEntry(path, [&] { return real(path); }); });
}

int unlinkat(int folder, const char* path, int flags) {
  static auto real = Real<int (*)(int, const char*, int)>("unlinkat");
  const std::string whole = PathAt(folder, path);
  return At("unlink", whole, [&] { return ChangingEntry(whole, [&] { return real(folder, path, flags); }); });
}

int remove(const char* path) {
  static auto real = Real<int (*)(const char*)>("remove");
  return At("unlink", path, [&] { return ChangingEntry(path, [&] { return real(path); }); });
}

int mkdir(const char* path, mode_t mode) {
  static auto real = Real<int (*)(const char*, mode_t)>("mkdir");
  return At("mkdir", path, [&] { return ChangingEntry(path, [&] { return real(path, mode); }); });
}

int mkdirat(int folder, const char* path, mode_t mode) {
  static auto real = Real<int (*)(int, const char*, mode_t)>("mkdirat");
  const std::string whole = PathAt(folder, path);
  return At("mkdir", whole, [&] { return ChangingEntry(whole, [&] { return real(folder, path, mode); }); });
}

int ftruncate(int fd, off_t size) {
  static auto real = Real<int (*)(int, off_t)>("ftruncate");
  return At("truncate", PathOf(fd), [&] { return static_cast<int>(Writing(fd, [&] { return real(fd, size); })); });
}

// A program may end without its destructors.
void _exit(int code) {
  AtTheEnd();
  static auto real = Real<void (*)(int)>("_exit");
  real(code);
  abort();
}

void _Exit(int code) {
  _exit(code);
}

}  // extern "C"
