#include <stdlib.h>

#include "base/assert.h"
#include "base/memory.h"
#include "proto/tcp/tcp_int.h"

#define BUCKETS_FIRST 16 // a power of two; doubles when there are as many connections

static uint64_t mixed(uint64_t hash, uint64_t value) {
	hash = (hash ^ value) * UINT64_C(0x9e3779b97f4a7c15);
	return hash ^ (hash >> 32);
}

static size_t bucket_of(const struct tcp_table *table, const struct tcp_pair *pair) {
	uint64_t hash = (uint64_t)pair->local_port << 16 | pair->remote_port;

	hash = mixed(hash, pair->local.hi);
	hash = mixed(hash, pair->local.lo);
	hash = mixed(hash, pair->remote.hi);
	hash = mixed(hash, pair->remote.lo);
	return hash & (table->bucket_count - 1);
}

static bool pair_equal(const struct tcp_pair *a, const struct tcp_pair *b) {
	return a->local_port == b->local_port && a->remote_port == b->remote_port &&
		ip_equal(a->local, b->local) && ip_equal(a->remote, b->remote);
}

void tcp_table_init(struct tcp_table *table) {
	table->bucket_count = BUCKETS_FIRST;
	table->buckets = memory_alloc(memory_product(BUCKETS_FIRST, sizeof(struct tcp_connection *)));
	table->count = 0;
}

void tcp_table_done(struct tcp_table *table) {
	free(table->buckets);
}

struct tcp_connection *tcp_table_find(const struct tcp_table *table, const struct tcp_pair *pair) {
	struct tcp_connection *connection = table->buckets[bucket_of(table, pair)];

	while (connection != NULL && !pair_equal(&connection->pair, pair))
		connection = connection->next_in_bucket;
	return connection;
}

static void bucket_push(struct tcp_table *table, struct tcp_connection *connection) {
	struct tcp_connection **bucket = &table->buckets[bucket_of(table, &connection->pair)];

	connection->next_in_bucket = *bucket;
	*bucket = connection;
}

static void table_double(struct tcp_table *table) {
	struct tcp_connection **old = table->buckets;
	size_t old_count = table->bucket_count;

	table->bucket_count = memory_product(old_count, 2);
	table->buckets =
		memory_alloc(memory_product(table->bucket_count, sizeof(struct tcp_connection *)));
	for (size_t i = 0; i < old_count; i++) {
		while (old[i] != NULL) {
			struct tcp_connection *connection = old[i];
			old[i] = connection->next_in_bucket;
			bucket_push(table, connection);
		}
	}
	free(old);
}

void tcp_table_insert(struct tcp_table *table, struct tcp_connection *connection) {
	assert(tcp_table_find(table, &connection->pair) == NULL);
	if (table->count == table->bucket_count)
		table_double(table);
	bucket_push(table, connection);
	table->count++;
}

void tcp_table_remove(struct tcp_table *table, struct tcp_connection *connection) {
	struct tcp_connection **link = &table->buckets[bucket_of(table, &connection->pair)];

	while (*link != connection) {
		assert(*link != NULL);
		link = &(*link)->next_in_bucket;
	}
	*link = connection->next_in_bucket;
	table->count--;
}
