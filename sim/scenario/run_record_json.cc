#include "sim/scenario/run_record_json.h"

#include <functional>
#include <nlohmann/json.hpp>

#include "sim/scenario/names.h"

namespace phase::sim {
namespace {

using Json = nlohmann::ordered_json;

constexpr int kFormat = 1;
constexpr int kMaxDepth = 8;
/// Thirty years of milliseconds: differences of times do not overflow.
constexpr double kMostTime = 1e12;

/// Reads one object: each of its keys is asked for, and none is left over.
class Object {
 public:
  Object(const Json& json, const std::string& where, std::string& error)
      : json_(json), where_(where), error_(error) {
    if (!json.is_object()) fail(where_, "expected an object");
  }
  ~Object() {
    if (error_.empty() && json_.size() != asked_) fail(where_, "unknown keys");
  }
  Object(const Object&) = delete;
  Object& operator=(const Object&) = delete;

  void read(const char* key, std::string& out) { take(key, &Json::is_string, "a text", out); }
  void read(const char* key, bool& out) { take(key, &Json::is_boolean, "true or false", out); }
  void read(const char* key, std::uint64_t& out) {
    take(key, &Json::is_number_unsigned, "a whole number", out);
  }
  void read(const char* key, std::int64_t& out) {
    // As a real number first: no whole number of 64 bits, signed or not, is cut off by that.
    double about = 0;
    read(key, about);
    if (error_.empty() && json_[key].is_number_integer() && about <= kMostTime && about >= -kMostTime) {
      out = json_[key].get<std::int64_t>();
    } else {
      fail(path(key), "expected a whole number, of at most 10^12");
    }
  }
  void read(const char* key, std::uint32_t& out) {
    std::uint64_t large = 0;
    read(key, large);
    if (large > UINT32_MAX) fail(path(key), "too large");
    else out = static_cast<std::uint32_t>(large);
  }
  void read(const char* key, double& out) { take(key, &Json::is_number, "a number", out); }
  void read(const char* key, std::vector<std::string>& out) {
    each(key, [&](const Json& one, const std::string& at) {
      if (one.is_string()) out.push_back(one.get<std::string>());
      else fail(at, "expected a text");
    });
  }
  void read(const char* key, std::map<std::string, std::uint64_t>& out) {
    members(key, [&](const std::string& name, const Json& one, const std::string& at) {
      if (one.is_number_unsigned()) out[name] = one.get<std::uint64_t>();
      else fail(at, "expected a whole number");
    });
  }
  template <class Enum, std::size_t size>
  void read(const char* key, Enum& out, const std::array<std::string_view, size>& names) {
    std::string text;
    read(key, text);
    if (!error_.empty()) return;
    const auto value = parse_name<Enum>(text, names);
    if (value) out = *value;
    else fail(path(key), "no '" + text.substr(0, 64) + "'");
  }
  template <class T>
  void read(const char* key, std::vector<T>& out, void (*one)(Object&, T&)) {
    each(key, [&](const Json& json, const std::string& at) {
      Object inner(json, at, error_);
      one(inner, out.emplace_back());
    });
  }
  template <class T>
  void read(const char* key, std::map<std::string, T>& out, void (*one)(Object&, T&)) {
    members(key, [&](const std::string& name, const Json& json, const std::string& at) {
      Object inner(json, at, error_);
      one(inner, out[name]);
    });
  }
  template <class T>
  void read(const char* key, std::map<std::string, std::vector<T>>& out, void (*one)(Object&, T&)) {
    members(key, [&](const std::string& name, const Json& list, const std::string& at) {
      if (!list.is_array()) return fail(at, "expected a list");
      for (const Json& json : list) {
        Object inner(json, at, error_);
        one(inner, out[name].emplace_back());
      }
    });
  }

