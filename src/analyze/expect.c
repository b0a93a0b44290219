#include "analyze/expect.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"

#define EXPECT_LIMIT_NS (3600 * SECOND_NS)
#define EXPECT_PING_INTERVAL_NS (10 * MS_NS)
#define EXPECT_TIMEOUT_NS (2 * SECOND_NS)

static void fail(struct expect_result *result, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

// The first thing found wrong is what is told.
static void fail(struct expect_result *result, const char *format, ...) {
	struct text text;
	va_list args;

	if (!result->passed)
		return;
	text_init(&text);
	va_start(args, format);
	text_vprintf(&text, format, args);
	va_end(args);
	result->passed = false;
	result->why = memory_strdup(text_chars(&text));
	text_done(&text);
}

void expect_result_done(struct expect_result *result) {
	free(result->why);
	result->why = NULL;
}

// "er1-primary" is part of circuit "er1": names of parts are the whole's and a dash.
static bool is_part_of(const char *part, const char *whole) {
	size_t length = strlen(whole);

	return strncmp(part, whole, length) == 0 && (part[length] == '\0' || part[length] == '-');
}

static bool is_node_named(const struct topo_node *node, const char *name) {
	if (text_equal(node->name, name) || text_equal(node->group, name))
		return true;
	return node->kind == TOPO_EDGE && is_part_of(node->name, name);
}

static bool names_a_node(const struct topo *topo, const char *name) {
	for (size_t i = 0; i < topo->node_count; i++) {
		if (is_node_named(&topo->nodes[i], name))
			return true;
	}
	return false;
}

// Position of the first node at or behind `from` with the name; SIZE_MAX when there is none.
static size_t find_on_way(
	const struct topo *topo, const struct way *way, size_t from, const char *name) {
	for (size_t i = from; i < way->node_count; i++) {
		if (is_node_named(&topo->nodes[way->nodes[i].node], name))
			return i;
		uint32_t link = way->nodes[i].link;
		if (link != TOPO_NONE && text_equal(topo->links[link].name, name))
			return i;
	}
	for (size_t i = 0; i < way->tunnel_count && !names_a_node(topo, name); i++) {
		const char *tunnel = topo->tunnels[way->tunnels[i]].name;
		if (tunnel != NULL && is_part_of(tunnel, name))
			return from;
	}
	return SIZE_MAX;
}

static void check_via(const struct topo *topo, const struct expect *expect,
	const struct round_trip *trip, struct expect_result *result) {
	size_t from = 0;

	for (size_t i = 0; i < expect->via_count; i++) {
		size_t found = find_on_way(topo, &trip->forward, from, expect->via[i]);
		if (found == SIZE_MAX) {
			fail(result, "expected the path to meet %s, which it does not", expect->via[i]);
			return;
		}
		from = found;
	}
	for (size_t i = 0; i < expect->not_via_count; i++) {
		if (find_on_way(topo, &trip->forward, 0, expect->not_via[i]) != SIZE_MAX)
			fail(result, "expected the path to avoid %s, which it meets", expect->not_via[i]);
	}
}

static void check_hops(
	const struct expect *expect, const struct traceroute *trace, struct expect_result *result) {
	char ip[IP_TEXT_BYTES];

	if (expect->hop_count != trace->hop_count) {
		fail(result, "expected %zu hops, found %zu", expect->hop_count, trace->hop_count);
		return;
	}
	for (size_t i = 0; i < expect->hop_count; i++) {
		const struct expect_hop *hop = &expect->hops[i];
		const char *found =
			ip_is_none(trace->hops[i].address) ? "*" : ip_format(trace->hops[i].address, ip);
		bool is_member = false;
		for (size_t a = 0; a < hop->address_count; a++)
			is_member = is_member || text_equal(hop->addresses[a], found);
		if (!is_member)
			fail(result, "expected hop %zu to be %s%s, found %s", i + 1, hop->addresses[0],
				hop->address_count > 1 ? " or another" : "", found);
	}
}

static void check_trip(const struct topo *topo, const struct expect *expect,
	const struct round_trip *trip, struct expect_result *result) {
	if (expect->reaches != trip->reached) {
		fail(result, "expected it %s, found %s%s%s",
			expect->reaches ? "to arrive" : "not to arrive", verdict_name(trip->verdict),
			trip->reached ? "" : " at ",
			trip->reached || trip->stopped.node == TOPO_NONE
				? ""
				: topo->nodes[trip->stopped.node].name);
		return;
	}
	if (!trip->reached)
		return;
	check_via(topo, expect, trip, result);
	if (expect->symmetric_given && expect->symmetric != trip->is_symmetric)
		fail(result, "expected the answer to take %s way, found %s",
			expect->symmetric ? "the same" : "another",
			trip->is_symmetric ? "the same" : "another");
	if (expect->rtt_below_ns != 0 && trip->rtt_ns >= expect->rtt_below_ns)
		fail(result, "expected a round trip below %.3f ms, found %.3f ms",
			(double)expect->rtt_below_ns / 1e6, (double)trip->rtt_ns / 1e6);
	if (expect->rtt_above_ns != 0 && trip->rtt_ns <= expect->rtt_above_ns)
		fail(result, "expected a round trip above %.3f ms, found %.3f ms",
			(double)expect->rtt_above_ns / 1e6, (double)trip->rtt_ns / 1e6);
}

void expect_hold(struct world *world, const struct expect *expect, struct expect_result *out) {
	const struct topo *topo = world_topo(world);
	struct arena *arena = arena_new();
	struct traceroute trace;

	*out = (struct expect_result){.passed = true};
	traceroute_run(world, &expect->question, arena, &trace);
	check_trip(topo, expect, &trace.whole, out);
	if (expect->hop_count != 0 && out->passed)
		check_hops(expect, &trace, out);
	arena_free(arena);
}

static bool is_own_end(const struct expect *expect, const struct failure *failure) {
	return failure->kind == FAILURE_NODE &&
		(failure->number == expect->question.from || failure->number == expect->question.to);
}

static bool is_failed_already(const struct expect *expect, const struct failure *failure) {
	const char **list = failure->kind == FAILURE_NODE ? expect->down_nodes : expect->down;
	size_t count = failure->kind == FAILURE_NODE ? expect->down_node_count : expect->down_count;

	for (size_t i = 0; i < count; i++) {
		if (text_equal(list[i], failure->name))
			return true;
	}
	return false;
}

bool expect_concerns(
	const struct topo *topo, const struct expect *expect, const struct failure *failure) {
	bool wants_link = expect->survival == EXPECT_SURVIVES_LINK ||
		expect->survival == EXPECT_SURVIVES_ANY ||
		(expect->survival == EXPECT_NO_SURVIVAL && expect->failover_below_ns != 0);
	bool wants_node =
		expect->survival == EXPECT_SURVIVES_NODE || expect->survival == EXPECT_SURVIVES_ANY;

	(void)topo;
	if (is_own_end(expect, failure) || is_failed_already(expect, failure))
		return false;
	return failure->kind == FAILURE_LINK ? wants_link : wants_node;
}

// Pings while the network converges, so that the outage is measured and not guessed.
struct pinging {
	struct world *world;
	const struct expect *expect;
	struct timer timer;
	uint16_t sequence;
	uint32_t pending;
	int64_t first_lost_ns, last_lost_ns; // -1: none
};

static void pinged(void *owner, struct probe *probe) {
	struct pinging *pinging = owner;
	struct probe_result result;

	probe_result(probe, &result);
	pinging->pending--;
	if (result.outcome != PROBE_ANSWERED) {
		if (pinging->first_lost_ns < 0 || result.sent.ns < pinging->first_lost_ns)
			pinging->first_lost_ns = result.sent.ns;
		if (result.sent.ns > pinging->last_lost_ns)
			pinging->last_lost_ns = result.sent.ns;
	}
	probe_free(probe);
}

static void ping_again(struct timer *timer, void *owner) {
	struct pinging *pinging = owner;
	struct probe_spec spec = ask_probe(&pinging->expect->question);

	spec.record = false;
	spec.sequence = ++pinging->sequence;
	spec.timeout_ns = EXPECT_TIMEOUT_NS;
	pinging->pending++;
	probe_send(pinging->world, &spec, pinged, pinging);
	timer_start(world_loop(pinging->world), timer, EXPECT_PING_INTERVAL_NS);
}

static int64_t outage_of(
	struct world *world, const struct expect *expect, const struct failure *failure) {
	struct pinging pinging = {
		.world = world, .expect = expect, .first_lost_ns = -1, .last_lost_ns = -1};
	struct loop *loop = world_loop(world);

	failure_apply(world, failure);
	timer_init(&pinging.timer, TIMER_PERIODIC, ping_again, &pinging);
	if (expect->failover_below_ns != 0)
		ping_again(&pinging.timer, &pinging);
	world_converge(world, EXPECT_LIMIT_NS);
	timer_stop(loop, &pinging.timer);
	instant end = instant_add(loop_now(loop), EXPECT_TIMEOUT_NS);
	while (pinging.pending != 0 && instant_compare(loop_now(loop), end) < 0)
		loop_run_until(loop, instant_add(loop_now(loop), EXPECT_PING_INTERVAL_NS));
	if (pinging.first_lost_ns < 0)
		return 0;
	return pinging.last_lost_ns - pinging.first_lost_ns + EXPECT_PING_INTERVAL_NS;
}

void expect_survived(struct world *world, const struct expect *expect,
	const struct failure *failure, struct expect_result *out) {
	struct arena *arena = arena_new();
	struct round_trip trip;

	*out = (struct expect_result){.passed = true};
	int64_t outage_ns = outage_of(world, expect, failure);
	ask_one(world, &expect->question, arena, &trip);
	if (expect->survival != EXPECT_NO_SURVIVAL && !trip.reached)
		fail(out, "expected it to survive the failure of %s, found %s", failure->name,
			verdict_name(trip.verdict));
	if (expect->failover_below_ns != 0 && trip.reached && outage_ns >= expect->failover_below_ns)
		fail(out, "expected less than %.3f s of outage when %s fails, found %.3f s",
			(double)expect->failover_below_ns / 1e9, failure->name, (double)outage_ns / 1e9);
	arena_free(arena);
}
