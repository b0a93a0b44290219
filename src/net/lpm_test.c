#include "net/lpm.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/random.h"
#include "net/header.h"

static struct prefix prefix_from(const char *text) {
	struct prefix p = {IP_NONE, 0};
	if (prefix_parse(text, &p) != 0)
		fail_msg("%s does not parse", text);
	return p;
}

static struct ip ip_from(const char *text) {
	struct ip a = IP_NONE;
	if (ip_parse(text, &a) != 0)
		fail_msg("%s does not parse", text);
	return a;
}

// The same table as a plain list: what the trie is held against.
#define MODEL_MAX 1200

struct route {
	struct prefix prefix;
	uint32_t value;
};

struct model {
	struct route routes[MODEL_MAX];
	size_t count;
};

static struct route *model_find(struct model *model, struct prefix prefix) {
	for (size_t i = 0; i < model->count; i++) {
		if (prefix_equal(model->routes[i].prefix, prefix))
			return &model->routes[i];
	}
	return NULL;
}

static void model_insert(struct model *model, struct prefix prefix, uint32_t value) {
	struct route *route = model_find(model, prefix);
	if (route == NULL) {
		assert_true(model->count < MODEL_MAX);
		route = &model->routes[model->count++];
	}
	*route = (struct route){prefix, value};
}

static bool model_remove(struct model *model, struct prefix prefix) {
	struct route *route = model_find(model, prefix);
	if (route == NULL)
		return false;
	*route = model->routes[--model->count];
	return true;
}

static struct lpm_match model_lookup(const struct model *model, struct ip a, unsigned max_bits) {
	struct lpm_match best = {LPM_NONE, 0};
	for (size_t i = 0; i < model->count; i++) {
		const struct route *route = &model->routes[i];
		if (prefix_contains(route->prefix, a) && route->prefix.bits <= max_bits &&
			(best.value == LPM_NONE || route->prefix.bits > best.bits))
			best = (struct lpm_match){route->value, route->prefix.bits};
	}
	return best;
}

// The widest prefix around an address with one answer: no route but the matching one begins in it.
static struct prefix model_scope(const struct model *model, struct ip a) {
	struct lpm_match hit = model_lookup(model, a, 128);
	unsigned bits = hit.value != LPM_NONE ? hit.bits : ip_is_v4(a) ? PREFIX_V4_BITS : 0;
	for (size_t i = 0; i < model->count; i++) {
		struct prefix route = model->routes[i].prefix;
		while (!prefix_contains(route, a) && prefix_covers(prefix_of(a, bits), route))
			bits++;
	}
	return prefix_of(a, bits);
}

static void expect_match(struct lpm_match got, struct lpm_match wanted, struct ip a) {
	char text[IP_TEXT_BYTES];
	if (got.value != wanted.value || got.bits != wanted.bits)
		fail_msg("%s: got %u/%u, expected %u/%u", ip_format(a, text), got.value, got.bits,
			wanted.value, wanted.bits);
}

static void expect_same_answers(const struct lpm *lpm, const struct model *model, struct ip a) {
	struct lpm_match wanted = model_lookup(model, a, 128);
	struct prefix whole = ip_is_v4(a) ? prefix_default_v4() : prefix_default_v6();
	struct prefix same = whole;

	expect_match(lpm_lookup(lpm, a), wanted, a);
	expect_match(lpm_lookup_scope(lpm, a, &same), wanted, a);
	struct prefix widest = model_scope(model, a);
	if (!prefix_equal(same, widest)) {
		char got[PREFIX_TEXT_BYTES], expected[PREFIX_TEXT_BYTES], text[IP_TEXT_BYTES];
		fail_msg("%s: scope %s, expected %s", ip_format(a, text), prefix_format(same, got),
			prefix_format(widest, expected));
	}
	unsigned max_bits = whole.bits + (unsigned)(a.lo % (129U - whole.bits));
	expect_match(lpm_lookup_at_most(lpm, a, max_bits), model_lookup(model, a, max_bits), a);
}

