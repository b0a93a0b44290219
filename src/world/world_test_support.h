// Small networks for the tests of world/, built by hand.
#pragma once

#include "topo/topo_build.h"
#include "world/probe.h"
#include "world/world.h"

struct lab {
	struct clock clock;
	struct loop *loop;
	struct topo *topo;
	struct world *world;
};

void lab_begin(struct lab *lab);
void lab_start(struct lab *lab, uint64_t seed); // brings it to life and lets it converge
void lab_end(struct lab *lab);

uint32_t lab_router(struct lab *lab, const char *name, const char *igp_site);
uint32_t lab_host(struct lab *lab, const char *name, const char *address, const char *gateway);
// A port with an address like "10.0.0.1/24"; igp_cost 0: not in the IGP.
uint32_t lab_port(struct lab *lab, uint32_t node, const char *address, uint32_t igp_cost);
uint32_t lab_link(struct lab *lab, uint32_t a, uint32_t b, int64_t delay_ns);
// One BGP session, both sides, between two ports of one link.
void lab_bgp(struct lab *lab, uint32_t port_a, uint32_t asn_a, uint32_t port_b, uint32_t asn_b);

// Sends one echo and runs until it is decided.
struct probe_result lab_ping(struct lab *lab, const char *from, const char *to, uint8_t ttl);
