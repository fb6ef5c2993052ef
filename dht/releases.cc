// dht/releases.cc
#include "dht/releases.h"

#include <algorithm>
#include <exception>
#include <filesystem>
#include <libtorrent/add_torrent_params.hpp>
#include <libtorrent/bencode.hpp>
#include <libtorrent/create_torrent.hpp>
#include <libtorrent/peer_info.hpp>
#include <libtorrent/torrent_info.hpp>

#include "dht/connect_now.h"
#include "dht/convert.h"
#include "dht/modes.h"
#include "dht/no_delay.h"
#include "dht/piece_sums_of.h"
#include "dht/spread_plugin.h"
#include "dht/torrent_rules.h"

namespace phase::dht {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kMaxMet = 1024;

lt::add_torrent_params base_params(const std::string& parent) {
  lt::add_torrent_params params;
  params.save_path = parent;
  params.storage_mode = lt::storage_mode_sparse;
  // Nothing of libtorrent's own mind: no queue (auto_managed), no pause, and no announce but the
  // owner's (disable_dht covers this torrent's announces only). A torrent that is already there
  // is an error, because two owners of one would remove it from under each other.
  params.flags = lt::torrent_flags::disable_dht | lt::torrent_flags::disable_lsd |
                 lt::torrent_flags::duplicate_is_error | lt::torrent_flags::apply_ip_filter;
  return params;
}

lt::peer_source_flags_t to_lt(const PeerSource& source) {
  lt::peer_source_flags_t out{};
  if (source.dht) out |= lt::peer_info::dht;
  if (source.pex) out |= lt::peer_info::pex;
  if (source.lan) out |= lt::peer_info::lsd;
  return out;
}

Result<Bytes> write_torrent(const lt::torrent_handle& handle) {
  const auto torrent = handle.torrent_file_with_hashes();
  if (!torrent) return {ErrorCode::kNotFound, "the release's piece hashes are not complete yet"};
  lt::create_torrent creator(*torrent);
  creator.set_creation_date(0);
  creator.set_creator(nullptr);
  Bytes out;
  lt::bencode(std::back_inserter(out), creator.generate());
  return out;
}

}  // namespace

Releases::Releases(lt::session_handle session, EventQueue& events, const SessionOptions& options)
    : session_(std::move(session)),
      events_(events),
      options_(options),
      connections_(make_connection_count(options.max_peers_per_address)) {}

Result<ReleaseId> Releases::add(lt::add_torrent_params params, Release release) {
  release.accounts = std::make_shared<Accounts>();
  if (auto started = start(std::move(params), release); !started) return started.error();
  const ReleaseId id = next_id_++;
  by_handle_[release.handle] = id;
  Release& placed = releases_.emplace(id, std::move(release)).first->second;
  take_metadata(id, placed);
  return id;
}

Result<void> Releases::start(lt::add_torrent_params params, Release& release) {
  params.extensions.push_back([accounts = release.accounts, port = options_.http_port](
                                  const lt::torrent_handle&, lt::client_data_t) {
    return make_accounts_plugin(accounts, port);
  });
  params.extensions.push_back([](const lt::torrent_handle& torrent, lt::client_data_t) {
    return make_connect_now_plugin(torrent);
  });
  params.extensions.push_back([](const lt::torrent_handle&, lt::client_data_t) {
    return make_no_delay_plugin();
  });
  params.extensions.push_back(
      [count = connections_](const lt::torrent_handle&, lt::client_data_t) {
        return make_connection_guard(count);
      });
  if (!params.ti) {
    release.found = std::make_shared<FoundMetadata>();
    params.extensions.push_back([infohashes = release.infohashes, found = release.found](
                                    const lt::torrent_handle& torrent, lt::client_data_t) {
      return make_metadata_guard(infohashes, found, torrent);
    });
  }
  if (!options_.anonymous) {
    // Begun anew, it remembers who named whom.
    if (!options_.peer_exchange && !release.named) release.named = std::make_shared<NamedPeers>();
    params.extensions.push_back([named = release.named](const lt::torrent_handle&, lt::client_data_t) {
      return make_rendezvous_plugin(named);
    });
  } else {
    params.extensions.push_back([](const lt::torrent_handle&, lt::client_data_t) {
      return make_take_only_plugin();
    });
  }
  lt::error_code error;
  release.handle = session_.add_torrent(std::move(params), error);
  if (error == lt::errors::duplicate_torrent) {
    return {ErrorCode::kExists, "this release is already fetched or served by this session"};
  }
  if (error) return {ErrorCode::kInternal, "add torrent: " + error.message()};
  return {};
}

