#include "forward/flow_table.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

#define NO_FLOW UINT32_MAX
#define FLOWS_FIRST 16

// Flows in one array; a hash table of chains through it, and a list through it from the least to
// the most lately used.
struct flow {
	struct flow_key key;
	instant used;
	uint32_t chain; // the next of the same bucket
	uint32_t older, newer;
};

struct flow_table {
	struct flow *flows;
	uint32_t *buckets; // as many as there is room for flows, a power of two
	uint32_t count, room;
	uint32_t oldest, newest;
};

struct flow_table *flow_table_new(void) {
	struct flow_table *table = memory_alloc(sizeof(*table));
	table->oldest = NO_FLOW;
	table->newest = NO_FLOW;
	return table;
}

void flow_table_free(struct flow_table *table) {
	if (table == NULL)
		return;
	free(table->flows);
	free(table->buckets);
	free(table);
}

static uint64_t mix(uint64_t hash, uint64_t value) {
	hash = (hash ^ value) * UINT64_C(0x9e3779b97f4a7c15);
	return hash ^ hash >> 32;
}

static uint32_t key_bucket(const struct flow_table *table, const struct flow_key *key) {
	uint64_t hash = mix(0, key->source.hi);
	hash = mix(hash, key->source.lo);
	hash = mix(hash, key->destination.hi);
	hash = mix(hash, key->destination.lo);
	hash = mix(hash,
		(uint64_t)key->source_port << 32 | (uint64_t)key->destination_port << 16 |
			(uint64_t)key->protocol << 8 | key->is_fragment);
	return (uint32_t)hash & (table->room - 1);
}

static bool key_equal(const struct flow_key *a, const struct flow_key *b) {
	return ip_equal(a->source, b->source) && ip_equal(a->destination, b->destination) &&
		a->protocol == b->protocol && a->is_fragment == b->is_fragment &&
		a->source_port == b->source_port && a->destination_port == b->destination_port;
}

static uint32_t flow_find(const struct flow_table *table, const struct flow_key *key) {
	if (table->count == 0)
		return NO_FLOW;
	uint32_t at = table->buckets[key_bucket(table, key)];
	while (at != NO_FLOW && !key_equal(&table->flows[at].key, key))
		at = table->flows[at].chain;
	return at;
}

static void chain_insert(struct flow_table *table, uint32_t at) {
	uint32_t *bucket = &table->buckets[key_bucket(table, &table->flows[at].key)];
	table->flows[at].chain = *bucket;
	*bucket = at;
}

static void chain_remove(struct flow_table *table, uint32_t at) {
	uint32_t *link = &table->buckets[key_bucket(table, &table->flows[at].key)];
	while (*link != at)
		link = &table->flows[*link].chain;
	*link = table->flows[at].chain;
}

static void age_remove(struct flow_table *table, uint32_t at) {
	struct flow *flow = &table->flows[at];
	*(flow->older != NO_FLOW ? &table->flows[flow->older].newer : &table->oldest) = flow->newer;
	*(flow->newer != NO_FLOW ? &table->flows[flow->newer].older : &table->newest) = flow->older;
}

static void age_append(struct flow_table *table, uint32_t at) {
	struct flow *flow = &table->flows[at];
	flow->older = table->newest;
	flow->newer = NO_FLOW;
	*(table->newest != NO_FLOW ? &table->flows[table->newest].newer : &table->oldest) = at;
	table->newest = at;
}

static void flow_touch(struct flow_table *table, uint32_t at, instant now) {
	table->flows[at].used = now;
	if (table->newest == at)
		return;
	age_remove(table, at);
	age_append(table, at);
}

static bool flow_is_idle(const struct flow_table *table, uint32_t at, instant now) {
	return instant_since(now, table->flows[at].used) > FLOW_IDLE_NS;
}

static void table_grow(struct flow_table *table) {
	table->room = table->room == 0 ? FLOWS_FIRST : table->room * 2;
	table->flows = memory_realloc(table->flows, memory_product(table->room, sizeof(struct flow)));
	free(table->buckets);
	size_t bucket_bytes = memory_product(table->room, sizeof(uint32_t));
	table->buckets = memory_alloc(bucket_bytes);
	memset(table->buckets, 0xff, bucket_bytes);
	for (uint32_t at = 0; at < table->count; at++)
		chain_insert(table, at);
}

// A place for a new flow: that of one that is idle or too many, else a fresh one.
static uint32_t flow_place(struct flow_table *table, instant now) {
	uint32_t at = table->oldest;
	if (at != NO_FLOW && (table->count == FLOW_TABLE_MAX || flow_is_idle(table, at, now))) {
		chain_remove(table, at);
		age_remove(table, at);
		return at;
	}
	if (table->count == table->room)
		table_grow(table);
	return table->count++;
}

void flow_table_open(struct flow_table *table, const struct flow_key *key, instant now) {
	uint32_t at = flow_find(table, key);
	if (at != NO_FLOW) {
		flow_touch(table, at, now);
		return;
	}
	at = flow_place(table, now);
	table->flows[at].key = *key;
	table->flows[at].used = now;
	chain_insert(table, at);
	age_append(table, at);
}

bool flow_table_holds(struct flow_table *table, const struct flow_key *key, instant now) {
	uint32_t at = flow_find(table, key);
	if (at == NO_FLOW || flow_is_idle(table, at, now))
		return false;
	flow_touch(table, at, now);
	return true;
}

void flow_table_walk(const struct flow_table *table, flow_table_visit_fn *visit, void *owner) {
	for (uint32_t at = table->oldest; at != NO_FLOW; at = table->flows[at].newer)
		visit(owner, &table->flows[at].key, table->flows[at].used);
}

size_t flow_table_count(const struct flow_table *table) {
	return table->count;
}
