#include <algorithm>
#include <map>
#include <set>

#include "sim/scenario/names.h"
#include "sim/scenario/page_parts.h"
#include "sim/scenario/units.h"

namespace phase::sim {
namespace {

constexpr double kWidth = 1100;
constexpr double kTrunk = 24;        // width of the switch, drawn as an upright bar in the middle
constexpr double kCard = 440;
constexpr double kLanInset = 16;
constexpr double kGap = 12;
constexpr double kHead = 44;         // of a card: name and link
constexpr double kDot = 11;
constexpr std::size_t kMaxDots = 300;  // of a card; more are a figure only

/// Alike hosts of one place.
struct Group {
  std::string name;
  const RecordedHost* first = nullptr;
  std::vector<const RecordedHost*> hosts;
};

std::vector<Group> groups_of(const RunRecord& record, const std::string& lan) {
  std::vector<Group> out;
  std::map<std::string, std::size_t> places;
  for (const RecordedHost& host : record.hosts) {
    if (host.lan != lan) continue;
    const std::string name = host.group.empty() ? host.name : host.group;
    const auto [place, added] = places.emplace(name, out.size());
    if (added) out.push_back({name, &host, {}});
    out[place->second].hosts.push_back(&host);
  }
  return out;
}

std::size_t dots_in_row(double width) {
  return static_cast<std::size_t>((width - 28) / kDot);
}

double height_of(const Group& group, double width) {
  const auto dots = std::min(group.hosts.size(), kMaxDots);
  const auto rows = (dots + dots_in_row(width) - 1) / dots_in_row(width);
  return kHead + static_cast<double>(rows) * kDot + 8;
}

class Drawing {
 public:
  explicit Drawing(const RunRecord& record) : record_(record) {
    for (const RecordedBoot& boot : record.boots) {
      if (boot.booted >= 0) booted_.insert(boot.host);
    }
  }

  std::string svg() {
    const auto groups = groups_of(record_, "");
    for (const Group& group : groups) {
      const bool right = group.first->role == HostRole::kMachine;
      place(group, right ? right_ : left_, right ? kRightX : 0);
    }
    for (const LanChoice& lan : record_.lans) {
      // LANs go where there is more room.
      const bool right = right_ <= left_;
      draw_lan(lan, right ? right_ : left_, right);
    }
    const double height = std::max({left_, right_, 120.0});
    const double middle = kWidth / 2;
    std::string out = "<svg role=\"img\" aria-label=\"Network\" viewBox=\"0 0 " + px(kWidth) + " " +
                      px(height) + "\">";
    out += wires_;
    out += "<rect class=\"trunk\" rx=\"6\" x=\"" + px(middle - kTrunk / 2) + "\" y=\"0\" width=\"" + px(kTrunk) +
           "\" height=\"" + px(height - kGap) + "\"/>";
    out += "<text class=\"onwire\" text-anchor=\"middle\" transform=\"translate(" + px(middle + 4) + " " +
           px((height - kGap) / 2) + ") rotate(-90)\">one switch</text>";
    return out + cards_ + "</svg>";
  }

 private:
  static constexpr double kRightX = kWidth - kCard;

  void wire(double y, bool right) {
    const double edge = right ? kRightX : kCard;
    wires_ += "<line class=\"wire\" x1=\"" + px(edge) + "\" x2=\"" + px(kWidth / 2) + "\" y1=\"" + px(y) +
              "\" y2=\"" + px(y) + "\"/>";
  }

  void place(const Group& group, double& y, double x) {
    wire(y + 22, x > 0);
    card(group, x, y, kCard);
    y += height_of(group, kCard) + kGap;
  }

