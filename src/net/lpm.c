#include "net/lpm.h"

#include <errno.h>
#include <stdlib.h>

#include "base/assert.h"
#include "base/memory.h"
#include "net/lpm_int.h"

// Most tables hold a handful of routes, so the first allocation is small and growth is gentle.
#define FIRST_NODES 4

static uint32_t node_new(struct lpm *lpm, struct prefix prefix, uint32_t value) {
	uint32_t at = lpm->free_node;

	if (at != 0) {
		lpm->free_node = lpm->nodes[at].child[0];
	} else {
		if (lpm->used_nodes == lpm->node_room) {
			assert(lpm->node_room < LPM_NO_NODE / 2);
			lpm->node_room += FIRST_NODES + lpm->node_room / 4;
			lpm->nodes =
				memory_realloc(lpm->nodes, memory_product(lpm->node_room, sizeof(lpm->nodes[0])));
		}
		at = lpm->used_nodes++;
	}
	lpm->nodes[at] = (struct lpm_node){.base = prefix.base, .bits = prefix.bits, .value = value};
	return at;
}

static void node_free(struct lpm *lpm, uint32_t at) {
	lpm->nodes[at].child[0] = lpm->free_node;
	lpm->free_node = at;
}

struct lpm *lpm_new(void) {
	struct lpm *lpm = memory_alloc(sizeof(*lpm));

	node_new(lpm, prefix_default_v4(), LPM_NONE);
	return lpm;
}

void lpm_free(struct lpm *lpm) {
	if (lpm == NULL)
		return;
	free(lpm->jump[LPM_V4]);
	free(lpm->jump[LPM_V6]);
	free(lpm->nodes);
	free(lpm);
}

static struct prefix node_prefix(const struct lpm *lpm, uint32_t at) {
	return (struct prefix){lpm->nodes[at].base, lpm->nodes[at].bits};
}

// How many first bits two addresses share.
static unsigned shared_bits(struct ip a, struct ip b) {
	if (a.hi != b.hi)
		return (unsigned)__builtin_clzll(a.hi ^ b.hi);
	return a.lo != b.lo ? 64 + (unsigned)__builtin_clzll(a.lo ^ b.lo) : 128;
}

// The deepest node that covers a prefix, and the two above it; a root is its own parent.
struct trail {
	uint32_t at, parent, grandparent;
};

static struct trail find(const struct lpm *lpm, struct prefix prefix) {
	uint32_t root = lpm_root(lpm, lpm_family_of(prefix.base));
	struct trail trail = {root, root, root};

	for (;;) { // at most 129 steps: each node is longer than the one before
		const struct lpm_node *node = &lpm->nodes[trail.at];
		if (node->bits == prefix.bits)
			return trail;
		uint32_t next = node->child[lpm_bit(prefix.base, node->bits, false)];
		if (next == 0 || !prefix_covers(node_prefix(lpm, next), prefix))
			return trail;
		trail = (struct trail){next, trail.at, trail.parent};
	}
}

static void set_child(struct lpm *lpm, uint32_t parent, uint32_t child) {
	struct lpm_node *node = &lpm->nodes[parent];
	node->child[lpm_bit(lpm->nodes[child].base, node->bits, false)] = child;
}

// Hangs a node for the prefix below `above`, the deepest node that covers it but is shorter.
// Returns the shortest prefix that got a node.
static struct prefix add_below(
	struct lpm *lpm, uint32_t above, struct prefix prefix, uint32_t value) {
	uint32_t below = lpm->nodes[above].child[lpm_bit(prefix.base, lpm->nodes[above].bits, false)];
	uint32_t leaf = node_new(lpm, prefix, value);

	if (below == 0) {
		set_child(lpm, above, leaf);
		return prefix;
	}
	if (prefix_covers(prefix, node_prefix(lpm, below))) {
		set_child(lpm, above, leaf);
		set_child(lpm, leaf, below);
		return prefix;
	}
	unsigned shared = shared_bits(prefix.base, lpm->nodes[below].base);
	struct prefix fork = prefix_of(prefix.base, shared);
	uint32_t branch = node_new(lpm, fork, LPM_NONE);
	set_child(lpm, above, branch);
	set_child(lpm, branch, leaf);
	set_child(lpm, branch, below);
	return fork;
}

void lpm_insert(struct lpm *lpm, struct prefix prefix, uint32_t value) {
	enum lpm_family family = lpm_family_of(prefix.base);
	struct prefix changed = prefix;

	assert(value != LPM_NONE);
	assert(prefix_equal(prefix, prefix_of(prefix.base, prefix.bits)));
	if (family == LPM_V6 && lpm->root_v6 == 0)
		lpm->root_v6 = node_new(lpm, prefix_default_v6(), LPM_NONE);
	uint32_t at = find(lpm, prefix).at;
	if (lpm->nodes[at].bits == prefix.bits) {
		uint32_t old_value = lpm->nodes[at].value;
		lpm->nodes[at].value = value;
		if (old_value != LPM_NONE)
			return;
	} else {
		changed = add_below(lpm, at, prefix, value);
	}
	lpm->route_count[family]++;
	lpm_jump_update(lpm, changed);
}

// Takes out a node without a value that has fewer than two children; false when it has to stay.
static bool splice(struct lpm *lpm, uint32_t parent, uint32_t at) {
	struct lpm_node *node = &lpm->nodes[at];
	uint32_t only = node->child[0] != 0 ? node->child[0] : node->child[1];

	if (at == parent || node->value != LPM_NONE || (node->child[0] != 0 && node->child[1] != 0))
		return false;
	lpm->nodes[parent].child[lpm_bit(node->base, lpm->nodes[parent].bits, false)] = only;
	node_free(lpm, at);
	return true;
}

