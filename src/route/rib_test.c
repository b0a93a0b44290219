#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "base/text.h"
#include "route/rib.h"

static const struct decision_step STEPS[] = {
	{DECIDE_DISTANCE, NULL},
	{DECIDE_WEIGHT, "AZ-GW-5"},
	{DECIDE_LOCAL_PREFERENCE, NULL},
	{DECIDE_LOCAL_ORIGIN, NULL},
	{DECIDE_AS_PATH, "RFC 4271 9.1.2.2 a"},
	{DECIDE_MED, NULL},
	{DECIDE_METRIC, NULL},
	{DECIDE_ROUTER_ID, NULL},
};
static const struct decision DECISION = {STEPS, sizeof(STEPS) / sizeof(STEPS[0]), 2};

#define REPORTS_MAX 64

struct bench {
	struct attributes_table *table;
	struct rib *rib;
	struct route_source connected, fixed, igp, local, er1, er2, vpn;
	char reports[REPORTS_MAX][PREFIX_TEXT_BYTES]; // "10.0.0.0/8", "-10.0.0.0/8" when gone
	size_t report_count;
};

static struct prefix prefix(const char *text) {
	struct prefix out = {0};

	prefix_parse(text, &out);
	return out;
}

static struct ip address(const char *text) {
	struct ip out = {0};

	ip_parse(text, &out);
	return out;
}

static void changed(void *owner, const struct rib_entry *entry) {
	struct bench *bench = owner;
	char *out = bench->reports[bench->report_count++];

	assert_true(bench->report_count <= REPORTS_MAX);
	out[0] = '-';
	prefix_format(entry->prefix, entry->path_count == 0 ? out + 1 : out);
}

static void bench_init(struct bench *bench) {
	*bench = (struct bench){
		.connected = {.name = "connected", .kind = ROUTE_CONNECTED},
		.fixed = {.name = "static", .kind = ROUTE_STATIC, .distance = 1},
		.igp = {.name = "igp", .kind = ROUTE_IGP, .distance = 110},
		.local = {.name = "self", .kind = ROUTE_LOCAL},
		.er1 = {.name = "er1", .kind = ROUTE_EBGP, .distance = 20, .router_id = 1},
		.er2 = {.name = "er2", .kind = ROUTE_EBGP, .distance = 20, .router_id = 2},
		.vpn = {.name = "vpn", .kind = ROUTE_EBGP, .distance = 20, .router_id = 3},
	};
	bench->table = attributes_table_new();
	struct rib_config config = {&DECISION, bench->table, changed, bench};
	bench->rib = rib_new(&config);
}

static void bench_done(struct bench *bench) {
	rib_free(bench->rib);
	attributes_table_free(bench->table);
}

static void plain(struct bench *bench, const char *to, const struct route_source *source,
	uint32_t port, const char *via) {
	struct route_hop hop = {.port = port, .via = via ? address(via) : IP_NONE};
	struct path_spec spec = {.hops = &hop, .hop_count = 1};

	rib_update(bench->rib, prefix(to), source, &spec);
}

struct learned {
	const char *next_hop;
	uint32_t weight;
	uint16_t length;
	bool never_best, no_forwarding;
};

static bool learn(
	struct bench *bench, const char *to, const struct route_source *source, struct learned how) {
	struct as_hop path[8] = {{65001, 0}, {65001, 0}, {65001, 0}, {65001, 0}};
	struct attributes_spec spec = {
		.as_path = path,
		.as_count = how.length,
		.next_hop = how.next_hop ? address(how.next_hop) : IP_NONE,
	};
	struct attributes *attributes = attributes_intern(bench->table, &spec);
	struct path_spec update = {
		.attributes = attributes,
		.weight = how.weight,
		.never_best = how.never_best,
		.no_forwarding = how.no_forwarding,
	};
	bool is_new = rib_update(bench->rib, prefix(to), source, &update);

	attributes_unref(bench->table, attributes);
	return is_new;
}

static size_t hops_of(const struct bench *bench, const char *to, struct route_hop *hops) {
	const struct rib_entry *entry = rib_find(bench->rib, prefix(to));

	return entry ? rib_entry_hops(bench->rib, entry, hops) : 0;
}

static void expect_reports(struct bench *bench, const char *const *expected, size_t count) {
	assert_int_equal(bench->report_count, count);
	for (size_t i = 0; i < count; i++)
		assert_string_equal(bench->reports[i], expected[i]);
	bench->report_count = 0;
}

#define EXPECT_REPORTS(bench, ...)                              \
	expect_reports((bench), (const char *const[]){__VA_ARGS__}, \
		sizeof((const char *const[]){__VA_ARGS__}) / sizeof(char *))

