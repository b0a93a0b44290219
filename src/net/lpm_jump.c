#include <stdlib.h>

#include "base/assert.h"
#include "base/memory.h"
#include "net/lpm_int.h"

// Below this many routes the trie alone is as fast and the table stays small.
#define ROUTES_WORTH_A_JUMP 64
#define SLOT_BITS_MAX 20

static struct prefix node_prefix(const struct lpm_node *node) {
	return (struct prefix){node->base, node->bits};
}

// Depth of recursion here and in fill_below: at most 128, as each child is longer than its parent.
static size_t count_routes(const struct lpm *lpm, uint32_t at) {
	const struct lpm_node *node = &lpm->nodes[at];
	size_t count = node->value != LPM_NONE;

	for (unsigned side = 0; side < 2; side++) {
		if (node->child[side] != 0)
			count += count_routes(lpm, node->child[side]);
	}
	return count;
}

// The deepest node with at least 15/16 of the family's routes. A default route and a few odd ones
// must not spread the slots over addresses that nobody uses.
static struct prefix choose_hot(const struct lpm *lpm, enum lpm_family family) {
	uint32_t at = lpm_root(lpm, family);
	size_t enough = lpm->route_count[family] - lpm->route_count[family] / 16;

	for (unsigned depth = 0; depth < 128; depth++) {
		const struct lpm_node *node = &lpm->nodes[at];
		uint32_t next = 0;
		for (unsigned side = 0; side < 2; side++) {
			if (node->child[side] != 0 && count_routes(lpm, node->child[side]) >= enough)
				next = node->child[side];
		}
		if (next == 0)
			break;
		at = next;
	}
	return node_prefix(&lpm->nodes[at]);
}

static unsigned slots_end(const struct lpm_jump *jump) {
	return (unsigned)jump->hot.bits + jump->slot_bits;
}

// Sets the slots of a prefix inside the hot one, at most as long as a slot's.
static void set_slots(struct lpm_jump *jump, struct prefix prefix, struct lpm_slot slot) {
	size_t first = lpm_slot_of(jump, prefix.base, false);
	size_t count = (size_t)1 << (slots_end(jump) - prefix.bits);

	for (size_t i = first; i < first + count; i++)
		jump->slots[i] = slot;
}

static void fill_below(const struct lpm *lpm, struct lpm_jump *jump, uint32_t at, uint32_t best) {
	const struct lpm_node *node = &lpm->nodes[at];

	if (node->value != LPM_NONE)
		best = at;
	set_slots(jump, node_prefix(node), (struct lpm_slot){at, best});
	for (unsigned side = 0; side < 2; side++) {
		uint32_t child = node->child[side];
		if (child != 0 && lpm->nodes[child].bits <= slots_end(jump))
			fill_below(lpm, jump, child, best);
	}
}

// Computes the slots of `region` anew; it lies in the hot prefix and is no smaller than a slot.
static void fill_region(const struct lpm *lpm, struct lpm_jump *jump, struct prefix region) {
	uint32_t at = lpm_root(lpm, lpm_family_of(region.base));
	uint32_t best = LPM_NO_NODE;
	const struct lpm_node *node;

	for (;;) { // at most 129 steps: each node is longer than the one before
		node = &lpm->nodes[at];
		if (node->value != LPM_NONE)
			best = at;
		if (node->bits == region.bits)
			break;
		uint32_t next = node->child[lpm_bit(region.base, node->bits, false)];
		if (next == 0 || !prefix_covers(node_prefix(&lpm->nodes[next]), region))
			break;
		at = next;
	}
	set_slots(jump, region, (struct lpm_slot){at, best});
	for (unsigned side = 0; side < 2; side++) {
		uint32_t child = node->child[side];
		if (child != 0 && lpm->nodes[child].bits <= slots_end(jump) &&
			prefix_covers(region, node_prefix(&lpm->nodes[child])))
			fill_below(lpm, jump, child, best);
	}
}

static struct lpm_jump *jump_build(const struct lpm *lpm, enum lpm_family family) {
	struct prefix hot = choose_hot(lpm, family);
	size_t routes = lpm->route_count[family];
	uint8_t slot_bits = 1;

	while (
		(size_t)1 << slot_bits < routes && slot_bits < SLOT_BITS_MAX && hot.bits + slot_bits < 128)
		slot_bits++;
	struct lpm_jump *jump =
		memory_alloc(sizeof(*jump) + ((size_t)1 << slot_bits) * sizeof(jump->slots[0]));
	jump->hot = hot;
	jump->slot_bits = slot_bits;
	jump->routes_when_built = routes;
	fill_region(lpm, jump, hot);
	return jump;
}

void lpm_jump_update(struct lpm *lpm, struct prefix changed) {
	enum lpm_family family = lpm_family_of(changed.base);
	struct lpm_jump *jump = lpm->jump[family];
	size_t routes = lpm->route_count[family];

	// Built anew when the routes have doubled or three quarters of them have gone, so the cost per
	// change stays constant.
	if (jump == NULL
			? routes >= ROUTES_WORTH_A_JUMP
			: routes > 2 * jump->routes_when_built || routes < jump->routes_when_built / 4) {
		free(jump);
		lpm->jump[family] = routes >= ROUTES_WORTH_A_JUMP ? jump_build(lpm, family) : NULL;
		return;
	}
	if (jump == NULL)
		return;
	if (prefix_covers(changed, jump->hot)) {
		fill_region(lpm, jump, jump->hot);
	} else if (prefix_covers(jump->hot, changed)) {
		unsigned bits = changed.bits < slots_end(jump) ? changed.bits : slots_end(jump);
		fill_region(lpm, jump, prefix_of(changed.base, bits));
	}
}

size_t lpm_jump_bytes(const struct lpm_jump *jump) {
	if (jump == NULL)
		return 0;
	return sizeof(*jump) + ((size_t)1 << jump->slot_bits) * sizeof(jump->slots[0]);
}
