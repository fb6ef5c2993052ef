// Goal: docs/CONFINEMENT.md says what the programs do. Method: its two tables are printed from the
// code that starts the processes and from the rules that the filters are compiled from.
#include <gtest/gtest.h>
#include <linux/capability.h>

#include <fstream>
#include <map>
#include <sstream>

#include "boot/init/identities.h"
#include "boot/machine/child_rights.h"
#include "boot/machine/dhcp.h"
#include "proto/confine/rules.h"

namespace phase::boot {
namespace {

std::string joined(const std::vector<std::string>& words, const char* none) {
  std::string out;
  for (const std::string& word : words) out += (out.empty() ? "" : ", ") + word;
  return out.empty() ? none : out;
}

std::string capabilities(const Confinement& rights) {
  static const std::map<int, std::string> kNames = {{CAP_NET_RAW, "NET_RAW"},
                                                    {CAP_SYS_ADMIN, "SYS_ADMIN"},
                                                    {CAP_CHOWN, "CHOWN"},
                                                    {CAP_FOWNER, "FOWNER"},
                                                    {CAP_DAC_OVERRIDE, "DAC_OVERRIDE"}};
  if (rights.keep_all_capabilities) return "all";
  std::vector<std::string> names;
  for (const int one : rights.capabilities) names.push_back(kNames.at(one));
  return joined(names, "none");
}

/// /dev/null aside, which everybody may write.
std::string writes(const Confinement& rights) {
  if (!rights.files) return "by mode";
  std::vector<std::string> paths;
  for (const std::string& path : rights.files->write) {
    if (path != "/dev/null") paths.push_back("`" + path + "`");
  }
  return joined(paths, "nothing");
}

std::string processes() {
  const std::vector<std::pair<const char*, Confinement>> all = {
      {"`udhcpc`, `phase-dhcp-hook`", dhcp_rights({})},
      {"fork: looks at a disk", disk_probe_rights()},
      {"fork: mounts a cache", mounter_rights()},
      {"fork: asks the TPM", tpm_rights(kTpmUid)},
      {"verifier; fork: looks at a cache, reads what was handed over",
       reader_rights(kVerifierUid, kRunFolder)},
      {"`phase-net`, `phase-lan`",
       network_rights(kNetworkChildUid, kNetworkProgram, kFetchFolder, kRunTrustFile, kCacheFolder, 1)},
      {"fork: ends what `phase-net` left", ender_rights(kNetworkChildUid)},
      {"fork: stores in a cache", keeper_rights(kCacheUid, kFetchFolder, kCacheFolder)},
      {"`plasmd`, `phase-lan` (role node)", node_rights(kNodeUid, kNodeProgram, kNodeStore, kHandoverFolder)},
      {"rescue shell (`phase.onfail=shell`)", rescue_rights()}};
  std::string out =
      "| process | number | capabilities | network | writes | system calls |\n|-|-|-|-|-|-|\n";
  for (const auto& [name, rights] : all) {
    out += std::string("| ") + name + " | " + std::to_string(rights.uid) + " | " +
           capabilities(rights) + " | " + (rights.new_network_namespace ? "none" : "the machine's") +
           " | " + writes(rights) + " | " + confine::profile_name(rights.profile) + " |\n";
  }
  return out;
}

std::string profiles() {
  std::string out = "| profile | may |\n|-|-|\n";
  for (const confine::Profile profile : confine::kProfiles) {
    std::vector<std::string> names;
    for (const auto* group : confine::groups_of(profile)) names.emplace_back(group->name);
    out += std::string("| ") + confine::profile_name(profile) + " | " +
           joined(names, "everything but kexec and what gets round that") + " |\n";
  }
  return out;
}

TEST(ConfinementPage, SaysWhatTheProgramsDo) {
  std::ifstream file(PHASE_SOURCE_DIR "/docs/CONFINEMENT.md");
  std::ostringstream page;
  page << file.rdbuf();
  for (const std::string& table : {processes(), profiles()}) {
    EXPECT_NE(page.str().find(table), std::string::npos)
        << "docs/CONFINEMENT.md must hold this table:\n"
        << table;
  }
}

}  // namespace
}  // namespace phase::boot
