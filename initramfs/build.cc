#include "initramfs/build.h"

#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <limits>

#include "initramfs/elf_closure.h"
#include "initramfs/input_file.h"
#include "initramfs/kernel_package.h"
#include "initramfs/module_pack.h"
#include "initramfs/program_set.h"
#include "initramfs/work_dir.h"
#include "proto/names.h"

namespace phase::initramfs {
namespace {

constexpr std::uint64_t kMaxConfigBytes = 4 << 20;
constexpr std::uint64_t kMaxAddedBytes = 1ULL << 30;

/// True for the empty path, which nothing is written to.
Result<void> can_be_written(const std::string& path) {
  if (path.empty()) return {};
  std::filesystem::path folder = std::filesystem::path(path).parent_path();
  if (folder.empty()) folder = ".";
  if (::access(folder.c_str(), W_OK | X_OK) == 0) return {};
  return {ErrorCode::kStore,
          path + ": cannot be written: the folder does not exist or is not yours"};
}

class Builder {
 public:
  Builder(const BuildOptions& options, const std::function<bool()>& cancelled)
      : options_(options),
        cancelled_(cancelled),
        closure_(options.arch, library_directories(options.arch)) {}

  Result<Built> run() {
    auto work = WorkDir::create();
    if (!work) return work.error();
    // What is cheap and can be wrong comes before the package is unpacked.
    for (const std::string& path : {options_.output, options_.image_out}) {
      if (auto possible = can_be_written(path); !possible) return possible.error();
    }
    auto trust = load_trust(options_.trust);
    if (!trust) return trust.error();
    if (trust->mtime) saw(*trust->mtime);
    for (const auto step :
         {&Builder::add_programs, &Builder::add_given_files, &Builder::add_libraries}) {
      if (auto done = (this->*step)(); !done) return done.error();
    }
    auto kernel = open_kernel(options_.kernel, work->path() + "/kernel", cancelled_);
    if (!kernel) return kernel.error();
    if (auto done = take_kernel(*kernel, work->path() + "/subset"); !done) return done.error();
    if (auto done = add_policy(std::move(trust->policy)); !done) return done.error();
    if (auto done = write(*kernel); !done) return done.error();
    return std::move(built_);
  }

 private:
  void saw(std::int64_t mtime) { newest_ = std::max(newest_, mtime); }

  Result<void> add_programs() {
    for (const WantedProgram& wanted : wanted_programs(options_.role)) {
      auto source = find_program(wanted, options_.programs);
      if (!source) return source.error();
      auto file = read_input(*source, kMaxElfBytes);
      if (!file) return file.error();
      if (auto added = add_executable(*source, wanted.target, std::move(*file)); !added)
        return added;
    }
    return {};
  }

  Result<void> add_executable(const std::string& source, const std::string& target,
                              InputFile file) {
    if (auto added = closure_.add(source, file.content); !added) return added;
    auto image = read_elf(file.content, source);
    if (!image) return image.error();
    built_.programs.push_back({target, source, image->symbol_bytes});
    saw(file.mtime);
    return layout_.file(target, {Group::kPrograms, std::move(file.content), 0755, source});
  }

  Result<void> add_given_files() {
    for (const AddedFile& added : options_.added) {
      auto file = read_input(added.from, kMaxAddedBytes);
      if (!file) return file.error();
      if (is_elf(file->content)) {
        if (auto done = add_executable(added.from, added.to, std::move(*file)); !done) return done;
        continue;
      }
      saw(file->mtime);
      const std::uint32_t mode = file->executable ? 0755 : 0644;
      auto done =
          layout_.file(added.to, {Group::kOther, std::move(file->content), mode, added.from});
      if (!done) return done;
    }
    return {};
  }

  Result<void> add_libraries() {
    for (const auto& [path, library] : closure_.libraries()) {
      saw(library.mtime);
      auto added = layout_.file(path, {Group::kLibraries, library.content, 0755, library.source});
      if (!added) return added;
    }
    return {};
  }

