// A library needs a source; this one has the headers compiled (test_headers.h).
#include "tests/test_headers.h"