static void touched_prefixes_are_reported_once_in_order(void **state) {
	struct bench bench;

	(void)state;
	bench_init(&bench);
	plain(&bench, "10.2.0.0/16", &bench.fixed, 1, NULL);
	plain(&bench, "10.1.0.0/16", &bench.fixed, 1, NULL);
	plain(&bench, "fd00::/8", &bench.fixed, 1, NULL);
	plain(&bench, "10.1.0.0/16", &bench.connected, 2, NULL);
	assert_true(rib_has_pending(bench.rib));
	assert_true(rib_flush(bench.rib));
	EXPECT_REPORTS(&bench, "10.1.0.0/16", "10.2.0.0/16", "fd00::/8");
	assert_false(rib_has_pending(bench.rib));
	assert_false(rib_flush(bench.rib));
	plain(&bench, "10.1.0.0/16", &bench.connected, 2, NULL); // nothing new
	assert_false(rib_flush(bench.rib));
	rib_withdraw(bench.rib, prefix("10.2.0.0/16"), &bench.fixed);
	assert_null(rib_find(bench.rib, prefix("10.2.0.0/16")));
	rib_flush(bench.rib);
	EXPECT_REPORTS(&bench, "-10.2.0.0/16");
	assert_int_equal(rib_count(bench.rib), 2);
	assert_int_equal(rib_path_count(bench.rib), 3);
	bench_done(&bench);
}

static void withdraw_removes_only_that_path(void **state) {
	struct bench bench;

	(void)state;
	bench_init(&bench);
	plain(&bench, "192.168.0.0/24", &bench.connected, 1, NULL);
	assert_true(
		learn(&bench, "10.0.0.0/8", &bench.er1, (struct learned){.next_hop = "192.168.0.1"}));
	assert_true(
		learn(&bench, "10.0.0.0/8", &bench.er2, (struct learned){.next_hop = "192.168.0.2"}));
	assert_false(
		learn(&bench, "10.0.0.0/8", &bench.er1, (struct learned){.next_hop = "192.168.0.3"}));
	rib_flush(bench.rib);
	assert_int_equal(rib_find(bench.rib, prefix("10.0.0.0/8"))->chosen, 2);
	assert_true(rib_withdraw(bench.rib, prefix("10.0.0.0/8"), &bench.er1));
	assert_false(rib_withdraw(bench.rib, prefix("10.0.0.0/8"), &bench.er1));
	assert_false(rib_withdraw(bench.rib, prefix("10.0.0.0/9"), &bench.er2));
	const struct rib_entry *entry = rib_find(bench.rib, prefix("10.0.0.0/8"));
	assert_true(entry->path_count == 1 && entry->chosen == 1);
	assert_ptr_equal(entry->paths[0]->source, &bench.er2);
	rib_withdraw_source(bench.rib, &bench.er2);
	rib_flush(bench.rib);
	assert_null(rib_find(bench.rib, prefix("10.0.0.0/8")));
	assert_int_equal(rib_count(bench.rib), 1);
	bench_done(&bench);
}

static void a_next_hop_resolves_through_plain_routes_only(void **state) {
	struct route_hop hops[ROUTE_HOPS_MAX];
	struct bench bench;

	(void)state;
	bench_init(&bench);
	plain(&bench, "0.0.0.0/0", &bench.fixed, 9, "192.168.0.9");
	learn(&bench, "172.16.0.0/16", &bench.er2, (struct learned){.next_hop = "192.168.0.7"});
	learn(&bench, "10.0.0.0/8", &bench.er1, (struct learned){.next_hop = "172.16.0.1"});
	rib_flush(bench.rib);
	assert_int_equal(hops_of(&bench, "10.0.0.0/8", hops), 0); // neither default nor BGP carries it
	plain(&bench, "192.168.0.0/24", &bench.connected, 1, NULL);
	rib_flush(bench.rib);
	assert_int_equal(hops_of(&bench, "172.16.0.0/16", hops), 1);
	assert_int_equal(hops[0].port, 1);
	assert_true(ip_equal(hops[0].via, address("192.168.0.7")));
	assert_int_equal(hops_of(&bench, "10.0.0.0/8", hops), 0);
	plain(&bench, "172.16.0.0/12", &bench.igp, 3, "192.168.0.3");
	bench.report_count = 0;
	rib_flush(bench.rib);
	EXPECT_REPORTS(&bench, "10.0.0.0/8", "172.16.0.0/12");
	assert_int_equal(hops_of(&bench, "10.0.0.0/8", hops), 1);
	assert_true(hops[0].port == 3 && ip_equal(hops[0].via, address("192.168.0.3")));
	bench_done(&bench);
}