 private:
  [[nodiscard]] std::string path(const char* key) const {
    return where_.empty() ? key : where_ + "." + key;
  }
  void fail(const std::string& where, const char* what) { fail(where, std::string(what)); }
  void fail(const std::string& where, const std::string& what) {
    if (error_.empty()) error_ = (where.empty() ? "the document" : where.substr(0, 200)) + ": " + what;
  }
  const Json* find(const char* key) {
    if (!error_.empty()) return nullptr;
    ++asked_;
    const auto found = json_.find(key);
    if (found != json_.end()) return &*found;
    fail(path(key), "is missing");
    return nullptr;
  }
  template <class T>
  void take(const char* key, bool (Json::*is)() const noexcept, const char* what, T& out) {
    const Json* value = find(key);
    if (value == nullptr) return;
    if ((value->*is)()) out = value->get<T>();
    else fail(path(key), std::string("expected ") + what);
  }
  void each(const char* key, const std::function<void(const Json&, const std::string&)>& take_one) {
    const Json* value = find(key);
    if (value == nullptr) return;
    if (!value->is_array()) return fail(path(key), "expected a list");
    for (std::size_t i = 0; i < value->size() && error_.empty(); ++i) {
      take_one((*value)[i], path(key) + "[" + std::to_string(i) + "]");
    }
  }
  void members(const char* key,
               const std::function<void(const std::string&, const Json&, const std::string&)>& take_one) {
    const Json* value = find(key);
    if (value == nullptr) return;
    if (!value->is_object()) return fail(path(key), "expected an object");
    for (const auto& [name, one] : value->items()) {
      if (!error_.empty()) return;
      take_one(name, one, path(key) + "." + name);
    }
  }

  const Json& json_;
  std::string where_;
  std::string& error_;
  std::size_t asked_ = 0;
};

/// Writes one object; the same calls as Object's, so that a type's fields stand once (fields()).
class Writer {
 public:
  [[nodiscard]] Json take() { return std::move(json_); }

  template <class T>
  void read(const char* key, const T& value) { json_[key] = value; }
  void read(const char* key, const std::map<std::string, std::uint64_t>& value) {
    json_[key] = Json::object();
    for (const auto& [name, number] : value) json_[key][name] = number;
  }
  template <class Enum, std::size_t size>
  void read(const char* key, const Enum& value, const std::array<std::string_view, size>& names) {
    json_[key] = names.at(static_cast<std::size_t>(value));
  }
  template <class T>
  void read(const char* key, std::vector<T>& values, void (*one)(Writer&, T&)) {
    json_[key] = list(values, one);
  }
  template <class T>
  void read(const char* key, std::map<std::string, T>& values, void (*one)(Writer&, T&)) {
    Json out = Json::object();
    for (auto& [name, value] : values) out[name] = object(value, one);
    json_[key] = std::move(out);
  }
  template <class T>
  void read(const char* key, std::map<std::string, std::vector<T>>& values, void (*one)(Writer&, T&)) {
    Json out = Json::object();
    for (auto& [name, value] : values) out[name] = list(value, one);
    json_[key] = std::move(out);
  }

