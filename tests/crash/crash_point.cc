// SPDX-License-Identifier: Apache-2.0
// Loaded into an unchanged release program (LD_PRELOAD): counts its calls that change files below one folder and, at
// the k-th, fails it, kills the process before or after it, or lets it take effect and reports failure. Control:
//   CRASH_DIR   the folder      CRASH_LOG  a file that gets a line a call
//   CRASH_AT    k, from 1       CRASH_WAY  error | before | after | lost
#include <dlfcn.h>
#include <fcntl.h>
#include <stdarg.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <climits>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>

namespace {

std::atomic<int> calls{0};

template <typename F>
F Real(const char* name) {
  return reinterpret_cast<F>(dlsym(RTLD_NEXT, name));
}

bool Watched(const std::string& path) {
  static const char* folder = getenv("CRASH_DIR");
  return folder != nullptr && path.rfind(folder, 0) == 0;
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
  kill(getpid(), SIGKILL);
  for (;;) pause();
}

/// Performs `call`, unless this is the call that must not happen.
template <typename Call>
auto At(const char* what, const std::string& path, Call call) -> decltype(call()) {
  if (!Watched(path)) return call();
  static const int at = getenv("CRASH_AT") ? atoi(getenv("CRASH_AT")) : 0;
  static const std::string way = getenv("CRASH_WAY") ? getenv("CRASH_WAY") : "";
  const int number = ++calls;
  Log(number, what, path);
  if (number != at) return call();
  if (way == "before") Die();
  if (way == "after" || way == "lost") call();
  if (way == "after") Die();
  errno = EIO;
  return -1;
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
  return At("open", path, [&] { return real(path, flags, mode); });
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
  return At("open", PathAt(folder, path), [&] { return real(folder, path, flags, mode); });
}

ssize_t write(int fd, const void* data, size_t size) {
  static auto real = Real<ssize_t (*)(int, const void*, size_t)>("write");
  if (fd <= 2) return real(fd, data, size);
  return At("write", PathOf(fd), [&] { return real(fd, data, size); });
}

ssize_t pwrite(int fd, const void* data, size_t size, off_t offset) {
  static auto real = Real<ssize_t (*)(int, const void*, size_t, off_t)>("pwrite");
  return At("write", PathOf(fd), [&] { return real(fd, data, size, offset); });
}

ssize_t pwrite64(int fd, const void* data, size_t size, off64_t offset) {
  return pwrite(fd, data, size, offset);
}

ssize_t writev(int fd, const struct iovec* parts, int count) {
  static auto real = Real<ssize_t (*)(int, const struct iovec*, int)>("writev");
  if (fd <= 2) return real(fd, parts, count);
  return At("write", PathOf(fd), [&] { return real(fd, parts, count); });
}

int fsync(int fd) {
  static auto real = Real<int (*)(int)>("fsync");
  return At("fsync", PathOf(fd), [&] { return real(fd); });
}

int fdatasync(int fd) {
  static auto real = Real<int (*)(int)>("fdatasync");
  return At("fsync", PathOf(fd), [&] { return real(fd); });
}

int rename(const char* from, const char* to) {
  static auto real = Real<int (*)(const char*, const char*)>("rename");
  return At("rename", to, [&] { return real(from, to); });
}

int renameat2(int from_folder, const char* from, int to_folder, const char* to, unsigned flags) {
  static auto real = Real<int (*)(int, const char*, int, const char*, unsigned)>("renameat2");
  return At("rename", PathAt(to_folder, to), [&] { return real(from_folder, from, to_folder, to, flags); });
}

int link(const char* from, const char* to) {
  static auto real = Real<int (*)(const char*, const char*)>("link");
  return At("link", to, [&] { return real(from, to); });
}

int linkat(int from_folder, const char* from, int to_folder, const char* to, int flags) {
  static auto real = Real<int (*)(int, const char*, int, const char*, int)>("linkat");
  return At("link", PathAt(to_folder, to), [&] { return real(from_folder, from, to_folder, to, flags); });
}

int unlink(const char* path) {
  static auto real = Real<int (*)(const char*)>("unlink");
  return At("unlink", path, [&] { return real(path); });
}

int unlinkat(int folder, const char* path, int flags) {
  static auto real = Real<int (*)(int, const char*, int)>("unlinkat");
  return At("unlink", PathAt(folder, path), [&] { return real(folder, path, flags); });
}

int remove(const char* path) {
  static auto real = Real<int (*)(const char*)>("remove");
  return At("unlink", path, [&] { return real(path); });
}

int mkdir(const char* path, mode_t mode) {
  static auto real = Real<int (*)(const char*, mode_t)>("mkdir");
  return At("mkdir", path, [&] { return real(path, mode); });
}

int ftruncate(int fd, off_t size) {
  static auto real = Real<int (*)(int, off_t)>("ftruncate");
  return At("truncate", PathOf(fd), [&] { return real(fd, size); });
}

}  // extern "C"