// A more specific plain route, a changed port, then nothing at all: each is told to who depends.
static void dependents_are_reported_when_a_next_hop_moves(void **state) {
	struct route_hop hops[ROUTE_HOPS_MAX];
	struct bench bench;

	(void)state;
	bench_init(&bench);
	plain(&bench, "192.168.0.0/24", &bench.connected, 1, NULL);
	learn(&bench, "10.0.0.0/8", &bench.er1, (struct learned){.next_hop = "192.168.0.1"});
	learn(&bench, "11.0.0.0/8", &bench.er2, (struct learned){.next_hop = "192.168.0.2"});
	rib_flush(bench.rib);
	bench.report_count = 0;
	plain(&bench, "192.168.0.1/32", &bench.fixed, 2, NULL);
	rib_flush(bench.rib);
	EXPECT_REPORTS(&bench, "10.0.0.0/8", "192.168.0.1/32");
	assert_true(hops_of(&bench, "10.0.0.0/8", hops) == 1 && hops[0].port == 2);
	plain(&bench, "192.168.0.0/24", &bench.connected, 5, NULL);
	rib_flush(bench.rib);
	EXPECT_REPORTS(&bench, "11.0.0.0/8", "192.168.0.0/24");
	rib_withdraw_source(bench.rib, &bench.fixed);
	rib_withdraw_source(bench.rib, &bench.connected);
	rib_flush(bench.rib);
	EXPECT_REPORTS(&bench, "10.0.0.0/8", "11.0.0.0/8", "-192.168.0.0/24", "-192.168.0.1/32");
	assert_int_equal(rib_find(bench.rib, prefix("10.0.0.0/8"))->chosen, 0);
	assert_null(rib_lookup(bench.rib, address("10.0.0.1")));
	bench_done(&bench);
}

static void lookup_passes_over_what_is_not_in_use(void **state) {
	struct bench bench;

	(void)state;
	bench_init(&bench);
	plain(&bench, "0.0.0.0/0", &bench.fixed, 1, NULL);
	plain(&bench, "10.0.0.0/8", &bench.fixed, 1, NULL);
	learn(&bench, "10.1.0.0/16", &bench.er1, (struct learned){.next_hop = "192.168.0.1"});
	rib_flush(bench.rib);
	const struct rib_entry *entry = rib_lookup(bench.rib, address("10.1.2.3"));
	assert_true(prefix_equal(entry->prefix, prefix("10.0.0.0/8")));
	entry = rib_lookup(bench.rib, address("11.0.0.1"));
	assert_true(prefix_is_default(entry->prefix));
	assert_null(rib_lookup(bench.rib, address("fd00::1")));
	bench_done(&bench);
}

static void origination_leaves_the_plain_route_in_forwarding(void **state) {
	struct route_hop hops[ROUTE_HOPS_MAX];
	struct bench bench;

	(void)state;
	bench_init(&bench);
	plain(&bench, "192.168.0.0/24", &bench.connected, 1, NULL);
	plain(&bench, "10.0.0.0/8", &bench.igp, 4, "192.168.0.4");
	learn(&bench, "10.0.0.0/8", &bench.local, (struct learned){.weight = 32768});
	learn(&bench, "10.0.0.0/8", &bench.er1, (struct learned){.next_hop = "192.168.0.1"});
	rib_flush(bench.rib);
	const struct rib_entry *entry = rib_find(bench.rib, prefix("10.0.0.0/8"));
	assert_ptr_equal(entry->paths[0]->source, &bench.local);
	assert_true(hops_of(&bench, "10.0.0.0/8", hops) == 1 && hops[0].port == 4);
	rib_withdraw(bench.rib, prefix("10.0.0.0/8"), &bench.igp);
	rib_flush(bench.rib);
	assert_int_equal(hops_of(&bench, "10.0.0.0/8", hops), 0); // BGP does not stand in
	bench_done(&bench);
}

// AZ-X-10 is made of the first mark.
static void marked_paths_are_kept_but_not_used(void **state) {
	struct route_hop hops[ROUTE_HOPS_MAX];
	struct bench bench;

	(void)state;
	bench_init(&bench);
	plain(&bench, "192.168.0.0/24", &bench.connected, 1, NULL);
	learn(&bench, "10.0.0.0/8", &bench.er1,
		(struct learned){.next_hop = "192.168.0.1", .weight = 9, .never_best = true});
	learn(&bench, "10.0.0.0/8", &bench.er2,
		(struct learned){.next_hop = "192.168.0.2", .no_forwarding = true});
	learn(&bench, "10.0.0.0/8", &bench.vpn, (struct learned){.next_hop = "192.168.0.3"});
	rib_flush(bench.rib);
	const struct rib_entry *entry = rib_find(bench.rib, prefix("10.0.0.0/8"));
	assert_int_equal(entry->path_count, 3);
	assert_int_equal(entry->chosen, 2);
	assert_ptr_equal(entry->paths[2]->source, &bench.er1);
	assert_int_equal(hops_of(&bench, "10.0.0.0/8", hops), 1);
	assert_true(ip_equal(hops[0].via, address("192.168.0.3")));
	bench_done(&bench);
}

