// Networks the tests of analyze/ and view/ share.
#pragma once

#include "world/world_test_support.h"

// a -- r1, then r1 -- r2 -- r4 and r1 -- r3 -- r4 at equal cost, then r4 -- b. Each link 1 ms.
//   a 10.0.0.10, r1 10.0.0.1; b 10.0.9.10, r4 10.0.9.1
//   r1 10.0.1.0/31 r2, r1 10.0.2.0/31 r3, r2 10.0.3.0/31 r4, r3 10.0.4.0/31 r4 (the first is .0)
void diamond_begin(struct lab *lab);
// The number of a link by name; the test ends when there is none.
uint32_t diamond_link(const struct lab *lab, const char *name);
uint32_t diamond_node(const struct lab *lab, const char *name);
