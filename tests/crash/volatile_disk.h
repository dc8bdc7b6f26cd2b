// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <string>
#include <vector>

// What a disk may forget at a power cut: data of a file since its last fsync, and entries of a folder (made, replaced,
// removed) since the folder's last fsync. Keeps what is needed to undo them as hard links in the folder `keep`, on the
// same file system, where a killed process also leaves its account for the next one: a kill makes nothing durable.
// The caller serialises.
class VolatileDisk {
 public:
  explicit VolatileDisk(std::string keep) : keep_(std::move(keep)) { Load(); }

  // Before `path` gets another file or none: a name for what it holds now, or "".
  std::string KeepEntry(const std::string& path) {
    struct stat info;
    if (lstat(path.c_str(), &info) != 0 || S_ISDIR(info.st_mode)) return "";
    const std::string kept = NameOf(info);
    [[maybe_unused]] const int linked = link(path.c_str(), kept.c_str());  // may be kept already
    return kept;
  }

  void ChangedEntry(const std::string& path, const std::string& kept) { entries_.push_back({path, kept}); }

  // Before the data of an open file change.
  void WillWrite(int fd) {
    struct stat info;
    if (fstat(fd, &info) != 0 || !S_ISREG(info.st_mode)) return;
    const std::string kept = NameOf(info);
    if (synced_size_.contains(kept)) return;
    const std::string open_file = "/proc/self/fd/" + std::to_string(fd);
    [[maybe_unused]] const int linked = linkat(AT_FDCWD, open_file.c_str(), AT_FDCWD, kept.c_str(), AT_SYMLINK_FOLLOW);
    synced_size_[kept] = info.st_size;
  }

  // After fsync of a file, or of the folder `path`.
  void Synced(int fd, const std::string& path) {
    struct stat info;
    if (fstat(fd, &info) != 0) return;
    if (!S_ISDIR(info.st_mode)) {
      synced_size_.erase(NameOf(info));
      return;
    }
    std::erase_if(entries_, [&](const Entry& e) { return std::filesystem::path(e.path).parent_path() == path; });
  }

  // The cut. Where `names_survive` the entries are on the disk already, as with a journal of names alone.
  void Forget(bool names_survive) {
    for (const auto& [kept, size] : synced_size_) {
      if (truncate(kept.c_str(), size) != 0) abort();
    }
    for (auto entry = entries_.rbegin(); !names_survive && entry != entries_.rend(); ++entry) {
      std::filesystem::remove_all(entry->path);
      if (!entry->kept.empty() && link(entry->kept.c_str(), entry->path.c_str()) != 0) abort();
    }
    synced_size_.clear();
    entries_.clear();
    Save();
  }

  void Save() const {
    std::ofstream file(keep_ + "/account");
    for (const Entry& entry : entries_) file << "entry\n" << entry.path << "\n" << entry.kept << "\n";
    for (const auto& [kept, size] : synced_size_) file << "data\n" << kept << "\n" << size << "\n";
  }

 private:
  struct Entry {
    std::string path;
    std::string kept;
  };

  void Load() {
    std::ifstream file(keep_ + "/account");
    std::string what, first, second;
    while (std::getline(file, what) && std::getline(file, first) && std::getline(file, second)) {
      if (what == "entry") entries_.push_back({first, second});
      if (what == "data") synced_size_[first] = std::stoll(second);
    }
  }

  // A kept inode is not used again, so its number is a name.
  std::string NameOf(const struct stat& info) const { return keep_ + "/" + std::to_string(info.st_ino); }

  const std::string keep_;
  std::vector<Entry> entries_;                // in the order in which they were changed
  std::map<std::string, off_t> synced_size_;  // of files with newer data, by kept name
};
