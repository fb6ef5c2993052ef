// parse_trust_file() of trust.h. docs/TRUST-FILE.md is the format.
#define TOML_EXCEPTIONS 0
#include <toml++/toml.h>
#include <algorithm>
#include <array>
#include <limits>
#include <optional>
#include <utility>

#include "proto/endpoint.h"
#include "proto/names.h"
#include "proto/nearest.h"
#include "proto/root_chain.h"
#include "proto/trust.h"

namespace phase {
namespace {

constexpr std::size_t kMaxFileBytes = std::size_t{64} * 1024;
constexpr std::ptrdiff_t kMaxDots = 2048;
constexpr std::size_t kMaxEntries = 64;
constexpr std::size_t kMaxTextBytes = 512;
constexpr std::int64_t kEndOfTime = 253402300799;  // 9999-12-31, as in manifests

constexpr std::array<std::string_view, 11> kKnown{
    "format", "root",        "release_keys", "release_threshold", "pointer_keys", "locked",
    "min_version", "time_floor", "mirrors",  "bootstrap",         "command_line"};

Error at_line(const toml::source_region& where, const std::string& rule) {
  return {ErrorCode::kConfig, "trust file: line " + std::to_string(where.begin.line) + ": " + rule};
}

Error refused(const toml::node& node, const std::string& rule) {
  return at_line(node.source(), rule);
}

bool printable(std::string_view text) {
  return !text.empty() && text.size() <= kMaxTextBytes &&
         std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c < 127; });
}

bool is_host_and_port(std::string_view text) {
  const std::size_t colon = text.rfind(':');
  if (!printable(text) || colon == std::string_view::npos || colon == 0) return false;
  const std::string_view host = text.substr(0, colon);
  const bool bracketed = host.front() == '[' && host.back() == ']';
  const auto port = parse_endpoint("0.0.0.0:" + std::string(text.substr(colon + 1)));
  if (!port || port->port == 0) return false;
  if (bracketed) return parse_endpoint(text).has_value();
  return std::all_of(host.begin(), host.end(), [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '.' ||
           c == '-' || c == '_';
  });
}

bool is_mirror(std::string_view text) {
  return printable(text) && text.starts_with("http://") && text.size() > 7;
}

/// Reads the members of one parsed file; the first broken rule ends it.
class Reader {
 public:
  explicit Reader(const toml::table& table) : table_(table) {}

  Result<TrustPolicy> policy() {
    TrustPolicy out;
    for (const auto& [key, node] : table_) {
      if (std::find(kKnown.begin(), kKnown.end(), key.str()) == kKnown.end()) {
        fail(at_line(key.source(), "unknown key '" + std::string(key.str()) + "'" +
                                       did_you_mean(key.str(), kKnown)));
      }
    }
    if (number("format", 1, 1).value_or(1) != 1) fail(missing("format is 1"));
    if (table_.contains("root")) root_document(out);
    else root_keys(out);
    if (const toml::node* node = table_.get("locked")) {
      if (!node->is_boolean()) fail(refused(*node, "locked is true or false"));
      out.locked = node->value_exact<bool>().value_or(true);
    }
    min_versions(out);
    out.time_floor.seconds = number("time_floor", 0, kEndOfTime).value_or(0);
    out.mirrors = texts("mirrors", is_mirror, "an http:// URL");
    out.bootstrap = texts("bootstrap", is_host_and_port, "HOST:PORT");
    command_line(out);
    if (error_) return *error_;
    return out;
  }

 private:
  void fail(Error error) {
    if (!error_) error_ = std::move(error);
  }

  static Error missing(const std::string& rule) {
    return {ErrorCode::kConfig, "trust file: " + rule};
  }

  std::optional<std::int64_t> number(std::string_view key, std::int64_t least, std::int64_t most) {
    const toml::node* node = table_.get(key);
    if (node == nullptr) return std::nullopt;
    return number(*node, std::string(key), least, most);
  }