static void an_empty_table_answers_nothing(void **state) {
	struct lpm *lpm = lpm_new();
	struct prefix same = prefix_default_v4();
	(void)state;
	assert_int_equal(lpm_lookup(lpm, ip_from("10.0.0.1")).value, LPM_NONE);
	assert_int_equal(lpm_lookup(lpm, ip_from("fd00::1")).value, LPM_NONE);
	assert_int_equal(lpm_lookup_scope(lpm, ip_from("10.0.0.1"), &same).value, LPM_NONE);
	assert_true(prefix_equal(same, prefix_default_v4()));
	same = prefix_default_v6();
	assert_int_equal(lpm_lookup_scope(lpm, ip_from("fd00::1"), &same).bits, 0);
	assert_true(prefix_equal(same, prefix_default_v6()));
	assert_int_equal(lpm_lookup_at_most(lpm, ip_from("fd00::1"), 128).value, LPM_NONE);
	assert_int_equal(lpm_get(lpm, prefix_default_v4()), LPM_NONE);
	assert_int_equal(lpm_get(lpm, prefix_default_v6()), LPM_NONE);
	assert_int_equal(lpm_remove(lpm, prefix_default_v4()), -ENOENT);
	assert_int_equal(lpm_remove(lpm, prefix_default_v6()), -ENOENT);
	assert_int_equal(lpm_count(lpm), 0);
	lpm_free(lpm);
	lpm_free(NULL);
}

static void the_longest_prefix_wins(void **state) {
	static const char *const prefixes[] = {"0.0.0.0/0", "10.0.0.0/8", "10.1.0.0/16", "10.1.2.0/24",
		"10.1.2.3/32", "::/0", "fd00::/8", "fd00:1::/32", "fd00:1::1/128"};
	static const struct {
		const char *address;
		uint32_t value;
		uint8_t bits;
	} cases[] = {
		{"10.1.2.3", 4, 128},
		{"10.1.2.4", 3, 120},
		{"10.1.3.4", 2, 112},
		{"10.2.3.4", 1, 104},
		{"11.2.3.4", 0, 96},
		{"fd00:1::1", 8, 128},
		{"fd00:1::2", 7, 32},
		{"fd00:2::2", 6, 8},
		{"2001::", 5, 0},
	};
	struct lpm *lpm = lpm_new();
	(void)state;
	for (uint32_t i = 0; i < sizeof(prefixes) / sizeof(prefixes[0]); i++)
		lpm_insert(lpm, prefix_from(prefixes[i]), i);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct ip a = ip_from(cases[i].address);
		expect_match(lpm_lookup(lpm, a), (struct lpm_match){cases[i].value, cases[i].bits}, a);
	}
	lpm_free(lpm);
}

static void the_default_of_one_family_never_serves_the_other(void **state) {
	struct lpm *lpm = lpm_new();
	(void)state;
	lpm_insert(lpm, prefix_default_v6(), 6);
	assert_int_equal(lpm_lookup(lpm, ip_from("10.0.0.1")).value, LPM_NONE);
	assert_int_equal(lpm_lookup(lpm, ip_from("fd00::1")).value, 6);
	lpm_insert(lpm, prefix_default_v4(), 4);
	assert_int_equal(lpm_lookup(lpm, ip_from("10.0.0.1")).value, 4);
	assert_int_equal(lpm_remove(lpm, prefix_default_v6()), 0);
	assert_int_equal(lpm_lookup(lpm, ip_from("fd00::1")).value, LPM_NONE);
	assert_int_equal(lpm_lookup(lpm, ip_from("10.0.0.1")).value, 4);
	lpm_free(lpm);
}

