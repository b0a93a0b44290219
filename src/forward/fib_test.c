#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/random.h"
#include "forward/fib.h"

static struct prefix prefix_text(const char *text) {
	struct prefix prefix;
	assert_int_equal(prefix_parse(text, &prefix), 0);
	return prefix;
}

static struct fib_route route_of(uint32_t origin, uint8_t preference, bool holds) {
	return (struct fib_route){
		.action = FIB_DROP, .origin = origin, .preference = preference, .holds = holds};
}

struct given {
	const char *prefix;
	uint8_t preference;
	bool holds;
};

// The origin of the answer is the row's number, shared rows from 100 on; 0 is none.
struct layered {
	const char *what;
	struct given own[3], shared[3];
	uint32_t expected;
};

static const struct layered layered[] = {
	{"the longer wins, own", {{"10.0.0.0/16", 9, false}}, {{"10.0.0.0/8", 1, false}}, 1},
	{"the longer wins, shared", {{"10.0.0.0/8", 1, false}}, {{"10.0.0.0/16", 9, false}}, 101},
	{"equal: the lower preference, own", {{"10.0.0.0/8", 1, false}}, {{"10.0.0.0/8", 2, false}}, 1},
	{"equal: the lower preference, shared", {{"10.0.0.0/8", 3, false}}, {{"10.0.0.0/8", 2, false}},
		101},
	{"equal in both: own", {{"10.0.0.0/8", 2, false}}, {{"10.0.0.0/8", 2, false}}, 1},
	{"held against a longer one (AZ-NIC-5)", {{"10.0.0.0/16", 1, true}},
		{{"10.0.0.0/24", 0, false}}, 1},
	{"another own one as long takes it back, by length",
		{{"10.0.0.0/16", 1, true}, {"10.0.0.0/25", 0, false}}, {{"10.0.0.0/24", 0, false}}, 2},
	{"another own one as long, by preference",
		{{"10.0.0.0/16", 1, true}, {"10.0.0.0/24", 1, false}}, {{"10.0.0.0/24", 0, false}}, 101},
	{"held by a shorter one than the longest",
		{{"10.0.0.0/16", 1, true}, {"10.0.0.0/20", 1, false}}, {{"10.0.0.0/24", 0, false}}, 2},
	{"held, and a shared one as long as own is better", {{"10.0.0.0/16", 5, true}},
		{{"10.0.0.0/24", 0, false}, {"10.0.0.0/16", 1, false}}, 102},
	{"only shared", {{"11.0.0.0/8", 1, true}}, {{"10.0.0.0/8", 1, false}}, 101},
	{"only own", {{"10.0.0.0/8", 1, false}}, {{"11.0.0.0/8", 1, false}}, 1},
	{"neither", {{"11.0.0.0/8", 1, false}}, {{"12.0.0.0/8", 1, false}}, 0},
	{"a default of the other family is none", {{"::/0", 1, true}}, {{"fd00::/8", 1, false}}, 0},
};

static void fill(struct fib_layer *layer, const struct given *given, uint32_t first) {
	for (uint32_t i = 0; i < 3 && given[i].prefix != NULL; i++) {
		struct fib_route route = route_of(first + i, given[i].preference, given[i].holds);
		fib_layer_set(layer, prefix_text(given[i].prefix), &route);
	}
}

static void two_layers_answer_as_one(void **state) {
	(void)state;
	for (size_t i = 0; i < sizeof(layered) / sizeof(layered[0]); i++) {
		struct fib fib = {fib_layer_new(), fib_layer_new()};
		fill(fib.own, layered[i].own, 1);
		fill(fib.shared, layered[i].shared, 101);
		struct fib_match match = fib_lookup(&fib, ip_of_v4(0x0a000001));
		uint32_t got = match.route != NULL ? match.route->origin : 0;
		if (got != layered[i].expected)
			fail_msg("%s: got %u", layered[i].what, got);
		if (match.route != NULL)
			assert_int_equal(match.from_shared, got > 100);
		fib_layer_unref(fib.own);
		fib_layer_unref(fib.shared);
	}
}

// A table as a list, and the rule of fib.h said once more in the plainest way.
#define ROWS_MAX 40

struct model {
	struct prefix prefixes[ROWS_MAX];
	struct fib_route routes[ROWS_MAX];
	size_t count;
};

static int model_longest(const struct model *model, struct ip address, unsigned most) {
	int best = -1;
	for (size_t i = 0; i < model->count; i++)
		if (prefix_contains(model->prefixes[i], address) && model->prefixes[i].bits <= most &&
			(best < 0 || model->prefixes[i].bits > model->prefixes[best].bits))
			best = (int)i;
	return best;
}

