#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "route/decide.h"

static const struct decision_step STEPS[] = {
	{DECIDE_DISTANCE, NULL},
	{DECIDE_WEIGHT, NULL},
	{DECIDE_LOCAL_PREFERENCE, NULL},
	{DECIDE_LOCAL_ORIGIN, NULL},
	{DECIDE_AS_PATH, NULL},
	{DECIDE_ORIGIN, NULL},
	{DECIDE_MED, NULL},
	{DECIDE_EXTERNAL, NULL},
	{DECIDE_METRIC, NULL},
	{DECIDE_ROUTER_ID, NULL},
	{DECIDE_NEIGHBOR, NULL},
};
static const struct decision FULL = {STEPS, sizeof(STEPS) / sizeof(STEPS[0]), 8};

#define PATHS_MAX 5

// A path as a row of a table; MEDs and the neighbouring AS matter most here.
struct row {
	const char *name;
	uint8_t distance;
	uint32_t weight, local_preference, neighbor_as, length, med, metric, router_id;
	enum route_kind kind;
	bool is_unreachable;
};

struct bench {
	struct attributes_table *table;
	struct route_source sources[PATHS_MAX];
	struct path paths[PATHS_MAX];
};

static void bench_fill(struct bench *bench, const struct row *rows, size_t count) {
	bench->table = attributes_table_new();
	for (size_t i = 0; i < count; i++) {
		struct as_hop path[8];
		for (size_t j = 0; j < 8; j++)
			path[j] = (struct as_hop){.asn = rows[i].neighbor_as};
		struct attributes_spec spec = {
			.as_path = path,
			.as_count = (uint16_t)rows[i].length,
			.has_med = true,
			.med = rows[i].med,
			.has_local_preference = rows[i].local_preference > 0,
			.local_preference = rows[i].local_preference,
			.next_hop = ip_of_v4(1),
		};
		bench->sources[i] = (struct route_source){
			.name = rows[i].name,
			.kind = rows[i].kind,
			.distance = rows[i].distance,
			.router_id = rows[i].router_id,
		};
		bench->paths[i] = (struct path){
			.source = &bench->sources[i],
			.attributes = attributes_intern(bench->table, &spec),
			.weight = rows[i].weight,
			.igp_metric = rows[i].metric,
			.is_reachable = !rows[i].is_unreachable,
		};
	}
}

static void bench_done(struct bench *bench, size_t count) {
	for (size_t i = 0; i < count; i++)
		attributes_unref(bench->table, bench->paths[i].attributes);
	attributes_table_free(bench->table);
}

struct decision_case {
	const char *what;
	struct row rows[PATHS_MAX];
	size_t count;
	uint16_t chosen;
	const char *order; // names joined
};

static const struct decision_case CASES[] = {
	{"one alone", {{.name = "a"}}, 1, 1, "a"},
	{"none reachable", {{.name = "a", .is_unreachable = true}}, 1, 0, "a"},
	{"unreachable comes last", {{.name = "a", .weight = 9, .is_unreachable = true}, {.name = "b"}},
		2, 1, "ba"},
	{"distance first", {{.name = "a", .distance = 20}, {.name = "b", .distance = 1}}, 2, 1, "ba"},
	{"weight before local preference",
		{{.name = "a", .local_preference = 300}, {.name = "b", .weight = 1}}, 2, 1, "ba"},
	{"absent local preference is 100",
		{{.name = "a", .local_preference = 99}, {.name = "b"},
			{.name = "c", .local_preference = 101}},
		3, 1, "cba"},
	{"shorter path", {{.name = "a", .length = 2}, {.name = "b", .length = 1}}, 2, 1, "ba"},
	{"eBGP over iBGP", {{.name = "a", .kind = ROUTE_IBGP}, {.name = "b", .kind = ROUTE_EBGP}}, 2, 1,
		"ba"},
	{"nearer next hop", {{.name = "a", .metric = 20}, {.name = "b", .metric = 10}}, 2, 1, "ba"},
	{"ties are used together, ordered by router id",
		{{.name = "a", .router_id = 3}, {.name = "b", .router_id = 1},
			{.name = "c", .router_id = 2}},
		3, 3, "bca"},
	{"names are the last resort", {{.name = "b"}, {.name = "a"}}, 2, 2, "ab"},
	// b loses to a inside AS 1, so it is not used together with c although it ties with it.
	{"MED acts inside its own AS only",
		{{.name = "a", .neighbor_as = 1, .length = 1, .med = 5, .router_id = 3},
			{.name = "b", .neighbor_as = 1, .length = 1, .med = 9, .router_id = 1},
			{.name = "c", .neighbor_as = 2, .length = 1, .med = 7, .router_id = 2}},
		3, 2, "cab"},
	// The classic: pairwise comparison would go round in circles.
	{"MED never makes a circle",
		{{.name = "a", .neighbor_as = 1, .length = 1, .med = 10, .metric = 10},
			{.name = "b", .neighbor_as = 2, .length = 1, .med = 0, .metric = 20},
			{.name = "c", .neighbor_as = 1, .length = 1, .med = 0, .metric = 30}},
		3, 1, "bca"},
	// BGP chooses first, and what it chose competes: path by path, a beats b, which beats c, which
    // beats a.
	{"distance never makes a circle",
		{{.name = "a", .kind = ROUTE_IBGP, .distance = 200, .local_preference = 150},
			{.name = "b", .kind = ROUTE_EBGP, .distance = 20},
			{.name = "c", .kind = ROUTE_IGP, .distance = 110}},
		3, 1, "cab"},
	{"BGP's best counts, not its nearest",
		{{.name = "a", .kind = ROUTE_IBGP, .distance = 200},
			{.name = "b", .kind = ROUTE_EBGP, .distance = 20},
			{.name = "c", .kind = ROUTE_IGP, .distance = 110},
			{.name = "d", .kind = ROUTE_STATIC, .distance = 250}},
		4, 1, "bacd"},
};

