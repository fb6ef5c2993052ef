#include "sim/disk.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "sim/command.h"

namespace phase::sim {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t kMiB = 1024 * 1024;
constexpr std::uint64_t kBlock = 4096;  // Of every ext4 made here.
constexpr std::size_t kMaxFolders = 10'000;

/// As e2fsprogs names a file system within a file.
std::string at_offset(const std::string& image, std::uint64_t offset) {
  return image + "?offset=" + std::to_string(offset);
}
/// As mtools does.
std::string mtools_image(const std::string& image, std::uint64_t offset) {
  return image + "@@" + std::to_string(offset);
}

Error failed(const std::string& what, const std::string& why) {
  return {ErrorCode::kStore, what + ": " + why};
}

Result<Bytes> take_file(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  if (!in) return Error{ErrorCode::kNotFound, path + ": not there"};
  Bytes bytes{std::istreambuf_iterator<char>(in), {}};
  std::error_code ignored;
  fs::remove(path, ignored);
  return bytes;
}

Result<void> make_image(const std::string& path, const std::vector<PartitionOptions>& partitions) {
  std::uint64_t mib = 2;  // Both partition tables.
  std::vector<std::string> argv = {"sgdisk", "--clear"};
  for (std::size_t i = 0; i < partitions.size(); ++i) {
    const std::string number = std::to_string(i + 1);
    argv.insert(argv.end(),
                {"--new=" + number + ":0:+" + std::to_string(partitions[i].mib) + "M",
                 "--typecode=" + number + ":" + partitions[i].type,
                 "--change-name=" + number + ":" + partitions[i].name});
    mib += partitions[i].mib;
  }
  argv.push_back(path);
  std::error_code error;
  fs::remove(path, error);
  std::ofstream(path).close();
  fs::resize_file(path, mib * kMiB, error);
  if (error) return failed(path, error.message());
  return run_commands({argv});
}

Result<void> fill_vfat(const std::string& image, const std::string& folder) {
  std::vector<std::string> argv = {"mcopy", "-s", "-Q", "-i", image};
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(folder, error)) argv.push_back(entry.path());
  if (error) return failed(folder, error.message());
  if (argv.size() == 5) return {};
  argv.push_back("::/");
  return run_commands({argv});
}

Result<Sha256> hash_range(const std::string& path, std::uint64_t begin, std::uint64_t size) {
  std::ifstream in(path, std::ios::binary);
  in.seekg(static_cast<std::streamoff>(begin));
  Sha256Stream hash;
  Bytes buffer(kMiB);
  for (std::uint64_t left = size; left > 0;) {
    const auto wanted = std::min<std::uint64_t>(left, buffer.size());
    if (!in.read(reinterpret_cast<char*>(buffer.data()), static_cast<std::streamsize>(wanted))) {
      return failed(path, "shorter than its partitions");
    }
    hash.update(ByteView(buffer).first(wanted));
    left -= wanted;
  }
  return hash.finish();
}

/// debugfs says its name and version first, and its complaints in the same stream.
std::string without_banner(const std::string& output) {
  return output.starts_with("debugfs ") ? output.substr(output.find('\n') + 1) : output;
}

/// "/inode/mode/uid/gid/name/size/" of `ls -p`.
struct Listed {
  std::string name;
  bool folder = false;
};
std::vector<Listed> parse_listing(const std::string& output) {
  std::vector<Listed> entries;
  std::istringstream lines(output);
  for (std::string line; std::getline(lines, line);) {
    std::vector<std::string> fields;
    std::istringstream parts(line);
    for (std::string part; std::getline(parts, part, '/');) fields.push_back(part);
    const bool free = fields.size() < 6 || fields[1] == "0" || fields[5].empty();
    if (free || fields[5] == "." || fields[5] == "..") continue;
    entries.push_back({fields[5], fields[2].starts_with("04")});
  }
  return entries;
}

}  // namespace

Result<Disk> Disk::create(const std::string& path, const std::vector<PartitionOptions>& partitions) {
  auto made = make_image(path, partitions);
  if (!made) return made.error();
  std::vector<Partition> places;
  std::uint64_t begin = kMiB;
  for (const auto& partition : partitions) {
    places.push_back({begin, partition.mib * kMiB, partition.file_system});
    auto formatted = format(path, places.back(), partition);
    if (!formatted) return formatted.error().in("partition " + partition.name);
    begin += partition.mib * kMiB;
  }
  return Disk{path, std::move(places)};
}

Result<void> Disk::format(const std::string& path, const Partition& place,
                          const PartitionOptions& options) {
  const std::string kib = std::to_string(options.mib * 1024);
  if (options.file_system == FileSystem::kExt4) {
    std::vector<std::string> argv = {"mke2fs", "-q", "-F", "-t", "ext4", "-b",
                                     std::to_string(kBlock), "-L", options.name.substr(0, 16), "-E",
                                     "root_owner=0:0,offset=" + std::to_string(place.begin)};
    if (!options.content.empty()) argv.insert(argv.end(), {"-d", options.content});
    argv.insert(argv.end(), {path, kib + "k"});
    return run_commands({argv});
  }
  if (options.file_system == FileSystem::kVfat) {
    auto made = run_commands({{"mkfs.vfat", "--offset", std::to_string(place.begin / 512), path, kib}});
    if (!made || options.content.empty()) return made;
    return fill_vfat(mtools_image(path, place.begin), options.content);
  }
  return {};
}