static void a_second_insert_replaces_the_value(void **state) {
	struct lpm *lpm = lpm_new();
	(void)state;
	lpm_insert(lpm, prefix_from("10.0.0.0/8"), 1);
	lpm_insert(lpm, prefix_from("10.0.0.0/8"), 2);
	assert_int_equal(lpm_count(lpm), 1);
	assert_int_equal(lpm_get(lpm, prefix_from("10.0.0.0/8")), 2);
	assert_int_equal(lpm_get(lpm, prefix_from("10.0.0.0/9")), LPM_NONE);
	assert_int_equal(lpm_remove(lpm, prefix_from("10.0.0.0/9")), -ENOENT);
	assert_int_equal(lpm_remove(lpm, prefix_from("10.0.0.0/8")), 0);
	assert_int_equal(lpm_remove(lpm, prefix_from("10.0.0.0/8")), -ENOENT);
	assert_int_equal(lpm_count(lpm), 0);
	lpm_free(lpm);
}

static void a_scope_never_grows_beyond_the_one_given(void **state) {
	struct lpm *lpm = lpm_new();
	struct prefix same = prefix_from("10.1.2.0/28");
	(void)state;
	lpm_insert(lpm, prefix_from("10.1.2.0/24"), 1);
	lpm_lookup_scope(lpm, ip_from("10.1.2.3"), &same);
	assert_true(prefix_equal(same, prefix_from("10.1.2.0/28")));
	lpm_free(lpm);
}

static void a_fork_is_not_a_route(void **state) {
	struct lpm *lpm = lpm_new();
	(void)state;
	lpm_insert(lpm, prefix_from("10.0.0.0/24"), 1);
	lpm_insert(lpm, prefix_from("10.0.1.0/24"), 2);
	assert_int_equal(lpm_get(lpm, prefix_from("10.0.0.0/23")), LPM_NONE);
	assert_int_equal(lpm_remove(lpm, prefix_from("10.0.0.0/23")), -ENOENT);
	assert_int_equal(lpm_lookup(lpm, ip_from("10.0.2.0")).value, LPM_NONE);
	lpm_free(lpm);
}

// Random prefixes crowd together, so that they nest, and are of both families. `shape` picks how
// wide a part of the space they fill.
static struct prefix random_prefix(struct random *random, unsigned shape) {
	uint64_t bits = random_u64(random);
	switch (shape % 4) {
	case 0: // one /24 and what covers it
		return prefix_of(
			ip_of_v4(0x0a010200 | (bits & 0xff)), 96 + (unsigned)random_below(random, 33));
	case 1:
		return prefix_of(ip_of_v4((uint32_t)bits), 96 + (unsigned)random_below(random, 33));
	case 2:
		return prefix_of((struct ip){UINT64_C(0xfd00) << 48 | (bits & 0xfff), bits << 60},
			(unsigned)random_below(random, 129));
	default: // around the IPv4-mapped block
		return prefix_of((struct ip){0, bits & UINT64_C(0x0003fffeffff0000)},
			60 + (unsigned)random_below(random, 30));
	}
}

static void expect_model(
	struct lpm *lpm, const struct model *model, struct random *random, unsigned shape) {
	for (unsigned i = 0; i < 60; i++) {
		struct ip a = random_prefix(random, shape).base;
		if (model->count > 0 && i % 3 == 0) {
			// The edges of a route are where mistakes are.
			struct prefix p = model->routes[random_below(random, model->count)].prefix;
			struct ip edges[] = {
				p.base, ip_previous(p.base), prefix_last(p), ip_next(prefix_last(p))};
			a = edges[random_below(random, 4)];
		}
		expect_same_answers(lpm, model, a);
	}
	assert_int_equal(lpm_count(lpm), model->count);
}

