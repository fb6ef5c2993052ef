// dht/releases_watch.cc
// The half of Releases that follows what libtorrent does: metadata, progress, peers, failures.
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <exception>
#include <filesystem>
#include <libtorrent/alert_types.hpp>
#include <libtorrent/peer_info.hpp>
#include <libtorrent/torrent_info.hpp>
#include <libtorrent/torrent_status.hpp>
#include <utility>

#include "dht/connect_now.h"
#include "dht/convert.h"
#include "dht/releases.h"
#include "dht/torrent_rules.h"

namespace phase::dht {
namespace {

namespace fs = std::filesystem;
using std::chrono::milliseconds;

// Peers and progress are asked for so often, and at once where an alert says that it is worth it.
constexpr milliseconds kRefresh{250};
constexpr milliseconds kRefreshAfterAlert{20};

/// Makes what libtorrent leaves out: an empty file has no piece, and a file that was longer
/// before keeps its tail.
Result<void> settle_file(const std::string& path, std::uint64_t size) {
  std::error_code error;
  if (size == 0) {
    fs::create_directories(fs::path(path).parent_path(), error);
    const int fd =
        ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0644);
    if (fd < 0) return {ErrorCode::kStore, path + ": cannot be created"};
    ::close(fd);
    return {};
  }
  const auto found = fs::file_size(path, error);
  if (error) return {ErrorCode::kStore, path + ": " + error.message()};
  if (found > size) fs::resize_file(path, size, error);
  if (error) return {ErrorCode::kStore, path + ": " + error.message()};
  return {};
}

Error store_error(const lt::file_error_alert& alert) {
  return {ErrorCode::kStore, std::string(alert.filename()) + ": " + alert.error.message()};
}

}  // namespace

ReleaseStatus Releases::status(ReleaseId id) {
  Release* release = find(id);
  if (release == nullptr) return {};
  const auto now = std::chrono::steady_clock::now();
  if (now - release->refreshed >= kRefreshAfterAlert) refresh(id, *release, now);
  return release->status;
}

void Releases::fail(ReleaseId id, Release& release, Error error) {
  if (release.failed) return;
  release.failed = true;
  events_.push(ReleaseFailed{id, std::move(error)});
}

void Releases::handle(const lt::alert& alert) {
  const auto* of_torrent = dynamic_cast<const lt::torrent_alert*>(&alert);
  if (of_torrent == nullptr) return;
  const auto found = by_handle_.find(of_torrent->handle);
  if (found == by_handle_.end()) return;
  const ReleaseId id = found->second;
  Release& release = *find(id);
  release.stale = true;
  if (lt::alert_cast<lt::metadata_received_alert>(&alert) != nullptr) {
    take_metadata(id, release);
  } else if (const auto* piece = lt::alert_cast<lt::hash_failed_alert>(&alert)) {
    events_.push(PieceFailed{id, static_cast<std::uint32_t>(int(piece->piece_index))});
  } else if (const auto* ban = lt::alert_cast<lt::peer_ban_alert>(&alert)) {
    release.accounts->note_ban(from_lt(ban->endpoint));
  } else if (lt::alert_cast<lt::file_prio_alert>(&alert) != nullptr) {
    apply_spared(release);
  } else if (lt::alert_cast<lt::torrent_finished_alert>(&alert) != nullptr) {
    release.refreshed = {};  // All that was wanted is there: what waits for it need not wait longer.
  } else if (const auto* file = lt::alert_cast<lt::file_error_alert>(&alert)) {
    fail(id, release, store_error(*file));
  } else if (const auto* torrent = lt::alert_cast<lt::torrent_error_alert>(&alert)) {
    fail(id, release, {ErrorCode::kMalformed, "torrent: " + torrent->error.message()});
  }
}

void Releases::take_metadata(ReleaseId id, Release& release) {
  if (release.info) return;
  const auto torrent = release.handle.torrent_file();
  if (!torrent || !torrent->is_valid()) return;
  auto info = accept_torrent(*torrent);
  if (!info) {
    // Nothing but the info dictionary was fetched, and nothing else will: no file has a priority.
    fail(id, release, info.error());
    return;
  }
  const auto& storage = torrent->files();
  for (const auto index : storage.file_range()) {
    if (storage.pad_file_at(index)) continue;
    File file;
    file.index = int(index);
    file.size = static_cast<std::uint64_t>(storage.file_size(index));
    file.on_disk = storage.file_path(index, release.parent);
    file.wanted = release.seeded;
    release.files.push_back(std::move(file));
  }
  release.info = std::move(*info);
  if (!release.seeded) events_.push(MetadataReceived{id});
}