  std::optional<std::int64_t> number(const toml::node& node, const std::string& key,
                                     std::int64_t least, std::int64_t most) {
    const auto value = node.value_exact<std::int64_t>();
    if (value && *value >= least && *value <= most) return value;
    fail(refused(node, key + " is a whole number from " + std::to_string(least) + " to " +
                           std::to_string(most)));
    return std::nullopt;
  }

  /// The strings of an array with the lines where they stand.
  std::vector<std::pair<std::string, const toml::node*>> strings(std::string_view key,
                                                                 std::size_t most) {
    std::vector<std::pair<std::string, const toml::node*>> out;
    const toml::node* node = table_.get(key);
    if (node == nullptr) return out;
    const toml::array* array = node->as_array();
    if (array == nullptr || array->size() > most) {
      fail(refused(
          *node, std::string(key) + " is a list of at most " + std::to_string(most) + " strings"));
      return out;
    }
    for (const toml::node& member : *array) {
      const auto text = member.value_exact<std::string>();
      if (!text) {
        fail(refused(member, std::string(key) + " is a list of strings"));
        return out;
      }
      out.emplace_back(*text, &member);
    }
    return out;
  }

  std::vector<std::string> texts(std::string_view key, bool (*good)(std::string_view),
                                 const char* expected) {
    std::vector<std::string> out;
    for (auto& [text, node] : strings(key, kMaxEntries)) {
      if (!good(text)) fail(refused(*node, std::string(key) + ": expected " + expected));
      out.push_back(std::move(text));
    }
    return out;
  }

  std::vector<PublicKey> keys(std::string_view key, std::size_t most) {
    std::vector<PublicKey> out;
    for (const auto& [text, node] : strings(key, most)) {
      const auto parsed = parse_public_key(text);
      if (!parsed) {
        fail(refused(*node, parsed.error().detail));
      } else if (std::find(out.begin(), out.end(), *parsed) != out.end()) {
        fail(refused(*node, std::string(key) + " names key " + parsed->id() + " twice"));
      } else {
        out.push_back(*parsed);
      }
    }
    return out;
  }

  /// Keys alone: a root that was never written, in which the release keys are root keys as well.
  void root_keys(TrustPolicy& out) {
    RoleKeys signers{.keys = keys("release_keys", kMaxRoleKeys), .threshold = 1};
    if (error_) return;
    if (signers.keys.empty()) return fail(missing("release_keys names no key"));
    const auto most = static_cast<std::int64_t>(signers.keys.size());
    signers.threshold = number("release_threshold", 1, most).value_or(1);
    RoleKeys pointer{.keys = pointer_keys(signers.keys), .threshold = 1};
    out.root.root = signers;
    out.root.release = {Grant{.channels = {}, .archs = {}, .signers = std::move(signers)}};
    out.root.pointer = {Grant{.channels = {}, .archs = {}, .signers = std::move(pointer)}};
  }

  std::vector<PublicKey> pointer_keys(const std::vector<PublicKey>& release_keys) {
    if (table_.contains("pointer_keys")) {
      auto named = keys("pointer_keys", kMaxPointerKeys);
      if (named.empty()) fail(missing("pointer_keys names no key"));
      return named;
    }
    if (release_keys.size() > kMaxPointerKeys) {
      fail(missing("with more than three release_keys, pointer_keys must name one to three"));
    }
    return release_keys;
  }

  /// A root document in base64. It is trusted for being here, and checked for being whole.
  void root_document(TrustPolicy& out) {
    for (const char* other : {"release_keys", "release_threshold", "pointer_keys"}) {
      if (const toml::node* node = table_.get(other)) {
        return fail(refused(*node, std::string(other) + " and root exclude each other"));
      }
    }
    const toml::node& node = *table_.get("root");
    const auto text = node.value_exact<std::string>();
    const auto document = text ? from_base64(*text) : std::nullopt;
    if (!document) return fail(refused(node, "root is a root document in base64"));
    auto root = decode_signed_root(*document);
    if (!root) return fail(refused(node, root.error().detail));
    const auto own = check_signers(root->message, root->signatures, root->document.root);
    if (!own) return fail(refused(node, "root, by its own keys: " + own.error().detail));
    out.root = std::move(root->document);
    out.root_document = *document;
  }