std::uint64_t Disk::bytes() const {
  std::error_code error;
  return fs::file_size(path_, error);
}

Result<Disk> Disk::copy_to(const std::string& path) const {
  auto copied = run_commands({{"cp", "--sparse=always", path_, path}});
  if (!copied) return copied.error();
  return Disk{path, partitions_};
}

Result<std::string> Disk::debugfs(std::size_t partition, const std::string& request) const {
  auto output = run_command(
      {"debugfs", "-R", request, at_offset(path_, partitions_.at(partition).begin)});
  if (!output) return output.error();
  return without_banner(*output);
}

Result<Bytes> Disk::read_file(std::size_t partition, const std::string& path) const {
  const auto& place = partitions_.at(partition);
  const std::string out = path_ + ".file";
  if (place.file_system == FileSystem::kVfat) {
    auto copied = run_commands({{"mcopy", "-n", "-i", mtools_image(path_, place.begin), "::" + path, out}});
    if (!copied) return copied.error();
  } else {
    auto said = debugfs(partition, "dump \"" + path + "\" " + out);
    if (!said) return said.error();
    if (!said->empty()) return Error{ErrorCode::kNotFound, path + ": " + *said};
  }
  return take_file(out);
}

Result<std::vector<std::string>> Disk::files(std::size_t partition, const std::string& folder) const {
  const auto& place = partitions_.at(partition);
  std::vector<std::string> found;
  if (place.file_system == FileSystem::kVfat) {
    auto listing = run_command({"mdir", "-b", "-/", "-i", mtools_image(path_, place.begin), "::" + folder});
    if (!listing) return listing.error();
    std::istringstream lines(*listing);
    for (std::string line; std::getline(lines, line);) {
      if (line.starts_with("::/") && !line.ends_with("/")) found.push_back(line.substr(2));
    }
  } else {
    std::vector<std::string> folders = {folder == "/" ? "" : folder};
    for (std::size_t i = 0; i < folders.size(); ++i) {
      if (i == kMaxFolders) return failed(path_, "too many folders");
      const std::string here = folders[i];
      auto listing = debugfs(partition, "ls -p \"" + here + "/\"");
      if (!listing) return listing.error();
      for (const auto& entry : parse_listing(*listing)) {
        (entry.folder ? folders : found).push_back(here + "/" + entry.name);
      }
    }
  }
  std::sort(found.begin(), found.end());
  return found;
}

Result<std::uint64_t> Disk::data_block(std::size_t partition, const std::string& path,
                                       std::uint64_t block) const {
  auto said = debugfs(partition, "bmap \"" + path + "\" " + std::to_string(block));
  if (!said) return said.error();
  const bool number = !said->empty() && said->find_first_not_of("0123456789\n") == std::string::npos;
  const std::uint64_t found = number ? std::stoull(*said) : 0;
  if (found == 0) return Error{ErrorCode::kNotFound, path + ": no such block: " + *said};
  return found;
}

Result<void> Disk::flip_byte(std::size_t partition, const std::string& path, std::uint64_t offset) {
  const auto& place = partitions_.at(partition);
  if (place.file_system != FileSystem::kExt4) {
    return Error{ErrorCode::kUsage, "bytes are flipped on ext4 only"};
  }
  auto content = read_file(partition, path);
  if (!content) return content.error();
  if (offset >= content->size()) return Error{ErrorCode::kNotFound, path + ": is shorter"};
  auto block = data_block(partition, path, offset / kBlock);
  if (!block) return block.error();
  const auto at = static_cast<std::streamoff>(place.begin + *block * kBlock + offset % kBlock);
  std::fstream image(path_, std::ios::binary | std::ios::in | std::ios::out);
  image.seekg(at);
  const int byte = image.get();
  if (byte != (*content)[offset]) return failed(path_, "the byte is not where the file system says");
  image.seekp(at);
  image.put(static_cast<char>(byte ^ 0xff));
  image.close();
  if (!image) return failed(path_, "cannot be written");
  return {};
}

Result<void> Disk::recover(std::size_t partition) {
  const auto& place = partitions_.at(partition);
  if (place.file_system != FileSystem::kExt4) return {};
  const std::string image = at_offset(path_, place.begin);
  // 4 and above: something is left that nobody repairs without asking. 1 says that the journal
  // was replayed, or counters that ext4 never brings up to date before it is unmounted were.
  auto checked = run_command({"sh", "-c", "e2fsck -f -p \"$1\"; [ $? -le 1 ]", "sh", image});
  if (!checked) return Error{ErrorCode::kAltered, checked.error().detail};
  return {};
}

Result<Sha256> Disk::sha256() const { return hash_range(path_, 0, bytes()); }

Result<Sha256> Disk::sha256(std::size_t partition) const {
  const auto& place = partitions_.at(partition);
  return hash_range(path_, place.begin, place.size);
}

}  // namespace phase::sim