static void random_tables_answer_as_a_plain_list_does(void **state) {
	static struct model model;
	(void)state;
	for (unsigned seed = 1; seed <= 24; seed++) {
		struct random random;
		struct lpm *lpm = lpm_new();
		random_init(&random, seed, "lpm_test", "random tables");
		model.count = 0;
		print_message("seed %u\n", seed);
		// Small tables and ones large enough for the jump, growing and shrinking.
		unsigned changes = seed % 4 == 0 ? 1000 : 40 * (seed % 5 + 1);
		for (unsigned i = 0; i < changes; i++) {
			struct prefix p = random_prefix(&random, seed % 5 == 0 ? i : seed);
			bool shrinking = i > changes / 2;
			if (model.count > 0 && random_below(&random, 4) < (shrinking ? 3 : 1)) {
				p = model.routes[random_below(&random, model.count)].prefix;
				model_remove(&model, p);
				assert_int_equal(lpm_remove(lpm, p), 0);
				assert_int_equal(lpm_get(lpm, p), LPM_NONE);
			} else {
				uint32_t value = (uint32_t)random_below(&random, 5);
				model_insert(&model, p, value);
				lpm_insert(lpm, p, value);
				assert_int_equal(lpm_get(lpm, p), value);
			}
			if (i % 40 == 0 || i == changes / 2)
				expect_model(lpm, &model, &random, seed % 5 == 0 ? i / 40 : seed);
		}
		while (model.count > 0) {
			struct prefix p = model.routes[0].prefix;
			model_remove(&model, p);
			assert_int_equal(lpm_remove(lpm, p), 0);
			if (model.count % 50 == 0)
				expect_model(lpm, &model, &random, seed);
		}
		lpm_free(lpm);
	}
}

// Inserts and removes short prefixes at random and asks inside, between and outside the routes.
static void churn_short_prefixes(struct lpm *lpm, struct model *model, struct random *random) {
	static const char *const covers[] = {"0.0.0.0/0", "10.0.0.0/8", "10.0.0.0/9", "10.0.0.0/16",
		"10.0.64.0/18", "10.0.0.0/15", "128.0.0.0/1"};

	for (uint32_t round = 0; round < 60; round++) {
		struct prefix p = prefix_from(covers[random_below(random, 7)]);
		if (model_remove(model, p)) {
			assert_int_equal(lpm_remove(lpm, p), 0);
		} else {
			model_insert(model, p, 1000 + round);
			lpm_insert(lpm, p, 1000 + round);
		}
		for (unsigned i = 0; i < 20; i++) {
			uint32_t a = (uint32_t)random_u64(random);
			expect_same_answers(lpm, model, ip_of_v4(i % 4 == 0 ? a : 0x0a000000 | (a & 0x1ffff)));
		}
	}
}

// The nodes above and inside the slots come and go while the slots point at them.
static void a_large_table_follows_its_short_prefixes(void **state) {
	static struct model model;
	struct lpm *lpm = lpm_new();
	struct random random;
	(void)state;
	random_init(&random, 7, "lpm_test", "short prefixes");
	model.count = 0;
	// Every other /24, not in order, so that the slots span the whole /16 from the beginning.
	for (uint32_t i = 0; i < 128; i++) {
		struct prefix p = prefix_of(ip_of_v4(0x0a000000 | i * 37 % 128 << 9), 120);
		model_insert(&model, p, i);
		lpm_insert(lpm, p, i);
	}
	churn_short_prefixes(lpm, &model, &random);
	// Without its upper half the /16 is no fork any more: the slots outlive the node they hung on.
	for (uint32_t i = 64; i < 128; i++) {
		struct prefix p = prefix_of(ip_of_v4(0x0a000000 | i << 9), 120);
		assert_true(model_remove(&model, p));
		assert_int_equal(lpm_remove(lpm, p), 0);
	}
	churn_short_prefixes(lpm, &model, &random);
	lpm_free(lpm);
}

// The loop that all exhaustive questions are made of: ask for one header, subtract what the answer
// stands for, until nothing is left.
#define PIECES_MAX 4000