  void min_versions(TrustPolicy& out) {
    const toml::node* node = table_.get("min_version");
    if (node == nullptr) return;
    const toml::table* channels = node->as_table();
    if (channels == nullptr || channels->size() > kMaxEntries) {
      return fail(refused(*node, "min_version is a table of channels and version numbers"));
    }
    for (const auto& [channel, version] : *channels) {
      if (const auto good = check_channel(channel.str()); !good) {
        fail(at_line(channel.source(), good.error().detail));
      }
      const auto floor =
          number(version, "min_version", 0, std::numeric_limits<std::int64_t>::max());
      out.min_version[std::string(channel.str())] = static_cast<std::uint64_t>(floor.value_or(0));
    }
  }

  /// Where it stands it is the whole list: an empty table lets nothing pass.
  void command_line(TrustPolicy& out) {
    const toml::node* node = table_.get("command_line");
    if (node == nullptr) return;
    const toml::table* options = node->as_table();
    if (options == nullptr || options->size() > kMaxEntries) {
      return fail(refused(*node, "command_line is a table of at most " +
                                     std::to_string(kMaxEntries) + " options and their types"));
    }
    out.command_line.clear();
    for (const auto& [name, type] : *options) {
      auto rule = option_rule(name, type);
      if (!rule) return fail(at_line(name.source(), "command_line: " + rule.error().detail));
      out.command_line.push_back(*std::move(rule));
    }
    check_distinct(out.command_line, *node);
  }

  static Result<OptionRule> option_rule(const toml::key& name, const toml::node& type) {
    if (type.is_table()) {
      return {ErrorCode::kConfig, std::string(name.str()) +
                                      ": the name of an option stands in quotes where it holds a "
                                      "dot, as in \"systemd.unit\""};
    }
    const auto text = type.value_exact<std::string>();
    if (!text) return {ErrorCode::kConfig, std::string(name.str()) + ": its type is a string"};
    return parse_option_rule(name.str(), *text);
  }

  void check_distinct(const std::vector<OptionRule>& rules, const toml::node& node) {
    std::vector<std::string> names;
    for (const OptionRule& rule : rules) names.push_back(canonical_option(rule.name));
    std::sort(names.begin(), names.end());
    const auto twice = std::adjacent_find(names.begin(), names.end());
    if (twice == names.end()) return;
    fail(refused(node, "command_line names " + *twice + " twice ('-' and '_' are the same)"));
  }

  const toml::table& table_;
  std::optional<Error> error_;
};

/// What toml++ 3.3 must not see: it recurses once for each part of a dotted key, without a limit,
/// and on some letters beyond ASCII it runs into __builtin_unreachable.
Result<void> check_text(std::string_view toml) {
  if (toml.size() > kMaxFileBytes) {
    return {ErrorCode::kConfig, "trust file: over " + std::to_string(kMaxFileBytes) + " bytes"};
  }
  const auto odd = std::find_if(toml.begin(), toml.end(), [](char c) {
    return (c < ' ' || c > '~') && c != '\t' && c != '\r' && c != '\n';
  });
  if (odd != toml.end()) {
    const auto line = 1 + std::count(toml.begin(), odd, '\n');
    return {ErrorCode::kConfig,
            "trust file: line " + std::to_string(line) + ": not ASCII; comments neither"};
  }
  if (std::count(toml.begin(), toml.end(), '.') > kMaxDots) {
    return {ErrorCode::kConfig, "trust file: over " + std::to_string(kMaxDots) + " dots"};
  }
  return {};
}

}  // namespace

Result<TrustPolicy> parse_trust_file(std::string_view toml) {
  if (auto text = check_text(toml); !text) return text.error();
  const toml::parse_result parsed = toml::parse(toml);
  if (!parsed) {
    return at_line(parsed.error().source(), std::string(parsed.error().description()));
  }
  return Reader(parsed.table()).policy();
}

}  // namespace phase
