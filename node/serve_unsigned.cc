#include "node/serve_unsigned.h"

#include <condition_variable>
#include <mutex>

#include "node/serve_tree.h"

namespace phase::node {
namespace {

void add_folder(Catalogue& catalogue, const TreeFolder& folder, std::vector<std::string>& left_out) {
  for (const std::string& file : folder.files) {
    const std::string path = folder.path + "/" + file;
    const auto digest = digest_file(path);
    if (!digest) {
      left_out.push_back(path + ": " + digest.error().detail);
      continue;
    }
    for (const std::string& arch : names_of_arch(folder.arch)) {
      std::string url = "/" + folder.channel;
      url += "/" + arch;
      url += "/" + file;
      auto added = catalogue.add_file(url, path, digest->sha256);
      if (!added) left_out.push_back(added.error().detail);
    }
  }
}

}  // namespace

Catalogue plain_catalogue(const Files& files, const std::string& folder,
                          std::vector<std::string>& left_out) {
  Catalogue catalogue;
  for (const TreeFolder& one : tree_folders(files, folder)) add_folder(catalogue, one, left_out);
  catalogue.add_bytes("/healthz", Bytes{'o', 'k', '\n'}, "text/plain");
  return catalogue;
}

Result<void> serve_unsigned(const std::string& folder, const HttpProviderOptions& options,
                            ServeEvents& events, const Log& log,
                            const std::function<void(const std::string&)>& announce) {
  auto provider = HttpProvider::open(options);
  if (!provider) return provider.error();
  std::mutex mutex;
  std::condition_variable changed;
  bool woken = true;  // the first catalogue
  auto watching = events.start({folder}, [&] {
    const std::lock_guard lock(mutex);
    woken = true;
    changed.notify_one();
  });
  if (!watching) return watching.error();
  for (const Endpoint& at : (*provider)->listening()) announce("listening http=" + at.text());
  announce("unsigned: plain HTTP only, nothing is announced");
  while (!events.ended()) {
    std::unique_lock lock(mutex);
    changed.wait(lock, [&] { return woken; });
    woken = false;
    lock.unlock();
    if (events.ended()) break;
    std::vector<std::string> left_out;
    auto catalogue = plain_catalogue(real_files(), folder, left_out);
    announce("serving paths=" + std::to_string(catalogue.size()));
    (*provider)->set_catalogue(std::make_shared<const Catalogue>(std::move(catalogue)));
    for (const std::string& line : left_out) log.warning("not served", {{"what", line}});
  }
  return {};
}

}  // namespace phase::node