void Releases::begin_anew(ReleaseId id, Release& release, const Bytes& info) try {
  Bytes torrent;
  for (const std::string_view part : {std::string_view("d4:info"), as_text(info),
                                      std::string_view("e")}) {
    torrent.insert(torrent.end(), part.begin(), part.end());
  }
  auto params = base_params(release.parent);
  params.flags |= lt::torrent_flags::default_dont_download;
  params.ti = std::make_shared<lt::torrent_info>(to_span(torrent), lt::from_span);
  params.file_priorities.assign(static_cast<std::size_t>(params.ti->num_files()),
                                lt::dont_download);
  by_handle_.erase(release.handle);
  session_.remove_torrent(release.handle);
  release.found.reset();
  if (auto started = start(std::move(params), release); !started) {
    return fail(id, release, started.error());
  }
  by_handle_[release.handle] = id;
  for (const auto& [peer, source] : release.met) {
    release.handle.connect_peer(to_tcp(peer), to_lt(source), {});
  }
  release.connect_now = true;
  take_metadata(id, release);
} catch (const std::exception& failure) {
  fail(id, release, {ErrorCode::kMalformed, std::string("torrent: ") + failure.what()});
}

Result<ReleaseId> Releases::fetch(const Infohashes& infohashes, const std::string& parent,
                                  ByteView torrent) try {
  // libtorrent 2.0.8 can be crashed by peers through a torrent known by its v1 infohash alone.
  if (infohashes.v1 == Sha1{} || infohashes.v2 == Sha256{}) {
    return {ErrorCode::kUsage, "both infohashes of a release are needed to fetch it"};
  }
  auto params = base_params(parent);
  params.flags |= lt::torrent_flags::default_dont_download;
  params.info_hashes = lt::info_hash_t(dht::to_lt(infohashes.v1), dht::to_lt(infohashes.v2));
  if (!torrent.empty()) {
    const auto info = read_torrent(torrent);
    if (!info) return info.error();
    if (info->infohashes != infohashes) {
      return {ErrorCode::kMalformed, "torrent: its infohashes are not those that were asked for"};
    }
    params.ti = std::make_shared<lt::torrent_info>(to_span(contents_of(torrent)), lt::from_span);
    params.file_priorities.assign(static_cast<std::size_t>(params.ti->num_files()),
                                  lt::dont_download);
  }
  Release release;
  release.infohashes = infohashes;
  release.parent = parent;
  return add(std::move(params), std::move(release));
} catch (const std::exception& failure) {
  return {ErrorCode::kMalformed, std::string("torrent: ") + failure.what()};
}

Result<ReleaseId> Releases::seed(ByteView torrent, const std::string& parent) try {
  const auto info = read_torrent(torrent);
  if (!info) return info.error();
  for (const auto& file : info->files) {
    const auto path = fs::path(parent) / info->name / file.path;
    std::error_code error;
    if (fs::file_size(path, error) != file.size || error) {
      return {ErrorCode::kStore, path.string() + ": not there, or not of the torrent's size"};
    }
  }
  auto params = base_params(parent);
  // Each piece is checked when it is first asked for, not all of them before the first is served.
  // upload_mode: what lies there is the owner's; if it changed, it is not fetched over.
  params.flags |= lt::torrent_flags::seed_mode | lt::torrent_flags::upload_mode;
  params.ti = std::make_shared<lt::torrent_info>(to_span(contents_of(torrent)), lt::from_span);
  params.extensions.push_back([info = params.ti](const lt::torrent_handle&, lt::client_data_t) {
    return make_spread_plugin(*info);
  });
  Release release;
  release.infohashes = info->infohashes;
  release.parent = parent;
  release.seeded = true;
  return add(std::move(params), std::move(release));
} catch (const std::exception& failure) {
  return {ErrorCode::kMalformed, std::string("torrent: ") + failure.what()};
}

