#include "analyze/ping.h"

#include <stdlib.h>
#include <string.h>

#define PING_INTERVAL_NS SECOND_NS
#define PING_TIMEOUT_NS (4 * SECOND_NS)

struct pinging {
	struct world *world;
	struct arena *arena;
	struct ping *ping;
	const struct question *question;
	struct ping_options options;
};

static bool same_stops(const uint32_t *a, size_t a_count, const uint32_t *b, size_t b_count) {
	return a_count == b_count &&
		(a_count == 0 || memcmp(a, b, memory_product(a_count, sizeof(*a))) == 0);
}

static uint32_t *copy_stops(struct arena *arena, const uint32_t *stops, size_t count) {
	uint32_t *copy = ARENA_ARRAY(arena, uint32_t, count + 1);

	memcpy(copy, stops, memory_product(count, sizeof(*copy)));
	return copy;
}

static uint32_t path_number(
	struct pinging *pinging, const struct round_trip *trip, struct arena *scratch) {
	struct ping *ping = pinging->ping;
	struct ping_path found = {0};
	uint32_t none = TOPO_NONE;

	found.stop_count = way_stops(&trip->forward, scratch, &found.stops);
	found.back = &none;
	if (trip->has_back)
		found.back_count = way_stops(&trip->back, scratch, &found.back);
	for (size_t i = 0; i < ping->path_count; i++) {
		const struct ping_path *path = &ping->paths[i];
		if (same_stops(path->stops, path->stop_count, found.stops, found.stop_count) &&
			same_stops(path->back, path->back_count, found.back, found.back_count))
			return (uint32_t)i;
	}
	found.stops = copy_stops(pinging->arena, found.stops, found.stop_count);
	found.back = copy_stops(pinging->arena, found.back, found.back_count);
	ping->paths[ping->path_count] = found;
	return (uint32_t)ping->path_count++;
}

static void count_path(struct ping *ping, const struct ping_row *row) {
	struct ping_path *path = &ping->paths[row->path];

	if (path->packets++ == 0)
		path->first_sent_ns = row->sent_ns;
	path->last_sent_ns = row->sent_ns;
	path->answered += row->answered;
}

static void read_clamps(const struct trace *trace, struct ping_row *row) {
	for (size_t i = 0; trace != NULL && i < trace->count; i++) {
		if (trace->records[i].step != TRACE_CLAMPED)
			continue;
		row->mss_bytes = trace->records[i].mss_bytes;
		row->mss_node = trace->records[i].node;
	}
}

static void read_row(struct pinging *pinging, const struct probe *probe, struct ping_row *row) {
	struct arena *scratch = arena_new();
	struct round_trip trip;
	struct probe_result result;

	probe_result(probe, &result);
	ask_read(pinging->world, pinging->question, probe, scratch, &trip);
	row->answered = trip.reached;
	row->rtt_ns = trip.rtt_ns;
	row->verdict = trip.verdict;
	row->stopped_node = trip.reached ? TOPO_NONE : trip.stopped.node;
	row->stopped_on_return = trip.stopped.on_return;
	row->drop = trip.reached ? DROP_COUNT : trip.stopped.drop;
	row->origin = trip.stopped.origin;
	if (result.outcome == PROBE_ERROR) {
		row->error_by = result.answered_by;
		row->mtu_bytes = result.mtu_bytes;
	}
	read_clamps(result.trace, row);
	row->path = path_number(pinging, &trip, scratch);
	count_path(pinging->ping, row);
	arena_free(scratch);
}

static void summarize(struct ping *ping) {
	int64_t sum_ns = 0;
	int64_t last_good_ns = 0;

	ping->min_ns = ping->avg_ns = ping->max_ns = -1;
	for (size_t i = 0; i < ping->row_count; i++) {
		const struct ping_row *row = &ping->rows[i];
		if (!row->answered)
			continue;
		bool was_lost = i != 0 && !ping->rows[i - 1].answered;
		if (was_lost && row->sent_ns - last_good_ns > ping->longest_outage_ns)
			ping->longest_outage_ns = row->sent_ns - last_good_ns;
		last_good_ns = row->sent_ns;
		ping->answered++;
		sum_ns += row->rtt_ns;
		if (ping->min_ns < 0 || row->rtt_ns < ping->min_ns)
			ping->min_ns = row->rtt_ns;
		if (row->rtt_ns > ping->max_ns)
			ping->max_ns = row->rtt_ns;
	}
	int64_t silent_ns =
		ping->row_count != 0 ? ping->rows[ping->row_count - 1].sent_ns - last_good_ns : 0;
	if (silent_ns > ping->longest_outage_ns)
		ping->longest_outage_ns = silent_ns;
	if (ping->answered != 0)
		ping->avg_ns = sum_ns / (int64_t)ping->answered;
}

static struct probe_spec spec_of(const struct pinging *pinging, size_t sequence) {
	struct probe_spec spec = ask_probe(pinging->question);

	spec.sequence = (uint16_t)sequence;
	spec.size_bytes = pinging->options.size_bytes;
	spec.dont_fragment = pinging->options.dont_fragment;
	spec.timeout_ns = pinging->options.timeout_ns;
	return spec;
}

// Reads and frees what came to its end, in order, from *open up to `sent`.
static void collect(
	struct pinging *pinging, struct probe **probes, size_t *open, size_t sent, bool is_last) {
	while (*open < sent) {
		if (!is_last && !ask_is_over(probes[*open]))
			return;
		read_row(pinging, probes[*open], &pinging->ping->rows[*open]);
		probe_free(probes[*open]);
		(*open)++;
	}
}

static void run(struct pinging *pinging) {
	struct ping *ping = pinging->ping;
	struct loop *loop = world_loop(pinging->world);
	struct probe **probes = memory_alloc(memory_product(ping->row_count, sizeof(struct probe *)));
	instant start = loop_now(loop);
	size_t open = 0;

	for (size_t i = 0; i < ping->row_count; i++) {
		struct probe_spec spec = spec_of(pinging, i + 1);
		loop_run_until(loop, instant_add(start, (int64_t)i * pinging->options.interval_ns));
		collect(pinging, probes, &open, i, false);
		ping->rows[i].sequence = spec.sequence;
		ping->rows[i].sent_ns = instant_since(loop_now(loop), start);
		probes[i] = probe_send(pinging->world, &spec, NULL, NULL);
	}
	instant end = instant_add(loop_now(loop), pinging->options.timeout_ns);
	while (open < ping->row_count && instant_compare(loop_now(loop), end) < 0) {
		loop_run_until(loop, instant_add(loop_now(loop), MS_NS));
		collect(pinging, probes, &open, ping->row_count, false);
	}
	collect(pinging, probes, &open, ping->row_count, true);
	free(probes);
}

void ping_run(struct world *world, const struct question *question,
	const struct ping_options *options, struct arena *arena, struct ping *out) {
	struct pinging pinging = {
		.world = world, .arena = arena, .ping = out, .question = question, .options = *options};

	if (pinging.options.interval_ns == 0)
		pinging.options.interval_ns = PING_INTERVAL_NS;
	if (pinging.options.timeout_ns == 0)
		pinging.options.timeout_ns = PING_TIMEOUT_NS;
	*out = (struct ping){.question = *question, .row_count = options->count};
	out->rows = ARENA_ARRAY(arena, struct ping_row, options->count);
	out->paths = ARENA_ARRAY(arena, struct ping_path, options->count);
	run(&pinging);
	summarize(out);
}
