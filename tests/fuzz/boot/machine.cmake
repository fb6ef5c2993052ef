phase_fuzz(fuzz_cmdline cmdline_fuzz.cc LIBS phase::machine)
phase_fuzz(fuzz_lease lease_fuzz.cc LIBS phase::machine)
phase_fuzz(fuzz_cache cache_fuzz.cc LIBS phase::cache)