/// libtorrent goes by what want() said once the disk has it, and forgets the pieces' own priorities
/// that were set since.
void Releases::apply_spared(const Release& release) try {
  std::vector<std::pair<lt::piece_index_t, lt::download_priority_t>> priorities;
  for (const std::uint32_t piece : release.spared) {
    priorities.emplace_back(lt::piece_index_t(static_cast<int>(piece)), lt::dont_download);
  }
  if (!priorities.empty()) release.handle.prioritize_pieces(priorities);
} catch (const std::exception&) {
  // libtorrent has dropped the torrent after an error, which was reported.
}

void Releases::read_progress(Release& release) {
  const auto progress = release.handle.file_progress(lt::torrent_handle::piece_granularity);
  for (auto& file : release.files) {
    const auto at = static_cast<std::size_t>(file.index);
    file.done = at < progress.size() ? static_cast<std::uint64_t>(progress[at]) : 0;
  }
}

void Releases::report_completion(ReleaseId id, Release& release) {
  bool all = true;
  bool any = false;
  for (std::size_t i = 0; i < release.files.size(); ++i) {
    File& file = release.files[i];
    if (!file.wanted) continue;
    any = true;
    if (file.done < file.size) {
      all = false;
      continue;
    }
    if (file.reported || release.seeded) continue;
    if (auto settled = settle_file(file.on_disk, file.size); !settled) {
      fail(id, release, settled.error());
      return;
    }
    file.reported = true;
    events_.push(FileCompleted{id, release.info->files[i].path});
  }
  release.status.complete = any && all;
  if (release.seeded) {
    if (!all)
      fail(id, release,
           {ErrorCode::kStore,
            release.parent + "/" + release.info->name + ": changed while it was served"});
  } else if (release.status.complete && !release.completed) {
    release.completed = true;
    events_.push(ReleaseCompleted{id});
  }
}

void Releases::report_peers(ReleaseId id, Release& release) {
  release.accounts->begin_report();
  std::vector<lt::peer_info> connections;
  try {
    release.handle.get_peer_info(connections);
  } catch (const std::exception&) {
    return;  // The torrent is being removed.
  }
  std::vector<PeerAccount> live;
  for (const auto& connection : connections) {
    if (!(connection.flags & (lt::peer_info::connecting | lt::peer_info::handshake))) {
      live.push_back(account_of(connection));
    }
  }
  release.status.peers = static_cast<std::uint32_t>(live.size());
  release.accounts->set_live(live);
  for (const auto& peer : release.accounts->take_banned()) {
    events_.push(PeerBanned{id, peer});
  }
}

void Releases::refresh(ReleaseId id, Release& release, MonoTime now) try {
  release.refreshed = now;
  release.stale = false;
  report_peers(id, release);
  const lt::torrent_status status = release.handle.status({});
  release.status.rate = static_cast<std::uint64_t>(std::max(status.download_payload_rate, 0));
  release.status.failed_bytes =
      static_cast<std::uint64_t>(std::max<std::int64_t>(status.total_failed_bytes, 0));
  take_metadata(id, release);
  if (!release.info && release.found && !release.failed) {
    if (const auto info = release.found->take()) begin_anew(id, release, *info);
  }
  release.status.has_metadata = release.info.has_value();
  if (!release.info) return;
  // While what lay there is being checked, nothing is known to be done.
  const bool checking = status.state == lt::torrent_status::checking_files ||
                        status.state == lt::torrent_status::checking_resume_data;
  release.status.checking = checking;
  if (checking) {
    for (auto& file : release.files) file.done = 0;
    release.status.complete = false;
  } else {
    read_progress(release);
    report_completion(id, release);
  }
  release.status.wanted = 0;
  release.status.done = 0;
  release.status.seeding = !checking;
  for (const auto& file : release.files) {
    release.status.seeding = release.status.seeding && file.done == file.size;
    if (!file.wanted) continue;
    release.status.wanted += file.size;
    release.status.done += file.done;
  }
  keep_torrent(release);
} catch (const std::exception&) {
  // The torrent is being removed; the next tick does not see it any more.
}

void Releases::tick(MonoTime now) {
  for (auto& [id, release] : releases_) {
    if (std::exchange(release.connect_now, false)) connect_now(release.handle);
    if (auto named = release.named ? release.named->take() : std::vector<Endpoint>(); !named.empty()) {
      events_.push(PeersNamed{id, std::move(named)});
    }
    const auto age = now - release.refreshed;
    if (age >= kRefresh || (release.stale && age >= kRefreshAfterAlert)) refresh(id, release, now);
  }
}

MonoTime Releases::next_tick() const {
  MonoTime next = MonoTime::max();
  for (const auto& [id, release] : releases_) {
    next = std::min(next, release.refreshed + (release.stale ? kRefreshAfterAlert : kRefresh));
  }
  return next;
}

}  // namespace phase::dht