static void expect_reason(const struct bench *bench, size_t path, const char *expected) {
	struct text text;

	text_init(&text);
	rib_explain(bench->rib, rib_find(bench->rib, prefix("10.0.0.0/8")), path, &text);
	assert_string_equal(text_chars(&text), expected);
	text_done(&text);
}

static void every_place_has_a_reason(void **state) {
	struct bench bench;

	(void)state;
	bench_init(&bench);
	plain(&bench, "192.168.0.0/24", &bench.connected, 1, NULL);
	learn(&bench, "10.0.0.0/8", &bench.er1,
		(struct learned){.next_hop = "192.168.0.1", .weight = 32769, .length = 2});
	rib_flush(bench.rib);
	expect_reason(&bench, 0, "the only path");
	learn(&bench, "10.0.0.0/8", &bench.vpn,
		(struct learned){.next_hop = "192.168.0.3", .weight = 32768});
	rib_flush(bench.rib);
	expect_reason(&bench, 0, "weight 32769 over 32768 of vpn (AZ-GW-5)");
	expect_reason(&bench, 1, "weight 32768 behind 32769 of er1 (AZ-GW-5)");
	learn(&bench, "10.0.0.0/8", &bench.vpn,
		(struct learned){.next_hop = "192.168.0.3", .weight = 32769, .length = 3});
	rib_flush(bench.rib);
	expect_reason(&bench, 1, "AS path of 3 behind 2 of er1 (RFC 4271 9.1.2.2 a)");
	learn(&bench, "10.0.0.0/8", &bench.er2,
		(struct learned){.next_hop = "192.168.0.2", .weight = 32769, .length = 2});
	rib_flush(bench.rib);
	expect_reason(&bench, 0, "equal to er2 up to router id: used together");
	expect_reason(&bench, 1, "equal to er1 up to router id: used together");
	learn(&bench, "10.0.0.0/8", &bench.er2,
		(struct learned){.next_hop = "172.16.0.1", .weight = 32769});
	learn(&bench, "10.0.0.0/8", &bench.vpn,
		(struct learned){.next_hop = "192.168.0.3", .never_best = true});
	rib_flush(bench.rib);
	expect_reason(&bench, 0, "the only usable path");
	expect_reason(&bench, 1, "next hop 172.16.0.1 is not reachable");
	expect_reason(&bench, 2, "kept but never chosen");
	bench_done(&bench);
}

static bool walk_in_order(void *owner, const struct rib_entry *entry) {
	struct prefix *last = owner;

	assert_true(last->bits == 0 || prefix_compare(*last, entry->prefix) < 0);
	*last = entry->prefix;
	return true;
}

// Also a measure: a hundred thousand routes must stay within the bytes promised.
static void a_large_table_is_small_and_empties_completely(void **state) {
	const uint32_t count = 100000;
	struct prefix last = {0};
	struct bench bench;

	(void)state;
	bench_init(&bench);
	struct rib_config config = {&DECISION, bench.table, NULL, NULL};
	struct rib *rib = rib_new(&config);
	struct attributes_spec spec = {.next_hop = address("192.168.0.1")};
	struct attributes *attributes = attributes_intern(bench.table, &spec);
	struct path_spec path = {.attributes = attributes};
	for (uint32_t i = 0; i < count; i++)
		rib_update(rib, prefix_of(ip_of_v4((i * 7919 % count) << 8), 120), &bench.er1, &path);
	rib_flush(rib);
	assert_int_equal(rib_count(rib), count);
	assert_true(rib_used_bytes(rib) / count <= 200);
	rib_walk(rib, walk_in_order, &last);
	rib_withdraw_source(rib, &bench.er1);
	rib_flush(rib);
	assert_int_equal(rib_count(rib), 0);
	attributes_unref(bench.table, attributes);
	assert_int_equal(attributes_table_count(bench.table), 0);
	rib_free(rib);
	bench_done(&bench);
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(touched_prefixes_are_reported_once_in_order),
		cmocka_unit_test(withdraw_removes_only_that_path),
		cmocka_unit_test(a_next_hop_resolves_through_plain_routes_only),
		cmocka_unit_test(dependents_are_reported_when_a_next_hop_moves),
		cmocka_unit_test(lookup_passes_over_what_is_not_in_use),
		cmocka_unit_test(origination_leaves_the_plain_route_in_forwarding),
		cmocka_unit_test(marked_paths_are_kept_but_not_used),
		cmocka_unit_test(every_place_has_a_reason),
		cmocka_unit_test(a_large_table_is_small_and_empties_completely),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
