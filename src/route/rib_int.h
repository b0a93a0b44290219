// Inside of the routing table, shared by rib.c, next_hop.c and explain.c.
#pragma once

#include "net/lpm.h"
#include "route/decide.h"
#include "route/rib.h"

// A BGP next hop does not resolve through a default route: a peer that is only reachable "somewhere
// out there" must not keep its routes alive (the usual default of routers).
#define RESOLVE_THROUGH_DEFAULT false

#define NOT_TRACKED UINT32_MAX

// A next hop that BGP paths use, resolved through plain routes.
struct next_hop {
	struct ip address;
	struct route_hop *hops;
	uint32_t references; // 0: the number is free
	uint32_t metric;
	uint16_t hop_count; // 0: not reachable
	bool is_fresh;      // not resolved yet
	bool is_changed;    // resolves differently since the last flush
};

struct next_hops {
	struct next_hop *items;
	size_t count, room;
	struct lpm *index; // host prefix to number
	size_t fresh;
	size_t live;
};

// Entries stand in chunks, so that they keep their place while the table grows.
#define SLOTS_PER_CHUNK ((uint32_t)64)

struct rib_slot {
	struct rib_entry entry;
	struct path *only; // where a single path stands, the usual case
};

struct slot_list {
	uint32_t *items;
	size_t count, room;
};

struct rib {
	struct rib_config config;
	struct lpm *index; // prefix to slot number
	struct rib_slot **chunks;
	size_t chunk_count, chunk_room;
	uint32_t used_slots;
	struct slot_list free_slots, touched;
	struct next_hops next_hops;
	bool has_plain_change;
	bool is_flushing;
	size_t prefix_count, path_count;
	size_t hop_bytes, array_bytes;
};

static inline struct rib_slot *rib_slot(const struct rib *rib, uint32_t number) {
	return &rib->chunks[number / SLOTS_PER_CHUNK][number % SLOTS_PER_CHUNK];
}

void rib_touch(struct rib *rib, uint32_t slot);

// The hops of the prefix's best plain routes. Returns how many; *best is one of those routes.
size_t rib_plain_hops(const struct rib *rib, const struct rib_entry *entry,
	struct route_hop hops[ROUTE_HOPS_MAX], const struct path **best);
// Adds unless it is there already or there is no room. Returns the new count.
size_t hops_add(struct route_hop hops[ROUTE_HOPS_MAX], size_t count, struct route_hop hop);

uint32_t next_hop_track(struct rib *rib, struct ip address);
void next_hop_untrack(struct rib *rib, uint32_t number);
// Resolves what needs it and touches the entries that depend on a change.
void next_hops_refresh(struct rib *rib);
bool next_hops_need_refresh(const struct rib *rib);
