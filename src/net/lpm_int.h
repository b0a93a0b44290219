// Inside of the longest-prefix match: the trie in lpm.c, and the jump in lpm_jump.c that lets a
// lookup in a large table begin near the trie's leaves.
#pragma once

#include "net/lpm.h"

// A node of a path-compressed binary trie: a prefix of the table, or one where two branches part
// (value LPM_NONE then), or a root. Both children lie inside the node, the second where the bit
// behind the node's own is set.
struct lpm_node {
	struct ip base;
	uint32_t child[2]; // 0 for none: node 0 is a root, which is nobody's child
	uint32_t value;
	uint8_t bits;
};

#define LPM_NO_NODE UINT32_MAX

// Where the walk begins for all addresses of one slot.
struct lpm_slot {
	uint32_t node; // the deepest node that holds the whole slot
	uint32_t best; // the deepest node with a value from the root to there, or LPM_NO_NODE
};

// Cuts the prefix that holds nearly all of a family's routes into 2^slot_bits equal slots.
struct lpm_jump {
	struct prefix hot;
	uint8_t slot_bits;
	size_t routes_when_built;
	struct lpm_slot slots[];
};

enum lpm_family {
	LPM_V6,
	LPM_V4,
};
#define LPM_FAMILIES 2

struct lpm {
	struct lpm_node *nodes;
	uint32_t used_nodes, node_room;
	uint32_t free_node; // head of the chain through child[0], 0 at its end
	uint32_t root_v6;   // 0 while there is no IPv6 route; the IPv4 root is node 0
	uint32_t route_count[LPM_FAMILIES];
	struct lpm_jump *jump[LPM_FAMILIES]; // NULL while the family has few routes
};

#define ALWAYS_INLINE static inline __attribute__((always_inline))

// `is_v4` is a constant where these are inlined: all nodes of the IPv4 trie are at least 96 bits
// long, so only the low half counts.
ALWAYS_INLINE bool lpm_base_holds(struct ip base, unsigned bits, struct ip address, bool is_v4) {
	if (is_v4)
		return (address.lo ^ base.lo) >> (128 - bits) == 0;
	if (bits == 0)
		return true;
	if (bits <= 64)
		return (address.hi ^ base.hi) >> (64 - bits) == 0;
	return address.hi == base.hi && (address.lo ^ base.lo) >> (128 - bits) == 0;
}

// The bit behind the first `bits`; some bit when there is none, as a host prefix has no children.
ALWAYS_INLINE unsigned lpm_bit(struct ip address, unsigned bits, bool is_v4) {
	uint64_t half = is_v4 || bits >= 64 ? address.lo : address.hi;
	return half >> (63 - bits % 64) & 1;
}

// The slot of an address inside the hot prefix.
ALWAYS_INLINE size_t lpm_slot_of(const struct lpm_jump *jump, struct ip address, bool is_v4) {
	unsigned below = 128U - jump->hot.bits - jump->slot_bits;
	size_t mask = ((size_t)1 << jump->slot_bits) - 1;
	if (is_v4)
		return address.lo >> below & mask;
	return (size_t)(((unsigned __int128)address.hi << 64 | address.lo) >> below) & mask;
}

static inline enum lpm_family lpm_family_of(struct ip address) {
	return ip_is_v4(address) ? LPM_V4 : LPM_V6;
}

// The root of a family. LPM_V6 only when it has one.
static inline uint32_t lpm_root(const struct lpm *lpm, enum lpm_family family) {
	return family == LPM_V4 ? 0 : lpm->root_v6;
}

// After every change: nodes were added, removed or changed their having a value inside `changed`
// and nowhere else. Keeps the family's jump true and of fitting size.
void lpm_jump_update(struct lpm *lpm, struct prefix changed);
size_t lpm_jump_bytes(const struct lpm_jump *jump); // NULL is 0