 private:
  template <class T>
  static Json object(T& value, void (*one)(Writer&, T&)) {
    Writer inner;
    inner.json_ = Json::object();
    one(inner, value);
    return inner.take();
  }
  template <class T>
  static Json list(std::vector<T>& values, void (*one)(Writer&, T&)) {
    Json out = Json::array();
    for (T& value : values) out.push_back(object(value, one));
    return out;
  }
  Json json_;
};

template <class Io>
void lan_fields(Io& io, LanChoice& lan) {
  io.read("name", lan.name);
  io.read("uplink_bits_per_second", lan.uplink.bits_per_second);
}

template <class Io>
void host_fields(Io& io, RecordedHost& host) {
  io.read("name", host.name);
  io.read("group", host.group);
  io.read("address", host.address);
  io.read("lan", host.lan);
  io.read("role", host.role, kRoleNames);
  io.read("kind", host.kind, kKindNames);
  io.read("bits_per_second", host.link.rate.bits_per_second);
  std::int64_t delay = host.link.path.delay.count(), jitter = host.link.path.jitter.count();
  io.read("delay_us", delay);
  io.read("jitter_us", jitter);
  host.link.path.delay = std::chrono::microseconds(delay);
  host.link.path.jitter = std::chrono::microseconds(jitter);
  io.read("loss", host.link.path.loss);
  io.read("link_seed", host.link.path.rng_seed);
}

template <class Io>
void stage_fields(Io& io, RecordedStage& stage) {
  io.read("begin", stage.begin);
  io.read("end", stage.end);
  io.read("name", stage.name);
}

template <class Io>
void source_fields(Io& io, RecordedBoot::Source& source) {
  io.read("host", source.host);
  io.read("how", source.how);
  io.read("bytes", source.bytes);
  io.read("bad_pieces", source.bad_pieces);
}

template <class Io>
void boot_fields(Io& io, RecordedBoot& boot) {
  io.read("host", boot.host);
  io.read("switched_on", boot.switched_on);
  io.read("booted", boot.booted);
  io.read("serving", boot.serving);
  io.read("version", boot.version);
  io.read("intact", boot.intact);
  io.read("sources", boot.sources, &source_fields<Io>);
  io.read("refusals", boot.refusals);
  io.read("error", boot.error);
}

template <class Io>
void version_fields(Io& io, RecordedVersion& version) {
  io.read("at", version.at);
  io.read("host", version.host);
  io.read("version", version.version);
}

template <class Io>
void action_fields(Io& io, RecordedAction& action) {
  io.read("at", action.at);
  io.read("name", action.name);
  io.read("targets", action.targets);
  io.read("detail", action.detail);
}

template <class Io>
void bytes_fields(Io& io, RecordedBytes& bytes) {
  io.read("at", bytes.at);
  io.read("sent_by", bytes.sent_by);
}

template <class Io>
void uplink_fields(Io& io, UplinkBytes& uplink) {
  io.read("down", uplink.down);
  io.read("up", uplink.up);
}

template <class Io>
void verdict_fields(Io& io, Verdict& verdict) {
  io.read("expectation", verdict.expectation);
  io.read("found", verdict.found);
  io.read("holds", verdict.holds);
  io.read("reported", verdict.reported);
}

template <class Io>
void record_fields(Io& io, RunRecord& record) {
  io.read("scenario", record.scenario);
  io.read("title", record.title);
  io.read("story", record.story);
  io.read("rng_seed", record.rng_seed);
  io.read("replay", record.replay);
  io.read("begun", record.begun);
  io.read("length", record.length);
  io.read("image_bytes", record.image_bytes);
  io.read("error", record.error);
  io.read("interrupted", record.interrupted);
  io.read("verdicts", record.verdicts, &verdict_fields<Io>);
  io.read("lans", record.lans, &lan_fields<Io>);
  io.read("hosts", record.hosts, &host_fields<Io>);
  io.read("actions", record.actions, &action_fields<Io>);
  io.read("stages", record.stages, &stage_fields<Io>);
  io.read("boots", record.boots, &boot_fields<Io>);
  io.read("versions", record.versions, &version_fields<Io>);
  io.read("bytes", record.bytes, &bytes_fields<Io>);
  io.read("interface_sent", record.interface_sent);
  io.read("interface_received", record.interface_received);
  io.read("uplinks", record.uplinks, &uplink_fields<Io>);
  io.read("attacks", record.attacks);
}

}  // namespace

std::string write_run_record(const RunRecord& record) {
  RunRecord copy = record;
  Writer writer;
  writer.read("format", kFormat);
  record_fields(writer, copy);
  return writer.take().dump(1, ' ', true, Json::error_handler_t::replace) + "\n";
}

Result<RunRecord> parse_run_record(std::string_view json) {
  if (json.size() > kMaxRecordBytes) {
    return {ErrorCode::kMalformed, "over " + std::to_string(kMaxRecordBytes) + " bytes"};
  }
  bool too_deep = false;
  const auto shallow = [&](int depth, Json::parse_event_t, Json&) {
    too_deep = too_deep || depth > kMaxDepth;
    return !too_deep;
  };
  const Json parsed = Json::parse(json, shallow, false);
  if (too_deep || parsed.is_discarded()) {
    return {ErrorCode::kMalformed, too_deep ? "objects within each other, too deep" : "no JSON"};
  }
  std::string error;
  RunRecord out;
  {
    Object top(parsed, "", error);
    std::uint64_t format = 0;
    top.read("format", format);
    if (error.empty() && format != kFormat) return {ErrorCode::kMalformed, "a record of another format"};
    record_fields(top, out);
  }
  if (!error.empty()) return {ErrorCode::kMalformed, error};
  return out;
}

}  // namespace phase::sim
