// Random networks as topology files, so that a seed that fails can be printed and put to the
// program by hand.
#pragma once

#include <stdint.h>

#include "base/text.h"

// At most so many nodes come out.
#define GENERATE_NODES_MAX 30

// The same seed gives the same text.
void generate_network(uint64_t seed, struct text *out);
