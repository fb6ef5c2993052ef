#include "initramfs/elf_closure.h"

#include <glob.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "initramfs/input_file.h"

namespace phase::initramfs {
namespace {

namespace fs = std::filesystem;

constexpr int kMaxIncludeDepth = 4;

std::string resolved(const std::string& path) {
  std::error_code failed;
  const fs::path real = fs::canonical(path, failed);
  return failed ? path : real.string();
}

/// $ORIGIN is the folder of the object that carries the path (ld.so(8)).
std::string expand_origin(std::string text, const std::string& object) {
  const std::string folder = fs::path(resolved(object)).parent_path().string();
  for (const std::string word : {"${ORIGIN}", "$ORIGIN"}) {
    for (std::size_t at = text.find(word); at != std::string::npos;
         at = text.find(word, at + folder.size())) {
      text.replace(at, word.size(), folder);
    }
  }
  return text;
}

void read_conf(const std::string& path, int depth, std::vector<std::string>& out) {
  std::ifstream file(path);
  std::string line;
  while (std::getline(file, line)) {
    std::istringstream words(line.substr(0, line.find('#')));
    std::string word;
    if (!(words >> word)) continue;
    if (word != "include") {
      if (word.front() == '/') out.push_back(word);
      continue;
    }
    while (depth < kMaxIncludeDepth && words >> word) {
      const std::string pattern =
          word.front() == '/' ? word : (fs::path(path).parent_path() / word).string();
      glob_t found{};
      if (::glob(pattern.c_str(), 0, nullptr, &found) == 0) {
        for (std::size_t i = 0; i < found.gl_pathc; ++i)
          read_conf(found.gl_pathv[i], depth + 1, out);
      }
      ::globfree(&found);
    }
  }
}

}  // namespace

std::string library_triplet(const std::string& machine) {
  return machine + "-linux-gnu";
}

std::vector<std::string> library_directories(const std::string& machine) {
  const std::string triplet = library_triplet(machine);
  std::vector<std::string> out{"/lib/" + triplet, "/usr/lib/" + triplet};
  read_conf("/etc/ld.so.conf", 0, out);
  for (const char* folder : {"/lib64", "/usr/lib64", "/lib", "/usr/lib"}) out.emplace_back(folder);
  return out;
}

ElfClosure::ElfClosure(std::string machine, std::vector<std::string> directories)
    : machine_(std::move(machine)), directories_(std::move(directories)) {
  target_ = target_directory();
}

std::string ElfClosure::target_directory() const {
  // Where this host's C library lies is where its loader looks without any cache: Debian's in
  // /lib/<triplet>, others' in /lib64.
  for (const std::string& folder : directories_) {
    const auto libc = read_input(folder + "/libc.so.6", kMaxElfBytes);
    if (libc && elf_machine(libc->content) == machine_) return folder;
  }
  return "/lib/" + library_triplet(machine_);
}

Result<void> ElfClosure::add(const std::string& path, ByteView content) {
  auto image = read_elf(content, path);
  if (!image) return image.error();
  if (image->machine != machine_) {
    return {ErrorCode::kWrongArch, path + ": is built for " + image->machine + ", " + machine_ +
                                       " was expected; name a folder of " + machine_ +
                                       " programs with --programs"};
  }
  std::vector<Asker> todo;
  todo.push_back({path, std::move(*image), {}});
  if (auto loader = add_loader(todo.front()); !loader) return loader;
  while (!todo.empty()) {
    const Asker asker = std::move(todo.back());
    todo.pop_back();
    if (auto found = resolve(asker, todo); !found) return found;
  }
  return {};
}

Result<void> ElfClosure::add_loader(const Asker& asker) {
  const std::string& path = asker.image.interpreter;
  if (path.empty() || libraries_.contains(path)) return {};
  if (path.front() != '/') {
    return {ErrorCode::kMalformed, asker.path + ": its loader is no absolute path: " + path};
  }
  auto file = read_input(path, kMaxElfBytes);
  if (!file) {
    return {ErrorCode::kNotFound, asker.path + ": needs the loader " + path +
                                      ", which this host lacks; install the C library for " +
                                      machine_};
  }
  if (elf_machine(file->content) != machine_) {
    return {ErrorCode::kWrongArch, path + " (loader of " + asker.path + "): is built for " +
                                       elf_machine(file->content) + ", " + machine_ +
                                       " was expected"};
  }
  loaders_.push_back(fs::path(path).filename().string());
  libraries_.emplace(path,
                     Library{resolved(path), asker.path, std::move(file->content), file->mtime});
  return {};
}

Result<void> ElfClosure::resolve(const Asker& asker, std::vector<Asker>& todo) {
  // DT_RPATH is inherited by everything that is loaded on this one's behalf, DT_RUNPATH is not.
  std::vector<std::string> rpaths;
  for (const std::string& path : asker.image.rpath)
    rpaths.push_back(expand_origin(path, asker.path));
  rpaths.insert(rpaths.end(), asker.rpaths.begin(), asker.rpaths.end());
  const Asker with_paths{asker.path, asker.image, rpaths};
  for (const std::string& name : asker.image.needed) {
    if (name.empty() || name.find('/') != std::string::npos) {
      return {ErrorCode::kMalformed,
              asker.path + ": needs a library by a path (" + name + "), only names can be packed"};
    }
    if (std::find(loaders_.begin(), loaders_.end(), name) != loaders_.end()) continue;
    const std::string target = target_ + "/" + name;
    if (libraries_.contains(target)) continue;
    if (libraries_.size() >= kMaxLibraries) {
      return {ErrorCode::kMalformed, asker.path + ": more than " + std::to_string(kMaxLibraries) +
                                         " libraries are needed"};
    }
    auto library = find(name, with_paths);
    if (!library) return library.error();
    auto image = read_elf(library->content, library->source);
    if (!image) return image.error();
    todo.push_back({library->source, std::move(*image), rpaths});
    libraries_.emplace(target, std::move(*library));
  }
  return {};
}

Result<Library> ElfClosure::find(const std::string& name, const Asker& asker) const {
  std::vector<std::string> folders = asker.rpaths;
  for (const std::string& path : asker.image.runpath) {
    folders.push_back(expand_origin(path, asker.path));
  }
  folders.insert(folders.end(), directories_.begin(), directories_.end());
  std::string wrong;
  for (const std::string& folder : folders) {
    const std::string path = folder + "/" + name;
    auto file = read_input(path, kMaxElfBytes);
    if (!file) continue;
    const std::string machine = elf_machine(file->content);
    if (machine == machine_) {
      return Library{resolved(path), asker.path, std::move(file->content), file->mtime};
    }
    if (wrong.empty()) wrong = path + " is built for " + (machine.empty() ? "no machine" : machine);
  }
  const std::string what = asker.path + ": needs " + name;
  if (!wrong.empty()) {
    return {ErrorCode::kWrongArch, what + ": " + wrong + ", " + machine_ +
                                       " was expected; install that library for " + machine_};
  }
  return {ErrorCode::kNotFound,
          what + ", which is in no library folder of this host; install it for " + machine_};
}

}  // namespace phase::initramfs