static const struct fib_route *model_lookup(
	const struct model *own, const struct model *shared, struct ip address) {
	int mine = model_longest(own, address, 128);
	bool is_held = false;
	for (size_t i = 0; i < own->count; i++)
		is_held |= own->routes[i].holds && prefix_contains(own->prefixes[i], address);
	unsigned most = is_held ? own->prefixes[mine].bits : 128;
	int theirs = model_longest(shared, address, most);
	if (theirs < 0)
		return mine < 0 ? NULL : &own->routes[mine];
	if (mine < 0 || shared->prefixes[theirs].bits > own->prefixes[mine].bits ||
		(shared->prefixes[theirs].bits == own->prefixes[mine].bits &&
			shared->routes[theirs].preference < own->routes[mine].preference))
		return &shared->routes[theirs];
	return &own->routes[mine];
}

static struct ip random_address(struct random *random) {
	uint32_t low = (uint32_t)random_below(random, 256) << 24 | (uint32_t)random_below(random, 256);
	return ip_of_v4(0x0a000000 | (low & 0x00ff00ff) | (uint32_t)random_below(random, 4) << 14);
}

static void model_fill(
	struct random *random, struct model *model, struct fib_layer *layer, uint32_t first) {
	model->count = 0;
	size_t wanted = random_below(random, ROWS_MAX);
	for (size_t i = 0; i < wanted; i++) {
		unsigned bits = 96 + (unsigned)random_below(random, 33);
		struct prefix prefix = prefix_of(random_address(random), bits);
		struct fib_route route = route_of(
			first + (uint32_t)i, (uint8_t)random_below(random, 4), random_below(random, 4) == 0);
		fib_layer_set(layer, prefix, &route);
		size_t at = 0;
		while (at < model->count && !prefix_equal(model->prefixes[at], prefix))
			at++;
		model->prefixes[at] = prefix;
		model->routes[at] = route;
		if (at == model->count)
			model->count++;
	}
}

// Anywhere in the prefix.
static struct ip random_inside(struct random *random, struct prefix prefix) {
	struct ip mask = ip_mask(prefix.bits);
	struct ip any = {random_u64(random), random_u64(random)};
	return (struct ip){prefix.base.hi | (any.hi & ~mask.hi), prefix.base.lo | (any.lo & ~mask.lo)};
}

static void random_tables_agree_with_the_rule_and_scopes_hold(void **state) {
	(void)state;
	struct random random;
	print_message("seed 5\n");
	random_init(&random, 5, "fib", "test");
	for (int round = 0; round < 150; round++) {
		struct fib fib = {fib_layer_new(), fib_layer_new()};
		struct model own, shared;
		model_fill(&random, &own, fib.own, 1);
		model_fill(&random, &shared, fib.shared, 1000);
		for (int probe = 0; probe < 40; probe++) {
			struct ip address = random_address(&random);
			const struct fib_route *expected = model_lookup(&own, &shared, address);
			struct prefix same = prefix_default_v4();
			struct fib_match plain = fib_lookup(&fib, address);
			struct fib_match scoped = fib_lookup_scope(&fib, address, &same);
			assert_ptr_equal(plain.route, scoped.route);
			assert_int_equal(plain.route == NULL, expected == NULL);
			if (expected != NULL)
				assert_int_equal(plain.route->origin, expected->origin);
			assert_true(prefix_contains(same, address));
			for (int inside = 0; inside < 8; inside++)
				assert_ptr_equal(fib_lookup(&fib, random_inside(&random, same)).route, plain.route);
			assert_ptr_equal(fib_lookup(&fib, prefix_first(same)).route, plain.route);
			assert_ptr_equal(fib_lookup(&fib, prefix_last(same)).route, plain.route);
		}
		fib_layer_unref(fib.own);
		fib_layer_unref(fib.shared);
	}
}

static void equal_hop_sets_are_kept_once(void **state) {
	(void)state;
	struct fib_layer *layer = fib_layer_new();
	const struct fib_hop hops[] = {{1, ip_of_v4(1)}, {2, ip_of_v4(2)}};
	struct fib_route route = {.action = FIB_FORWARD, .hop_count = 2, .hops = hops};
	const struct fib_hop *kept = NULL;
	for (uint32_t i = 0; i < 1000; i++) {
		struct prefix prefix = prefix_host(ip_of_v4(0x0a000000 + i));
		route.origin = i;
		fib_layer_set(layer, prefix, &route);
		const struct fib_route *got = fib_layer_get(layer, prefix);
		if (kept == NULL)
			kept = got->hops;
		assert_ptr_equal(got->hops, kept);
		assert_ptr_not_equal(got->hops, hops);
		assert_int_equal(got->origin, i);
	}
	route.hop_count = 1;
	fib_layer_set(layer, prefix_host(ip_of_v4(1)), &route);
	assert_ptr_not_equal(fib_layer_get(layer, prefix_host(ip_of_v4(1)))->hops, kept);
	fib_layer_unref(layer);
}

