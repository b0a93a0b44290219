#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "forward/packet.h"

#define MANY 2000

static void a_packet_comes_empty_whatever_it_was_before(void **state) {
	(void)state;
	struct packet_pool *pool = packet_pool_new();
	struct packet *packet = packet_get(pool);
	packet->start = 7;
	packet->length = 8;
	packet->visited = 9;
	packet->passed = 9;
	packet->user = 10;
	packet->via = ip_of_v4(11);
	packet->trace = (struct trace *)packet;
	packet_put(pool, packet);
	struct packet *again = packet_get(pool);
	assert_ptr_equal(again, packet);
	assert_int_equal(again->start, PACKET_HEADROOM);
	assert_int_equal(again->length, 0);
	assert_int_equal(again->visited, 0);
	assert_int_equal(again->passed, 0);
	assert_int_equal(again->user, 0);
	assert_true(ip_is_none(again->via));
	assert_null(again->trace);
	packet_put(pool, again);
	packet_pool_free(pool);
}

static void the_pool_knows_how_many_are_out(void **state) {
	(void)state;
	struct packet_pool *pool = packet_pool_new();
	struct packet *packets[100];
	for (size_t i = 0; i < 100; i++) {
		packets[i] = packet_get(pool);
		for (size_t j = 0; j < i; j++)
			assert_ptr_not_equal(packets[i], packets[j]);
		assert_int_equal(packet_pool_out(pool), i + 1);
	}
	for (size_t i = 0; i < 100; i++)
		packet_put(pool, packets[i]);
	assert_int_equal(packet_pool_out(pool), 0);
	packet_pool_free(pool);
	packet_pool_free(NULL);
}

static void a_copy_is_equal_and_separate(void **state) {
	(void)state;
	struct packet_pool *pool = packet_pool_new();
	struct packet *packet = packet_get(pool);
	packet->start = 3;
	packet->length = 5;
	packet->visited = 1;
	packet->passed = 2;
	packet->user = 4;
	memcpy(packet_data(packet), "hello", 5);
	struct packet *copy = packet_copy(pool, packet);
	packet_data(packet)[0] = 'x';
	assert_memory_equal(packet_data(copy), "hello", 5);
	assert_int_equal(copy->length, 5);
	assert_int_equal(copy->visited, 1);
	assert_int_equal(copy->passed, 2);
	assert_int_equal(copy->user, 4);
	packet_put(pool, packet);
	packet_put(pool, copy);
	packet_pool_free(pool);
}

static void take(struct packet_pool *pool, struct packet **packets, size_t count) {
	for (size_t i = 0; i < count; i++)
		packets[i] = packet_get(pool);
}

static void give_back(struct packet_pool *pool, struct packet **packets, size_t count) {
	for (size_t i = 0; i < count; i++)
		packet_put(pool, packets[i]);
}

static void a_trim_frees_what_was_not_needed_since_the_last_one(void **state) {
	(void)state;
	struct packet_pool *pool = packet_pool_new();
	struct packet *packets[MANY];
	take(pool, packets, MANY);
	// Every seventh stays out, so most slabs can't go.
	for (size_t i = 0; i < MANY; i++) {
		if (i % 7 != 0)
			packet_put(pool, packets[i]);
	}
	size_t held = packet_pool_held(pool);
	assert_true(held >= MANY);
	packet_pool_trim(pool);
	assert_int_equal(packet_pool_held(pool), held); // all were needed until now
	packet_pool_trim(pool);
	assert_int_equal(packet_pool_held(pool), held); // there is something out of each slab
	for (size_t i = 0; i < MANY; i += 7)
		packet_put(pool, packets[i]);
	packet_pool_trim(pool);
	size_t left = packet_pool_held(pool);
	assert_true(left < MANY / 2);
	packet_pool_trim(pool);
	assert_true(packet_pool_held(pool) <= left);
	// What is left can be used, and what is missing comes back.
	take(pool, packets, MANY);
	for (size_t i = 0; i < MANY; i++)
		memset(packets[i]->bytes, (int)i, 64);
	for (size_t i = 0; i < MANY; i++)
		assert_int_equal(packets[i]->bytes[63], (uint8_t)i);
	give_back(pool, packets, MANY);
	packet_pool_free(pool);
}

static void a_trim_leaves_what_is_used_now_and_then(void **state) {
	(void)state;
	struct packet_pool *pool = packet_pool_new();
	struct packet *packets[MANY];
	take(pool, packets, MANY);
	give_back(pool, packets, MANY);
	size_t held = packet_pool_held(pool);
	for (size_t i = 0; i < 5; i++) {
		packet_pool_trim(pool);
		assert_int_equal(packet_pool_held(pool), held);
		take(pool, packets, MANY);
		give_back(pool, packets, MANY);
	}
	packet_pool_free(pool);
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_packet_comes_empty_whatever_it_was_before),
		cmocka_unit_test(the_pool_knows_how_many_are_out),
		cmocka_unit_test(a_copy_is_equal_and_separate),
		cmocka_unit_test(a_trim_frees_what_was_not_needed_since_the_last_one),
		cmocka_unit_test(a_trim_leaves_what_is_used_now_and_then),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
