#include "net/rules.h"

#include <stdbool.h>

#include "base/assert.h"

typedef unsigned __int128 u128;

static u128 wide(struct ip a) {
	return (u128)a.hi << 64 | a.lo;
}

static struct ip unwide(u128 a) {
	return (struct ip){(uint64_t)(a >> 64), (uint64_t)a};
}

// One field of a scope, of the key in it and of a rule that misses the key.
struct edge {
	u128 scope_low, scope_high;
	u128 key;
	u128 rule_low, rule_high;
};

enum field {
	FIELD_DESTINATION,
	FIELD_SOURCE,
	FIELD_PROTOCOL,
	FIELD_DESTINATION_PORT,
	FIELD_SOURCE_PORT,
};
#define FIELDS 5

static struct edge edge_of(enum field field, const struct header_box *scope,
	const struct flow_key *key, const struct header_box *rule) {
	switch (field) {
	case FIELD_DESTINATION:
		return (struct edge){wide(scope->destination_low), wide(scope->destination_high),
			wide(key->destination), wide(rule->destination_low), wide(rule->destination_high)};
	case FIELD_SOURCE:
		return (struct edge){wide(scope->source_low), wide(scope->source_high), wide(key->source),
			wide(rule->source_low), wide(rule->source_high)};
	case FIELD_PROTOCOL:
		return (struct edge){scope->protocol_low, scope->protocol_high, key->protocol,
			rule->protocol_low, rule->protocol_high};
	case FIELD_DESTINATION_PORT:
		return (struct edge){scope->destination_port_low, scope->destination_port_high,
			key->destination_port, rule->destination_port_low, rule->destination_port_high};
	case FIELD_SOURCE_PORT:
		return (struct edge){scope->source_port_low, scope->source_port_high, key->source_port,
			rule->source_port_low, rule->source_port_high};
	}
	assert(false);
	return (struct edge){0};
}

static void set_range(struct header_box *scope, enum field field, u128 low, u128 high) {
	switch (field) {
	case FIELD_DESTINATION:
		scope->destination_low = unwide(low);
		scope->destination_high = unwide(high);
		return;
	case FIELD_SOURCE:
		scope->source_low = unwide(low);
		scope->source_high = unwide(high);
		return;
	case FIELD_PROTOCOL:
		scope->protocol_low = (uint8_t)low;
		scope->protocol_high = (uint8_t)high;
		return;
	case FIELD_DESTINATION_PORT:
		scope->destination_port_low = (uint16_t)low;
		scope->destination_port_high = (uint16_t)high;
		return;
	case FIELD_SOURCE_PORT:
		scope->source_port_low = (uint16_t)low;
		scope->source_port_high = (uint16_t)high;
		return;
	}
}

// How much of a field stays, in 2^-32: kept and all are widths less one.
static uint64_t share(u128 kept, u128 all) {
	while (all > UINT32_MAX) {
		kept >>= 1;
		all >>= 1;
	}
	return (((uint64_t)kept + 1) << 32) / ((uint64_t)all + 1);
}

// Moves one edge of the scope inwards so that it keeps the key and loses the rule's whole box: of
// the edges that do, the one that leaves the largest scope.
static void exclude(
	struct header_box *scope, const struct flow_key *key, const struct header_box *rule) {
	uint64_t best_share = 0;
	enum field best_field = FIELD_DESTINATION;
	u128 best_low = 0;
	u128 best_high = 0;

	for (unsigned i = 0; i < FIELDS; i++) {
		enum field field = (enum field)i;
		struct edge edge = edge_of(field, scope, key, rule);
		if (edge.rule_low > edge.scope_high || edge.rule_high < edge.scope_low)
			return; // the scope does not reach into the rule
		u128 low = edge.scope_low;
		u128 high = edge.scope_high;
		if (edge.key < edge.rule_low)
			high = edge.rule_low - 1;
		else if (edge.key > edge.rule_high)
			low = edge.rule_high + 1;
		else
			continue;
		uint64_t kept = share(high - low, edge.scope_high - edge.scope_low);
		if (kept > best_share) {
			best_share = kept;
			best_field = field;
			best_low = low;
			best_high = high;
		}
	}
	assert(best_share > 0);
	set_range(scope, best_field, best_low, best_high);
}

// The body of both; `scope` is NULL for packets.
static inline __attribute__((always_inline)) ptrdiff_t match(
	const struct rule_list *list, const struct flow_key *key, struct header_box *scope) {
	for (size_t i = 0; i < list->count; i++) {
		const struct header_box *box = &list->rules[i].box;
		if (header_box_contains(box, key)) {
			if (scope != NULL && !header_box_intersect(scope, box, scope))
				assert(false);
			return (ptrdiff_t)i;
		}
		if (scope != NULL)
			exclude(scope, key, box);
	}
	return -1;
}

ptrdiff_t rule_list_match(const struct rule_list *list, const struct flow_key *key) {
	return match(list, key, NULL);
}

ptrdiff_t rule_list_match_scope(
	const struct rule_list *list, const struct flow_key *key, struct header_box *scope) {
	assert(header_box_contains(scope, key));
	return match(list, key, scope);
}