int lpm_remove(struct lpm *lpm, struct prefix prefix) {
	enum lpm_family family = lpm_family_of(prefix.base);
	struct prefix changed = prefix;

	if (lpm->route_count[family] == 0)
		return -ENOENT;
	struct trail trail = find(lpm, prefix);
	struct lpm_node *node = &lpm->nodes[trail.at];
	if (node->bits != prefix.bits || node->value == LPM_NONE)
		return -ENOENT;
	node->value = LPM_NONE;
	if (splice(lpm, trail.parent, trail.at)) {
		struct prefix above = node_prefix(lpm, trail.parent);
		if (splice(lpm, trail.grandparent, trail.parent))
			changed = above;
	}
	lpm->route_count[family]--;
	lpm_jump_update(lpm, changed);
	return 0;
}

// The widest prefix around `address` that no node but those the walk passed reaches into. The walk
// ended at `at`, because of `next`, which does not hold the address, or because it is 0.
static struct prefix walk_end(
	const struct lpm_node *nodes, uint32_t at, uint32_t next, struct ip address) {
	const struct lpm_node *node = &nodes[at];

	if (next != 0)
		return prefix_of(address, shared_bits(address, nodes[next].base) + 1);
	bool is_leaf = node->child[0] == 0 && node->child[1] == 0;
	return prefix_of(address, is_leaf ? node->bits : node->bits + 1U);
}

// The body of both lookups of both families; `same` is NULL for packets.
ALWAYS_INLINE struct lpm_match match(
	const struct lpm *lpm, struct ip address, bool is_v4, struct prefix *same) {
	const struct lpm_node *nodes = lpm->nodes;
	const struct lpm_jump *jump = lpm->jump[is_v4 ? LPM_V4 : LPM_V6];
	uint32_t at = is_v4 ? 0 : lpm->root_v6;
	uint32_t best = LPM_NO_NODE;
	uint32_t next;

	if (!is_v4 && at == 0)
		return (struct lpm_match){LPM_NONE, 0};
	if (jump != NULL && lpm_base_holds(jump->hot.base, jump->hot.bits, address, is_v4)) {
		const struct lpm_slot *slot = &jump->slots[lpm_slot_of(jump, address, is_v4)];
		at = slot->node;
		best = slot->best;
	}
	for (;;) { // at most 129 steps: each node is longer than the one before
		const struct lpm_node *node = &nodes[at];
		best = node->value != LPM_NONE ? at : best;
		next = node->child[lpm_bit(address, node->bits, is_v4)];
		if (next == 0 || !lpm_base_holds(nodes[next].base, nodes[next].bits, address, is_v4))
			break;
		at = next;
	}
	if (same != NULL) {
		struct prefix end = walk_end(nodes, at, next, address);
		if (end.bits > same->bits)
			*same = end;
	}
	if (best == LPM_NO_NODE)
		return (struct lpm_match){LPM_NONE, 0};
	return (struct lpm_match){nodes[best].value, nodes[best].bits};
}

struct lpm_match lpm_lookup(const struct lpm *lpm, struct ip address) {
	return ip_is_v4(address) ? match(lpm, address, true, NULL) : match(lpm, address, false, NULL);
}

struct lpm_match lpm_lookup_scope(const struct lpm *lpm, struct ip address, struct prefix *same) {
	return ip_is_v4(address) ? match(lpm, address, true, same) : match(lpm, address, false, same);
}

struct lpm_match lpm_lookup_at_most(const struct lpm *lpm, struct ip address, unsigned max_bits) {
	enum lpm_family family = lpm_family_of(address);
	struct lpm_match best = {LPM_NONE, 0};

	if (lpm->route_count[family] == 0)
		return best;
	uint32_t at = lpm_root(lpm, family);
	do { // at most 129 steps: each node is longer than the one before
		const struct lpm_node *node = &lpm->nodes[at];
		if (node->bits > max_bits || !lpm_base_holds(node->base, node->bits, address, false))
			break;
		if (node->value != LPM_NONE)
			best = (struct lpm_match){node->value, node->bits};
		at = node->child[lpm_bit(address, node->bits, false)];
	} while (at != 0);
	return best;
}

uint32_t lpm_get(const struct lpm *lpm, struct prefix prefix) {
	struct lpm_match found = lpm_lookup_at_most(lpm, prefix.base, prefix.bits);
	return found.bits == prefix.bits ? found.value : LPM_NONE;
}

size_t lpm_count(const struct lpm *lpm) {
	return (size_t)lpm->route_count[LPM_V4] + lpm->route_count[LPM_V6];
}

size_t lpm_used_bytes(const struct lpm *lpm) {
	return sizeof(*lpm) + lpm->node_room * sizeof(lpm->nodes[0]) +
		lpm_jump_bytes(lpm->jump[LPM_V4]) + lpm_jump_bytes(lpm->jump[LPM_V6]);
}

// A node comes before what it covers, and the low half before the high one: that is
// prefix_compare order. The recursion is at most 129 deep.
static bool walk(const struct lpm *lpm, uint32_t at, lpm_visit_fn *visit, void *owner) {
	const struct lpm_node *node = &lpm->nodes[at];

	if (node->value != LPM_NONE && !visit(owner, node_prefix(lpm, at), node->value))
		return false;
	for (unsigned side = 0; side < 2; side++) {
		if (node->child[side] != 0 && !walk(lpm, node->child[side], visit, owner))
			return false;
	}
	return true;
}

void lpm_walk(const struct lpm *lpm, lpm_visit_fn *visit, void *owner) {
	if (walk(lpm, 0, visit, owner) && lpm->root_v6 != 0)
		walk(lpm, lpm->root_v6, visit, owner);
}
