#include "node/admin.h"

#include <httplib.h>

#include <mutex>
#include <thread>
#include <utility>

namespace phase::node {
namespace {

constexpr std::size_t kMaxAnswer = 16 << 20;

// Fetches the status and shows it; without script the raw JSON is one click away.
constexpr const char* kPage = R"(<!doctype html>
<html lang="en"><meta charset="utf-8"><title>plasmd</title>
<style>body{font:15px/1.5 system-ui,sans-serif;margin:2em auto;max-width:60em;padding:0 1em}
table{border-collapse:collapse;width:100%;margin:1em 0}td,th{text-align:left;padding:.3em .8em .3em 0;
border-bottom:1px solid #ddd;overflow-wrap:anywhere}th{font-weight:600}</style>
<h1>plasmd</h1><p id="where">Loading. <a href="/api/v1/status">Status as JSON</a>,
<a href="/metrics">metrics</a>.</p>
<h2>Releases served</h2><table id="releases"></table><h2>Following</h2><table id="following"></table>
<script>
function fill(id, heads, rows){const t=document.getElementById(id);t.replaceChildren();
 const h=t.insertRow();heads.forEach(x=>{const c=document.createElement('th');c.textContent=x;h.append(c)});
 rows.forEach(r=>{const tr=t.insertRow();r.forEach(x=>{tr.insertCell().textContent=x})})}
async function show(){try{const s=await(await fetch('/api/v1/status')).json();
 document.getElementById('where').firstChild.data='HTTP '+s.listening.http.join(', ')+'. Peers '+
  s.listening.peer.join(', ')+'. DHT '+s.dht.nodes+' nodes. ';
 fill('releases',['Channel','Arch','Version','Bytes','Peers','Sent','Name'],
  s.releases.map(r=>[r.channel,r.arch,r.version,r.bytes,r.peers??'',r.sent??'',r.name]));
 fill('following',['Key','Channel','Arch','Version','State'],
  s.following.map(f=>[f.key,f.channel,f.arch,f.version,
   f.error?f.error.detail:f.stage?f.stage+' '+f.done+'/'+f.wanted:'up to date']))}
 catch(e){document.getElementById('where').firstChild.data='The node does not answer. '}
 setTimeout(show,2000)}
show()
</script></html>
)";

bool is_loopback(const Endpoint& at) {
  if (!at.v6) return at.address[0] == 127;
  for (std::size_t i = 0; i < 15; ++i) {
    if (at.address[i] != 0) return false;
  }
  return at.address[15] == 1;
}

}  // namespace

struct AdminServer::State {
  Endpoint at;
  httplib::Server server;
  std::mutex mutex;
  AdminSnapshot snapshot;
  std::thread thread;

  std::string read(std::string AdminSnapshot::*part) {
    const std::lock_guard lock(mutex);
    return snapshot.*part;
  }
};

AdminServer::AdminServer(std::unique_ptr<State> state) : state_(std::move(state)) {}

Result<std::unique_ptr<AdminServer>> AdminServer::open(const Endpoint& at) {
  if (!is_loopback(at)) {
    return Error{ErrorCode::kUsage, "--admin " + at.text() +
                                        ": only a loopback address; use --metrics-listen for "
                                        "scrapers elsewhere"};
  }
  auto state = std::make_unique<State>();
  State* shared = state.get();
  state->at = at;
  state->server.set_payload_max_length(64 * 1024);
  state->server.set_read_timeout(5);
  // Without SO_REUSEPORT, which the library sets, a second node would share the port unnoticed.
  state->server.set_socket_options([](socket_t socket) {
    const int yes = 1;  // a restart does not wait for the last connections to time out
    ::setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
  });
  state->server.Get("/", [](const httplib::Request&, httplib::Response& answer) {
    answer.set_content(kPage, "text/html; charset=utf-8");
  });
  state->server.Get("/api/v1/status", [shared](const httplib::Request&, httplib::Response& answer) {
    answer.set_content(shared->read(&AdminSnapshot::status_json), "application/json");
  });
  state->server.Get("/metrics", [shared](const httplib::Request&, httplib::Response& answer) {
    answer.set_content(shared->read(&AdminSnapshot::metrics), "text/plain; version=0.0.4");
  });
  if (at.port == 0) {
    const int port = state->server.bind_to_any_port(at.host());
    if (port <= 0) return Error{ErrorCode::kNetwork, "--admin: no free port"};
    state->at.port = static_cast<std::uint16_t>(port);
  } else if (!state->server.bind_to_port(at.host(), at.port)) {
    return Error{ErrorCode::kPortInUse, "admin endpoint " + at.text() +
                                            " is taken; give another one with --admin"};
  }
  state->thread = std::thread([shared] { shared->server.listen_after_bind(); });
  return std::unique_ptr<AdminServer>(new AdminServer(std::move(state)));
}

AdminServer::~AdminServer() {
  // stop() only ends a server that has begun to listen; the thread may not be there yet.
  while (!state_->server.is_running()) std::this_thread::yield();
  state_->server.stop();
  state_->thread.join();
}

void AdminServer::set(AdminSnapshot snapshot) {
  const std::lock_guard lock(state_->mutex);
  state_->snapshot = std::move(snapshot);
}

Endpoint AdminServer::listening() const { return state_->at; }

Result<std::string> admin_get(const Endpoint& at, const std::string& path) {
  httplib::Client client(at.host(), at.port);
  client.set_connection_timeout(5);
  client.set_read_timeout(5);
  std::string body;
  const auto answer = client.Get(path, [&](const char* data, std::size_t size) {
    body.append(data, size);
    return body.size() <= kMaxAnswer;
  });
  if (!answer || answer->status != 200) {
    return Error{ErrorCode::kNotFound, "no node answers at " + at.text() +
                                           "; is `plasmd serve` running, and with this --admin?"};
  }
  return body;
}

}  // namespace phase::node
