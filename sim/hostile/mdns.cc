#include "sim/hostile/mdns.h"

#include <algorithm>

namespace phase::sim {
namespace {

void put16(std::string& out, unsigned value) {
  out += static_cast<char>(value >> 8 & 0xFF);
  out += static_cast<char>(value & 0xFF);
}

}  // namespace

std::string wire_name(const std::string& dotted) {
  std::string out;
  for (std::size_t begin = 0; begin < dotted.size();) {
    const auto end = std::min(dotted.find('.', begin), dotted.size());
    out += static_cast<char>(end - begin);
    out += dotted.substr(begin, end - begin);
    begin = end + 1;
  }
  return out + '\0';
}

std::string dns_answer(const std::vector<DnsRecord>& records) {
  std::string out;
  for (const unsigned field : {0U, 0x8400U, 0U, static_cast<unsigned>(records.size()), 0U, 0U}) {
    put16(out, field);
  }
  for (const auto& record : records) {
    out += wire_name(record.name);
    put16(out, record.type);
    put16(out, record.flush ? 0x8001 : 1);
    put16(out, record.ttl >> 16);
    put16(out, record.ttl & 0xFFFF);
    put16(out, static_cast<unsigned>(record.data.size()));
    out += record.data;
  }
  return out;
}

std::string forged_node(const ForgedNode& node) {
  const std::string type = "_phase-boot._tcp.local";
  const std::string instance = node.instance + "." + type;
  const std::string host = node.instance + ".local";
  std::string srv;
  for (const unsigned field : {0U, 0U, unsigned{node.port}}) put16(srv, field);
  std::string txt;
  for (const std::string& one : node.txt) txt += static_cast<char>(one.size()) + one;
  return dns_answer({{type, kDnsPtr, node.ttl, wire_name(instance)},
                     {instance, kDnsSrv, node.ttl, srv + wire_name(host), true},
                     {instance, kDnsTxt, node.ttl, txt, true},
                     {host, kDnsA, node.ttl, node.address, true}});
}

}  // namespace phase::sim
