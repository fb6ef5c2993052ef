#include "tests/bench/small_release.h"

#include "sim/made_release.h"
#include "sim/must.h"

namespace phase::bench {

using sim::must;

sim::ReleaseKit make_small_release(sim::Shell& shell, const std::string& folder,
                                   std::size_t payload) {
  sim::ReleaseKit kit;
  kit.public_key = must(sim::make_key(shell, folder + "/key"));
  kit.secret_key = folder + "/key/secret.key";
  kit.kernel.vmlinuz = folder + "/kernel";
  kit.node_initramfs = folder + "/initramfs";
  must(sim::write_made_kernel(kit.kernel.vmlinuz));
  must(sim::MadePayload(payload, 1).write(kit.node_initramfs));
  return kit;
}

}  // namespace phase::bench
