#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "forward/flow_table.h"

static struct flow_key key_of(uint32_t number) {
	return (struct flow_key){.source = ip_of_v4(0x0a000001),
		.destination = ip_of_v4(0x0b000001),
		.protocol = PROTOCOL_UDP,
		.source_port = (uint16_t)(number >> 16),
		.destination_port = (uint16_t)number};
}

static struct flow_key reversed(struct flow_key key) {
	struct flow_key back = key;
	back.source = key.destination;
	back.destination = key.source;
	back.source_port = key.destination_port;
	back.destination_port = key.source_port;
	return back;
}

static void a_flow_is_one_direction(void **state) {
	(void)state;
	struct flow_table *table = flow_table_new();
	const struct flow_key key = key_of(0x00010002);
	const struct flow_key back = reversed(key);
	assert_false(flow_table_holds(table, &key, (instant){0}));
	flow_table_open(table, &key, (instant){0});
	assert_true(flow_table_holds(table, &key, (instant){0}));
	assert_false(flow_table_holds(table, &back, (instant){0}));
	flow_table_open(table, &key, (instant){0});
	assert_int_equal(flow_table_count(table), 1);
	flow_table_open(table, &back, (instant){0});
	assert_int_equal(flow_table_count(table), 2);
	flow_table_free(table);
	flow_table_free(NULL);
}

static void any_other_field_is_another_flow(void **state) {
	(void)state;
	struct flow_table *table = flow_table_new();
	const struct flow_key key = key_of(0x00010002);
	flow_table_open(table, &key, (instant){0});
	struct flow_key others[6];
	for (size_t i = 0; i < 6; i++)
		others[i] = key;
	others[0].source.lo++;
	others[1].destination.lo++;
	others[2].protocol++;
	others[3].source_port++;
	others[4].destination_port++;
	others[5].is_fragment = true;
	for (size_t i = 0; i < 6; i++)
		assert_false(flow_table_holds(table, &others[i], (instant){0}));
	// The same ports the other way round, in the same direction.
	struct flow_key swapped = key;
	swapped.source_port = key.destination_port;
	swapped.destination_port = key.source_port;
	assert_false(flow_table_holds(table, &swapped, (instant){0}));
	flow_table_free(table);
}

static void a_flow_ends_after_four_idle_minutes_and_use_keeps_it(void **state) {
	(void)state;
	struct flow_table *table = flow_table_new();
	const struct flow_key key = key_of(1);
	flow_table_open(table, &key, (instant){0});
	assert_true(flow_table_holds(table, &key, (instant){FLOW_IDLE_NS}));
	assert_true(flow_table_holds(table, &key, (instant){2 * FLOW_IDLE_NS}));
	assert_false(flow_table_holds(table, &key, (instant){3 * FLOW_IDLE_NS + 1}));
	flow_table_open(table, &key, (instant){4 * FLOW_IDLE_NS});
	assert_true(flow_table_holds(table, &key, (instant){4 * FLOW_IDLE_NS}));
	assert_int_equal(flow_table_count(table), 1);
	flow_table_free(table);
}

static void a_full_table_forgets_what_was_used_longest_ago(void **state) {
	(void)state;
	struct flow_table *table = flow_table_new();
	for (uint32_t i = 0; i < FLOW_TABLE_MAX; i++) {
		const struct flow_key key = key_of(i);
		flow_table_open(table, &key, (instant){i});
	}
	const instant now = {FLOW_TABLE_MAX};
	const struct flow_key first = key_of(0);
	assert_true(flow_table_holds(table, &first, now)); // used, so no longer the oldest
	const struct flow_key newcomer = key_of(FLOW_TABLE_MAX);
	flow_table_open(table, &newcomer, now);
	assert_int_equal(flow_table_count(table), FLOW_TABLE_MAX);
	const struct flow_key second = key_of(1);
	assert_false(flow_table_holds(table, &second, now));
	assert_true(flow_table_holds(table, &first, now));
	assert_true(flow_table_holds(table, &newcomer, now));
	for (uint32_t i = 2; i < FLOW_TABLE_MAX; i++) {
		const struct flow_key key = key_of(i);
		assert_true(flow_table_holds(table, &key, now));
	}
	flow_table_free(table);
}

static void idle_flows_make_room_before_the_table_grows(void **state) {
	(void)state;
	struct flow_table *table = flow_table_new();
	for (uint32_t i = 0; i < 1000; i++) {
		const struct flow_key key = key_of(i);
		flow_table_open(table, &key, (instant){i * (FLOW_IDLE_NS / 10)});
	}
	assert_true(flow_table_count(table) <= 12);
	flow_table_free(table);
}

static void copy_flow(void *owner, const struct flow_key *key, instant used) {
	flow_table_open(owner, key, used);
}

// What was used longest ago still goes first in the copy, and is as old.
static void a_walk_makes_the_same_table(void **state) {
	(void)state;
	struct flow_table *table = flow_table_new();
	struct flow_table *copy = flow_table_new();
	const struct flow_key early = key_of(1), late = key_of(2);
	flow_table_open(table, &early, (instant){0});
	flow_table_open(table, &late, (instant){FLOW_IDLE_NS});
	flow_table_walk(table, copy_flow, copy);
	assert_int_equal(flow_table_count(copy), 2);
	assert_false(flow_table_holds(copy, &early, (instant){FLOW_IDLE_NS + 1}));
	assert_true(flow_table_holds(copy, &late, (instant){FLOW_IDLE_NS + 1}));
	flow_table_free(table);
	flow_table_free(copy);
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_flow_is_one_direction),
		cmocka_unit_test(a_walk_makes_the_same_table),
		cmocka_unit_test(any_other_field_is_another_flow),
		cmocka_unit_test(a_flow_ends_after_four_idle_minutes_and_use_keeps_it),
		cmocka_unit_test(a_full_table_forgets_what_was_used_longest_ago),
		cmocka_unit_test(idle_flows_make_room_before_the_table_grows),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