struct outcome {
	uint16_t chosen;
	char order[PATHS_MAX + 1];
};

static struct outcome outcome_of(
	const struct decision *decision, struct bench *bench, const size_t *arrival, size_t count) {
	struct path *paths[PATHS_MAX];
	struct outcome outcome = {0};

	for (size_t i = 0; i < count; i++)
		paths[i] = &bench->paths[arrival[i]];
	outcome.chosen = decide_order(decision, paths, (uint16_t)count);
	for (size_t i = 0; i < count; i++)
		outcome.order[i] = paths[i]->source->name[0];
	return outcome;
}

// The next permutation in lexical order; false behind the last.
static bool permute(size_t *items, size_t count) {
	size_t i = count - 1;
	size_t j = count - 1;

	while (i > 0 && items[i - 1] >= items[i])
		i--;
	if (i == 0)
		return false;
	while (items[j] <= items[i - 1])
		j--;
	size_t swap = items[i - 1];
	items[i - 1] = items[j];
	items[j] = swap;
	for (j = count - 1; i < j; i++, j--) {
		swap = items[i];
		items[i] = items[j];
		items[j] = swap;
	}
	return true;
}

static void every_order_of_arrival_gives_the_same_decision(void **state) {
	(void)state;
	for (size_t i = 0; i < sizeof(CASES) / sizeof(CASES[0]); i++) {
		struct bench bench;
		size_t arrival[PATHS_MAX] = {0, 1, 2, 3, 4};
		bench_fill(&bench, CASES[i].rows, CASES[i].count);
		do {
			struct outcome got = outcome_of(&FULL, &bench, arrival, CASES[i].count);
			if (got.chosen != CASES[i].chosen || strcmp(got.order, CASES[i].order) != 0)
				fail_msg("%s: %s with %u chosen", CASES[i].what, got.order, got.chosen);
		} while (permute(arrival, CASES[i].count));
		bench_done(&bench, CASES[i].count);
	}
}

static const struct decision_case *case_of(const char *what) {
	size_t i = 0;

	while (strcmp(CASES[i].what, what) != 0)
		i++;
	return &CASES[i];
}

static void a_loser_knows_what_it_lost_by(void **state) {
	const struct decision_case *test = case_of("MED never makes a circle");
	struct bench bench;
	struct path *paths[] = {&bench.paths[0], &bench.paths[1], &bench.paths[2]};

	(void)state;
	bench_fill(&bench, test->rows, 3);
	decide_order(&FULL, paths, 3);
	assert_int_equal(bench.paths[0].lost_by, DECIDE_MED);
	assert_int_equal(bench.paths[2].lost_by, DECIDE_METRIC);
	bench_done(&bench, 3);
}

static void no_more_paths_are_used_than_allowed(void **state) {
	const struct row rows[] = {{.name = "a"}, {.name = "b"}, {.name = "c"}};
	const struct decision_step one[] = {{DECIDE_WEIGHT, NULL}};

	(void)state;
	for (uint16_t max = 0; max < 4; max++) {
		const struct decision decision = {one, 1, max};
		const size_t arrival[] = {2, 1, 0};
		struct bench bench;
		bench_fill(&bench, rows, 3);
		struct outcome got = outcome_of(&decision, &bench, arrival, 3);
		assert_int_equal(got.chosen, max ? max : 1);
		assert_string_equal(got.order, "abc");
		bench_done(&bench, 3);
	}
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_order_of_arrival_gives_the_same_decision),
		cmocka_unit_test(a_loser_knows_what_it_lost_by),
		cmocka_unit_test(no_more_paths_are_used_than_allowed),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