static void scopes_cover_the_space_exactly_once(void **state) {
	static struct header_box left[PIECES_MAX];
	(void)state;
	for (unsigned seed = 1; seed <= 6; seed++) {
		struct lpm *lpm = lpm_new();
		struct random random;
		random_init(&random, seed, "lpm_test", "cover");
		for (uint32_t i = 0; i < (seed % 2 ? 20 : 120); i++)
			lpm_insert(lpm, random_prefix(&random, seed % 2), i);
		size_t count = 1;
		size_t steps = 0;
		uint64_t covered = 0;
		left[0] = header_box_all_v4();
		while (count > 0) {
			struct header_box box = left[--count];
			struct header_box same_box = box;
			struct prefix same = prefix_default_v4();
			struct flow_key key = header_box_corner(&box);
			lpm_lookup_scope(lpm, key.destination, &same);
			header_box_narrow_destination(&same_box, same);
			covered += same_box.destination_high.lo - same_box.destination_low.lo + 1;
			assert_true(count + HEADER_BOX_PIECES <= PIECES_MAX && ++steps < PIECES_MAX);
			count += header_box_subtract(&box, &same_box, &left[count]);
		}
		// Each piece was cut from what was left, so the right sum means no gap and no overlap.
		assert_true(covered == UINT64_C(1) << 32);
		lpm_free(lpm);
	}
}

struct walk_record {
	struct route routes[40];
	size_t count, limit;
};

static bool record(void *owner, struct prefix prefix, uint32_t value) {
	struct walk_record *walk = owner;
	walk->routes[walk->count++] = (struct route){prefix, value};
	return walk->count < walk->limit;
}

static void a_walk_is_in_printing_order_and_stops_on_demand(void **state) {
	struct lpm *lpm = lpm_new();
	struct random random;
	struct walk_record walk = {.limit = 40};
	(void)state;
	random_init(&random, 3, "lpm_test", "walk");
	for (uint32_t i = 0; lpm_count(lpm) < 30; i++)
		lpm_insert(lpm, random_prefix(&random, i), i);
	lpm_walk(lpm, record, &walk);
	assert_int_equal(walk.count, 30);
	for (size_t i = 0; i < walk.count; i++) {
		assert_int_equal(lpm_get(lpm, walk.routes[i].prefix), walk.routes[i].value);
		if (i > 0)
			assert_true(prefix_compare(walk.routes[i - 1].prefix, walk.routes[i].prefix) < 0);
	}
	for (size_t limit = 1; limit <= 30; limit++) {
		walk = (struct walk_record){.limit = limit};
		lpm_walk(lpm, record, &walk);
		assert_int_equal(walk.count, limit);
	}
	lpm_free(lpm);
}

static void small_tables_are_small_and_routes_cheap(void **state) {
	struct lpm *lpm = lpm_new();
	struct random random;
	(void)state;
	random_init(&random, 5, "lpm_test", "size");
	assert_in_range(lpm_used_bytes(lpm), 1, 200);
	for (uint32_t i = 0; i < 5; i++)
		lpm_insert(lpm, prefix_of(ip_of_v4((uint32_t)random_u64(&random)), 96 + 8 * i / 2), i);
	assert_in_range(lpm_used_bytes(lpm), 1, 400);
	for (uint32_t i = 0; i < 10000; i++)
		lpm_insert(lpm, prefix_of(ip_of_v4((uint32_t)random_u64(&random)), 120), i);
	assert_in_range(lpm_used_bytes(lpm) / lpm_count(lpm), 1, 100);
	lpm_free(lpm);
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_empty_table_answers_nothing),
		cmocka_unit_test(the_longest_prefix_wins),
		cmocka_unit_test(the_default_of_one_family_never_serves_the_other),
		cmocka_unit_test(a_second_insert_replaces_the_value),
		cmocka_unit_test(a_scope_never_grows_beyond_the_one_given),
		cmocka_unit_test(a_fork_is_not_a_route),
		cmocka_unit_test(random_tables_answer_as_a_plain_list_does),
		cmocka_unit_test(a_large_table_follows_its_short_prefixes),
		cmocka_unit_test(scopes_cover_the_space_exactly_once),
		cmocka_unit_test(a_walk_is_in_printing_order_and_stops_on_demand),
		cmocka_unit_test(small_tables_are_small_and_routes_cheap),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
