// Networks of a given size as topology files, for measuring and for trying things out.
#pragma once

#include <stdint.h>

#include "base/text.h"

struct generate_size {
	uint32_t hubs, spokes, sites, prefixes;
	uint64_t seed;
};

#define GENERATE_HUBS_MAX 100
#define GENERATE_SITES_MAX 100

// Hubs with ExpressRoute and VPN gateways, spokes spread over them, and sites with two customer
// edges, each joined to two hubs by a circuit and by VPN.
void generate_regular(const struct generate_size *size, struct text *out);