  Result<void> take_kernel(const KernelTree& kernel, const std::string& work) {
    saw(kernel.mtime);
    built_.kernel_release = kernel.release;
    if (!kernel.package_arch.empty()) {
      const auto arch = normalise_arch(kernel.package_arch);
      if (!arch || *arch != options_.arch) {
        return {ErrorCode::kWrongArch, options_.kernel + ": is a package for " +
                                           kernel.package_arch + ", " + options_.arch +
                                           " was expected"};
      }
    }
    if (!options_.image_out.empty() && kernel.image.empty()) {
      return {ErrorCode::kNotFound, options_.kernel + ": has no boot/vmlinuz-" + kernel.release +
                                        ", which --vmlinuz-out asks for"};
    }
    std::vector<std::string> wanted = options_.modules;
    if (wanted.empty()) {
      wanted = default_bus_modules();
      wanted.insert(wanted.end(), default_nic_modules().begin(), default_nic_modules().end());
      const auto& storage = default_storage_modules();
      if (options_.cache) wanted.insert(wanted.end(), storage.begin(), storage.end());
    }
    auto packed = pack_modules(kernel, options_.arch, wanted, work);
    if (!packed) return packed.error();
    built_.modules = packed->choice;
    for (auto* files : {&packed->modules, &packed->indexes}) {
      for (auto& [path, content] : *files) {
        if (auto added = layout_.file(path, {Group::kModules, std::move(content), 0644, {}});
            !added) {
          return added;
        }
      }
    }
    return {};
  }

  Result<void> add_policy(TrustPolicy policy) {
    built_.time_floor = options_.source_date_epoch.value_or(newest_);
    if (built_.time_floor < 0 || built_.time_floor > std::numeric_limits<std::uint32_t>::max()) {
      return {ErrorCode::kUsage,
              "SOURCE_DATE_EPOCH or the newest input's time is outside 1970 to 2106"};
    }
    policy.time_floor = {built_.time_floor};
    policy.locked = policy.locked || options_.lock;
    policy.bootstrap.insert(policy.bootstrap.end(), options_.bootstrap.begin(),
                            options_.bootstrap.end());
    policy.mirrors.insert(policy.mirrors.end(), options_.mirrors.begin(), options_.mirrors.end());
    // The machine reads it with the same rules: better refused here than there.
    if (auto read = parse_trust_file(serialize_trust_file(policy)); !read) return read.error();
    return add_system_files(layout_, options_.role, policy);
  }

  Result<void> write(const KernelTree& kernel) {
    std::string config;
    if (!kernel.config.empty()) {
      auto file = read_input(kernel.config, kMaxConfigBytes);
      if (!file) return file.error();
      config = std::string(as_text(file->content));
    }
    const auto compression = choose_compression(config);
    if (!compression) return compression.error().in(options_.kernel);
    built_.compression = *compression;
    auto archive =
        layout_.write(*compression, static_cast<std::uint32_t>(built_.time_floor), cancelled_);
    if (!archive) return archive.error();
    built_.packed = archive->bytes.size();
    built_.unpacked = archive->unpacked;
    built_.groups = std::move(archive->groups);
    built_.files = std::move(archive->files);
    if (!options_.image_out.empty()) {
      auto image = read_input(kernel.image, kMaxPackageFileBytes);
      if (!image) return image.error();
      built_.image_bytes = image->content.size();
      if (auto put = replace_file(options_.image_out, image->content); !put) return put;
    }
    return replace_file(options_.output, archive->bytes);
  }

  const BuildOptions& options_;
  const std::function<bool()>& cancelled_;
  ElfClosure closure_;
  Layout layout_;
  Built built_;
  std::int64_t newest_ = 0;
};

}  // namespace

Result<AddedFile> parse_added_file(const std::string& text) {
  const std::size_t colon = text.rfind(":/");
  AddedFile out{text.substr(0, colon), colon == std::string::npos ? text : text.substr(colon + 1)};
  if (out.from.empty() || out.to.front() != '/') {
    return {ErrorCode::kUsage, "--add " + text +
                                   ": FILE:/path/in/the/archive was expected, or an " +
                                   "absolute path that is kept"};
  }
  return out;
}

Result<Built> build_initramfs(const BuildOptions& options, const std::function<bool()>& cancelled) {
  return Builder(options, cancelled).run();
}

}  // namespace phase::initramfs