  void card(const Group& group, double x, double y, double width) {
    const RecordedHost& first = *group.first;
    const bool hostile = first.role == HostRole::kHostile;
    cards_ += "<g><rect class=\"card" + std::string(hostile ? " hostile" : "") + "\" rx=\"6\" x=\"" + px(x + 1) +
              "\" y=\"" + px(y + 1) + "\" width=\"" + px(width - 2) + "\" height=\"" +
              px(height_of(group, width) - 2) + "\"/>";
    std::string what = role_name(first.role);
    if (first.kind == HostKind::kQemu) what += ", a QEMU machine";
    if (group.hosts.size() > 1) what = std::to_string(group.hosts.size()) + " × " + what;
    cards_ += "<text class=\"strong\" x=\"" + px(x + 14) + "\" y=\"" + px(y + 19) + "\">" + html(group.name, 24) +
              (group.hosts.size() > 1 ? "*" : "") + "<tspan class=\"soft\" dx=\"8\" font-weight=\"400\">" + html(what) +
              "</tspan></text><text class=\"soft\" x=\"" + px(x + 14) + "\" y=\"" + px(y + 35) + "\">" +
              html(group.hosts.size() == 1 && !first.address.empty() ? first.address + " · " : "", 60) +
              html(link_text(first.link)) + "</text>";
    dots(group, x + 14, y + kHead, width);
    cards_ += "</g>";
  }

  void dots(const Group& group, double x, double y, double width) {
    const auto in_row = dots_in_row(width);
    for (std::size_t i = 0; i < group.hosts.size() && i < kMaxDots; ++i) {
      const RecordedHost& host = *group.hosts[i];
      std::string look = "f-" + role_name(host.role);
      std::string more;
      if (host.role == HostRole::kMachine) {
        const bool up = booted_.contains(host.name);
        look = up ? "f-up" : "f-down";
        more = up ? ", booted" : ", did not boot";
      }
      cards_ += "<circle class=\"" + look + "\" r=\"4\" cx=\"" + px(x + 4 + kDot * static_cast<double>(i % in_row)) +
                "\" cy=\"" + px(y + 4 + kDot * static_cast<double>(i / in_row)) + "\"><title>" +
                html(host.name + " " + host.address + more, 100) + "</title></circle>";
    }
  }

  void draw_lan(const LanChoice& lan, double& y, bool right) {
    const auto groups = groups_of(record_, lan.name);
    const double x = right ? kRightX : 0;
    const double begin = y;
    wire(begin + 18, right);
    y += 34;
    for (const Group& group : groups) {
      card(group, x + kLanInset, y, kCard - 2 * kLanInset);
      y += height_of(group, kCard - 2 * kLanInset) + kGap;
    }
    cards_ += "<rect class=\"lan\" rx=\"8\" x=\"" + px(x + 1) + "\" y=\"" + px(begin + 1) + "\" width=\"" +
              px(kCard - 2) + "\" height=\"" + px(y - begin - 2) + "\"/><text x=\"" + px(x + kLanInset) + "\" y=\"" +
              px(begin + 22) + "\"><tspan class=\"strong\">LAN " + html(lan.name, 24) +
              "</tspan><tspan class=\"soft\" dx=\"8\">behind a router, uplink " +
              (lan.uplink.bits_per_second > 0 ? rate_text(lan.uplink.bits_per_second) : "full speed") +
              "</tspan></text>";
    y += kGap;
  }

  const RunRecord& record_;
  std::set<std::string> booted_;
  double left_ = 0, right_ = 0;
  std::string wires_, cards_;
};

}  // namespace

std::string topology_svg(const RunRecord& record) {
  std::string legend = "<div class=\"legend\">";
  std::set<HostRole> roles;
  for (const RecordedHost& host : record.hosts) roles.insert(host.role);
  for (const HostRole role : roles) {
    if (role == HostRole::kMachine) {
      legend += "<span><i class=\"f-up\"></i>machine that booted</span><span><i class=\"f-down\"></i>machine that did not</span>";
    } else {
      legend += "<span><i class=\"f-" + role_name(role) + "\"></i>" + role_name(role) + "</span>";
    }
  }
  return legend + "</div><div class=\"box\" id=\"network\">" + Drawing(record).svg() + "</div>";
}

}  // namespace phase::sim