Result<void> Releases::want(ReleaseId id, const std::vector<std::string>& paths,
                            const std::vector<std::uint32_t>& spared) try {
  Release* release = find(id);
  if (release == nullptr || !release->info) {
    return {ErrorCode::kNotFound, "the release's file list is not known yet"};
  }
  std::vector<bool> wanted(release->files.size(), false);
  for (const auto& path : paths) {
    const auto& files = release->info->files;
    const auto found = std::find_if(files.begin(), files.end(),
                                    [&](const TorrentFile& file) { return file.path == path; });
    if (found == files.end()) {
      return {ErrorCode::kNotFound, "the torrent holds no file named " + path};
    }
    wanted[static_cast<std::size_t>(found - files.begin())] = true;
  }
  const auto torrent = release->handle.torrent_file();
  if (!torrent) return {ErrorCode::kNotFound, "the release is gone"};
  std::vector<lt::download_priority_t> priorities(static_cast<std::size_t>(torrent->num_files()),
                                                  lt::dont_download);
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    File& file = release->files[i];
    if (wanted[i]) priorities[static_cast<std::size_t>(file.index)] = lt::default_priority;
    file.wanted = wanted[i];
  }
  release->spared.clear();
  release->spared.insert(spared.begin(), spared.end());
  release->handle.prioritize_files(priorities);
  // All pieces of these files are asked for once the disk has answered. With this answer its own
  // waits to be read, and what is left out comes right behind it: peers are asked for a few blocks in
  // between at most.
  (void)release->handle.status({});
  apply_spared(*release);
  release->completed = false;
  release->refreshed = {};  // What was asked for before is about other files.
  return {};
} catch (const std::exception& failure) {
  return {ErrorCode::kInternal, std::string("the release is gone: ") + failure.what()};
}

void Releases::connect(ReleaseId id, const Endpoint& peer, PeerSource source) try {
  Release* release = find(id);
  if (release == nullptr || peer.port == 0) return;
  if (options_.only_on_link && !options_.only_on_link->contains(peer)) return;
  const bool is_new = release->accounts->note_source(peer, source);
  if (release->found && release->met.size() < kMaxMet) release->met.emplace(peer, source);
  if (!release->told.tell(peer, std::chrono::steady_clock::now())) return;
  release->handle.connect_peer(to_tcp(peer), to_lt(source), {});
  release->connect_now = release->connect_now || is_new;
} catch (const std::exception&) {
  // libtorrent has dropped the torrent after an error, which was reported.
}

void Releases::add_piece(ReleaseId id, std::uint32_t piece, ByteView bytes) try {
  const Release* release = find(id);
  if (release == nullptr || !release->info) return;
  const auto torrent = release->handle.torrent_file();
  const lt::piece_index_t index(static_cast<int>(piece));
  if (!torrent || piece >= static_cast<std::uint32_t>(torrent->num_pieces())) return;
  // libtorrent counts the pad file that fills the gap to the next file with the piece.
  const auto of_file = static_cast<std::size_t>(torrent->orig_files().piece_size2(index));
  const auto padded = static_cast<std::size_t>(torrent->piece_size(index));
  if (bytes.size() != of_file || padded < of_file) return;
  std::vector<char> data(bytes.begin(), bytes.end());
  data.resize(padded);
  release->handle.add_piece(index, std::move(data));
} catch (const std::exception&) {
  // As in connect().
}

