// sim/pidfd.h
// <sys/pidfd.h> of glibc 2.36 declares C functions and does not say so to C++.
#pragma once

extern "C" {
#include <sys/pidfd.h>
}