// Routes come and go many times over: numbers and hop sets are used again.
static void churn_does_not_grow_the_table(void **state) {
	(void)state;
	struct fib_layer *layer = fib_layer_new();
	size_t after_first = 0;
	for (uint32_t round = 0; round < 50; round++) {
		for (uint32_t i = 0; i < 64; i++) {
			const struct fib_hop hop = {i, ip_of_v4(round)};
			fib_layer_set(layer, prefix_host(ip_of_v4(i + 1)),
				&(struct fib_route){.action = FIB_FORWARD, .hop_count = 1, .hops = &hop});
		}
		assert_int_equal(fib_layer_count(layer), 64);
		const struct fib_route *last = fib_layer_get(layer, prefix_host(ip_of_v4(64)));
		assert_int_equal(last->hops[0].port, 63);
		assert_true(ip_equal(last->hops[0].via, ip_of_v4(round)));
		for (uint32_t i = 0; i < 64; i++)
			fib_layer_remove(layer, prefix_host(ip_of_v4(i + 1)));
		fib_layer_remove(layer, prefix_host(ip_of_v4(1)));
		assert_int_equal(fib_layer_count(layer), 0);
		if (round == 0)
			after_first = fib_layer_used_bytes(layer);
	}
	assert_true(fib_layer_used_bytes(layer) <= after_first);
	fib_layer_unref(layer);
}

static void a_route_can_be_replaced_by_a_copy_of_itself(void **state) {
	(void)state;
	struct fib_layer *layer = fib_layer_new();
	const struct prefix prefix = prefix_text("10.0.0.0/8");
	const struct fib_hop hop = {3, IP_NONE};
	fib_layer_set(layer, prefix,
		&(struct fib_route){.action = FIB_FORWARD, .hop_count = 1, .hops = &hop, .holds = true});
	struct fib_route copy = *fib_layer_get(layer, prefix);
	copy.origin = 9;
	fib_layer_set(layer, prefix, &copy);
	assert_int_equal(fib_layer_get(layer, prefix)->hops[0].port, 3);
	assert_int_equal(fib_layer_get(layer, prefix)->origin, 9);
	fib_layer_unref(layer);
}

static bool visit(void *owner, struct prefix prefix, const struct fib_route *route) {
	uint32_t *count = owner;
	assert_int_equal(route->origin, *count);
	assert_int_equal(ip_v4(prefix.base), *count + 1);
	return ++*count < 3;
}

static void a_walk_visits_in_order_and_stops_when_told(void **state) {
	(void)state;
	struct fib_layer *layer = fib_layer_new();
	for (uint32_t i = 5; i-- > 0;) {
		struct fib_route route = route_of(i, 0, false);
		fib_layer_set(layer, prefix_host(ip_of_v4(i + 1)), &route);
	}
	uint32_t count = 0;
	fib_layer_walk(layer, visit, &count);
	assert_int_equal(count, 3);
	fib_layer_unref(layer);
}

static void a_shared_layer_lives_as_long_as_its_last_reference(void **state) {
	(void)state;
	struct fib_layer *layer = fib_layer_new();
	assert_ptr_equal(fib_layer_ref(layer), layer);
	fib_layer_unref(layer);
	struct fib_route route = route_of(1, 0, false);
	fib_layer_set(layer, prefix_text("10.0.0.0/8"), &route);
	assert_int_equal(fib_layer_count(layer), 1);
	fib_layer_unref(layer);
	fib_layer_unref(NULL);
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(two_layers_answer_as_one),
		cmocka_unit_test(random_tables_agree_with_the_rule_and_scopes_hold),
		cmocka_unit_test(equal_hop_sets_are_kept_once),
		cmocka_unit_test(churn_does_not_grow_the_table),
		cmocka_unit_test(a_route_can_be_replaced_by_a_copy_of_itself),
		cmocka_unit_test(a_walk_visits_in_order_and_stops_when_told),
		cmocka_unit_test(a_shared_layer_lives_as_long_as_its_last_reference),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