void Releases::ask_peers(ReleaseId id, const std::vector<std::uint32_t>& pieces, bool yes) try {
  Release* release = find(id);
  if (release == nullptr || !release->info || pieces.empty()) return;
  std::vector<std::pair<lt::piece_index_t, lt::download_priority_t>> priorities;
  for (const auto piece : pieces) {
    priorities.emplace_back(lt::piece_index_t(static_cast<int>(piece)),
                            yes ? lt::default_priority : lt::dont_download);
    if (yes) release->spared.erase(piece);
    else release->spared.insert(piece);
  }
  release->handle.prioritize_pieces(priorities);
} catch (const std::exception&) {
  // As in connect().
}

void Releases::remove(ReleaseId id, Files files) {
  Release* release = find(id);
  if (release == nullptr) return;
  by_handle_.erase(release->handle);
  session_.remove_torrent(release->handle, files == Files::kDelete
                                               ? lt::session_handle::delete_files
                                               : lt::session_handle::delete_partfile);
  releases_.erase(id);
}

Releases::Release* Releases::find(ReleaseId id) {
  const auto found = releases_.find(id);
  return found == releases_.end() ? nullptr : &found->second;
}

const Releases::Release* Releases::find(ReleaseId id) const {
  const auto found = releases_.find(id);
  return found == releases_.end() ? nullptr : &found->second;
}

std::optional<Infohashes> Releases::infohashes(ReleaseId id) const {
  const Release* release = find(id);
  return release == nullptr ? std::nullopt : std::optional(release->infohashes);
}

std::optional<TorrentInfo> Releases::info(ReleaseId id) const {
  const Release* release = find(id);
  return release == nullptr ? std::nullopt : release->info;
}

std::optional<PieceSums> Releases::piece_sums(ReleaseId id) const try {
  const Release* release = find(id);
  if (release == nullptr || !release->info) return std::nullopt;
  const auto torrent = release->handle.torrent_file();
  if (!torrent) return std::nullopt;
  return piece_sums_of(*torrent, *release->info);
} catch (const std::exception&) {
  return std::nullopt;  // As in connect().
}

Result<Bytes> Releases::torrent_file(ReleaseId id) const try {
  const Release* release = find(id);
  if (release == nullptr || !release->info) {
    return {ErrorCode::kNotFound, "the release's info dictionary is not known yet"};
  }
  if (!release->torrent.empty()) return release->torrent;
  return write_torrent(release->handle);
} catch (const std::exception& failure) {
  return {ErrorCode::kInternal, std::string("write torrent: ") + failure.what()};
}

// libtorrent 2.0.8 keeps only the hashes of blocks once it has all of a file, and then works out
// the piece layer in quadratic time, on its network thread: 50 ms for 64 MiB, in an emulated guest
// 0.4 s at the end of a boot. While the file is still coming it has them ready.
void Releases::keep_torrent(Release& release) {
  if (release.seeded || !release.torrent.empty()) return;
  if (release.status.done == 0 || release.status.complete) return;
  if (auto torrent = write_torrent(release.handle)) release.torrent = std::move(*torrent);
}

std::vector<bool> Releases::pieces(ReleaseId id) const try {
  const Release* release = find(id);
  if (release == nullptr) return {};
  const auto pieces = release->handle.status(lt::torrent_handle::query_pieces).pieces;
  return {pieces.begin(), pieces.end()};
} catch (const std::exception&) {
  return {};  // As in connect().
}

std::vector<bool> Releases::begun(ReleaseId id) const try {
  const Release* release = find(id);
  if (release == nullptr || !release->info) return {};
  const auto torrent = release->handle.torrent_file();
  if (!torrent) return {};
  std::vector<bool> out(static_cast<std::size_t>(torrent->num_pieces()));
  for (const auto& part : release->handle.get_download_queue()) {
    const auto at = static_cast<std::size_t>(int(part.piece_index));
    if (at < out.size()) out[at] = part.requested + part.writing + part.finished > 0;
  }
  return out;
} catch (const std::exception&) {
  return {};  // As in connect().
}

std::vector<PeerAccount> Releases::peers(ReleaseId id) {
  Release* release = find(id);
  if (release == nullptr) return {};
  report_peers(id, *release);
  return release->accounts->all();
}

}  // namespace phase::dht
