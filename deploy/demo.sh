#!/bin/bash
# Shows the main job on real input: docs/DEMO.md. Options go to phase-demo:
#   sudo deploy/demo.sh [--no-vm] [--keep] [--memory MIB] [--verbose]
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

need_root
"$project/deploy/install-deps.sh" demo
say "building the programs that the demo runs (some minutes the first time)"
build release phase-demo-programs
kernel=$(kernel_package)
exec "$project/build/release/bin/phase-demo" --kernel-package "$kernel" "$@"
