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
#define GENERATE_NODES_MAX 30 // of a random network

// Hubs with ExpressRoute and VPN gateways, spokes spread over them, and sites with two customer
// edges, each joined to two hubs by a circuit and by VPN.
void generate_regular(const struct generate_size *size, struct text *out);
// A random network of at most `nodes` nodes: the same seed gives the same text.
void generate_random(uint64_t seed, uint32_t nodes, struct text *out);
