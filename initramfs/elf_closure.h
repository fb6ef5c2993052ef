// initramfs/elf_closure.h
// Every shared library that a set of programs needs to start, found the way ld.so(8) finds them:
// DT_RPATH of the object and of who loaded it, DT_RUNPATH, then directories. A file of another
// machine is passed over as ld.so does; where nothing else is left, the refusal names it.
//
// Libraries land in one directory of the archive, under the names that they are asked for by, so
// neither links nor a cache are needed; the loader lands where PT_INTERP says.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "initramfs/elf_image.h"
#include "proto/bytes.h"
#include "proto/result.h"

namespace phase::initramfs {

inline constexpr std::size_t kMaxLibraries = 1000;

struct Library {
  std::string source;     ///< Where it was read, links resolved.
  std::string needed_by;  ///< The first one that asked for it.
  Bytes content;
  std::int64_t mtime = 0;
};

/// "x86_64-linux-gnu": the folder of a machine's libraries on Debian and its kin.
[[nodiscard]] std::string library_triplet(const std::string& machine);
/// /lib/<triplet>, /usr/lib/<triplet>, what /etc/ld.so.conf names, then /lib64, /usr/lib64, /lib
/// and /usr/lib.
[[nodiscard]] std::vector<std::string> library_directories(const std::string& machine);

class ElfClosure {
 public:
  /// `machine` as ElfImage::machine; `directories` are searched in their order.
  ElfClosure(std::string machine, std::vector<std::string> directories);

  /// Checks `content` (read from `path`) and finds what it needs. kMalformed: no ELF file.
  /// kWrongArch: it or all candidates of a library are for another machine. kNotFound: a library
  /// or the loader is nowhere.
  [[nodiscard]] Result<void> add(const std::string& path, ByteView content);

  /// By absolute path in the archive.
  [[nodiscard]] const std::map<std::string, Library>& libraries() const { return libraries_; }

 private:
  /// Somebody who needs libraries, and the DT_RPATHs that it inherits.
  struct Asker {
    std::string path;
    ElfImage image;
    std::vector<std::string> rpaths;
  };
  [[nodiscard]] Result<void> resolve(const Asker& asker, std::vector<Asker>& todo);
  [[nodiscard]] Result<void> add_loader(const Asker& asker);
  [[nodiscard]] Result<Library> find(const std::string& name, const Asker& asker) const;
  [[nodiscard]] std::string target_directory() const;

  std::string machine_;
  std::vector<std::string> directories_;
  std::string target_;
  std::map<std::string, Library> libraries_;
  std::vector<std::string>
      loaders_;  ///< File names of the loaders; libc asks for them as libraries.
};

}  // namespace phase::initramfs
