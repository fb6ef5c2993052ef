// sim/model/parameters.h
// What the model takes from outside: one number each with its unit, and where it came from. The file
// sim/model/parameters.json holds them; nothing has a value in the code. docs/MODEL.md explains them.
#pragma once

#include <array>
#include <map>
#include <string>

#include "proto/result.h"

namespace phase::sim::model {

struct Parameters {
  // A line.
  double line_efficiency = 0;        ///< Share of a line's bits that are pieces: TCP, IP, BitTorrent.
  // From power on to the first question. Seconds.
  double start_s = 0;
  // A lookup in the DHT.
  double lookup_rounds = 0;             ///< Round trips to the first value in a DHT of ten nodes.
  double lookup_rounds_per_decade = 0;  ///< More for each ten times as many nodes.
  double lookup_messages = 0;           ///< Nodes asked by one lookup among ten nodes…
  double lookup_messages_per_decade = 0;
  double lookup_again_s = 0;    ///< Until a standing lookup is repeated.
  double standing_lookups = 0;  ///< Targets that a client which fetches asks for.
  double query_bytes = 0;       ///< With IP and UDP headers, as the other three.
  double answer_bytes = 0;      ///< From a node that only names others.
  double item_answer_bytes = 0;
  double peers_answer_bytes = 0;
  double holders = 0;           ///< Nodes that hold one target.
  double salts = 0;             ///< Targets of a pointer.
  double peer_targets = 0;      ///< Targets of a release's peers: v1 and v2.
  double node_answer_rate = 0;  ///< Bytes a second that a node of the DHT answers at most.
  // Connections.
  double max_connections = 0;   ///< Of a provider.
  double reconnect_s = 0;       ///< Until a provider that was full is tried again, times the attempts.
  double providers_asked = 0;   ///< At most so many are connected to by one client.
  double neighbours = 0;        ///< Others that fetch that the model lets exchange pieces.
  // Pieces.
  double metadata_bytes_per_piece = 0;  ///< Info dictionary and BEP 52 hashes.
  double own_pieces = 0;    ///< A newcomer asks a seed for, before the seed chooses for him.
  double have_bytes = 0;    ///< On a line for each piece and each connection: HAVE, acknowledgements.
  double fewest_given = 0;  ///< On their way from a seed at least, in pieces.
  double request_s = 0;     ///< Of its line: what a client has asked others for.
  double pair_bytes = 0;    ///< On their way from one client to another; beyond it others are asked.
  double step_s = 0;        ///< From a piece's arrival to its being sent on: HAVE, request, shared lines.
  // After the fetch.
  double linger_s = 0;      ///< Verifying and loading; it serves meanwhile.
  double reboot_s = 0;      ///< From the jump to seeding and being announced, where it is a node.

  bool operator==(const Parameters&) const = default;
};

struct ParameterRule {
  const char* name;
  const char* unit;
  double Parameters::* value;
  double least, most;
};
/// Every parameter, in the order of the file.
[[nodiscard]] const std::array<ParameterRule, 29>& parameter_rules();

/// With the origins, by name.
struct ParameterFile {
  Parameters values;
  std::map<std::string, std::string> origins;
};
inline constexpr std::size_t kMaxModelFile = 1 << 20;  ///< Bytes, of either format.

/// kMalformed names the parameter that is missing, unknown, out of range or without origin.
[[nodiscard]] Result<ParameterFile> parse_parameters(const std::string& untrusted);
[[nodiscard]] std::string parameters_text(const ParameterFile& file);

}  // namespace phase::sim::model
