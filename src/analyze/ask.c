#include "analyze/ask.h"

// How long is waited for probes that leave no sign of their end (pieces of a fragmented packet).
#define ASK_TIMEOUT_NS (4 * SECOND_NS)
#define ASK_FIRST_LOOK_NS (2 * MS_NS)

struct probe_spec ask_probe(const struct question *question) {
	return (struct probe_spec){
		.from = question->from,
		.source = question->source,
		.destination = question->destination,
		.protocol = question->protocol,
		.source_port = question->source_port,
		.destination_port = question->destination_port,
		.record = true,
		.timeout_ns = ASK_TIMEOUT_NS,
	};
}

bool ask_is_over(const struct probe *probe) {
	struct probe_result result;

	probe_result(probe, &result);
	if (way_has_pieces(result.trace))
		return result.outcome != PROBE_PENDING;
	return way_is_over(result.trace);
}

void ask_send(struct world *world, const struct probe_spec *specs, size_t count, int64_t gap_ns,
	struct probe **probes) {
	struct loop *loop = world_loop(world);
	size_t first_open = 0;

	for (size_t i = 0; i < count; i++) {
		if (i != 0 && gap_ns > 0)
			loop_run_until(loop, instant_add(loop_now(loop), gap_ns));
		probes[i] = probe_send(world, &specs[i], NULL, NULL);
	}
	// Looks again after a longer and longer while, so that short ways end the wait early.
	instant end = instant_add(loop_now(loop), ASK_TIMEOUT_NS);
	int64_t wait_ns = ASK_FIRST_LOOK_NS;
	for (;;) {
		while (first_open < count && ask_is_over(probes[first_open]))
			first_open++;
		if (first_open == count || instant_compare(loop_now(loop), end) >= 0)
			return;
		loop_run_until(loop, instant_add(loop_now(loop), wait_ns));
		wait_ns += wait_ns / 2;
	}
}

static void read_answer(const struct probe_result *result, struct round_trip *trip) {
	bool is_back = trip->has_back && trip->back.end == WAY_DELIVERED &&
		trip->back.end_node == trip->question.from;
	int64_t answered_ns = trip->back.end_ns;

	// Pieces arrive one by one; only the whole counts.
	if (way_has_pieces(result->trace)) {
		is_back = result->outcome == PROBE_ANSWERED || result->outcome == PROBE_ERROR;
		answered_ns = result->answered.ns;
	}
	if (!is_back)
		return;
	trip->is_answered = true;
	trip->reached = trip->arrived;
	trip->rtt_ns = answered_ns - result->sent.ns;
	trip->answered_by =
		result->trace->child != NULL ? result->trace->child->key.source : result->answered_by;
}

static void stop_at(struct round_trip *trip, const struct way *way, bool on_return) {
	trip->stopped.on_return = on_return;
	trip->stopped.node = way->end_node;
	trip->stopped.drop = way->end == WAY_DROPPED ? way->drop : DROP_COUNT;
	trip->stopped.origin = way->origin;
	if (way->end == WAY_PENDING && way->node_count != 0)
		trip->stopped.node = way->nodes[way->node_count - 1].node;
}

static void read_failure(struct round_trip *trip) {
	if (trip->forward.end != WAY_DELIVERED) {
		trip->verdict =
			trip->forward.end == WAY_DROPPED ? verdict_of_drop(trip->forward.drop) : VERDICT_LOST;
		stop_at(trip, &trip->forward, false);
		return;
	}
	trip->verdict = VERDICT_REPLY_LOST;
	if (trip->has_back) {
		stop_at(trip, &trip->back, true);
		return;
	}
	// It arrived where nobody answers.
	trip->stopped.node = trip->forward.end_node;
	trip->stopped.on_return = true;
	trip->stopped.drop = trip->forward.unanswered;
	trip->stopped.origin = trip->forward.unanswered_origin;
}

void ask_read(const struct world *world, const struct question *question, const struct probe *probe,
	struct arena *arena, struct round_trip *out) {
	const struct topo *topo = world_topo(world);
	struct probe_result result;

	probe_result(probe, &result);
	*out = (struct round_trip){.question = *question, .rtt_ns = -1, .one_way_ns = -1};
	way_read(topo, result.trace, arena, &out->forward);
	out->has_back = result.trace->child != NULL;
	if (out->has_back)
		way_read(topo, result.trace->child, arena, &out->back);
	out->arrived = out->forward.end == WAY_DELIVERED;
	if (out->arrived)
		out->one_way_ns = out->forward.end_ns - result.sent.ns;
	read_answer(&result, out);
	out->verdict = VERDICT_DELIVERED;
	if (out->reached)
		out->is_symmetric = out->has_back && way_is_reverse(topo, &out->forward, &out->back);
	else
		read_failure(out);
}

void ask_one(struct world *world, const struct question *question, struct arena *arena,
	struct round_trip *out) {
	struct probe_spec spec = ask_probe(question);
	struct probe *probe;

	ask_send(world, &spec, 1, 0, &probe);
	ask_read(world, question, probe, arena, out);
	probe_free(probe);
}

void ask_each(struct world *world, const struct question *questions, size_t count,
	ask_told_fn *told, void *owner) {
	for (size_t start = 0; start < count; start += ASK_BATCH_MAX) {
		size_t batch = count - start < ASK_BATCH_MAX ? count - start : ASK_BATCH_MAX;
		struct arena *arena = arena_new();
		struct probe_spec *specs = ARENA_ARRAY(arena, struct probe_spec, batch);
		struct probe **probes = ARENA_ARRAY(arena, struct probe *, batch);

		for (size_t i = 0; i < batch; i++)
			specs[i] = ask_probe(&questions[start + i]);
		ask_send(world, specs, batch, 0, probes);
		for (size_t i = 0; i < batch; i++) {
			struct round_trip trip;
			ask_read(world, &questions[start + i], probes[i], arena, &trip);
			told(owner, start + i, &trip);
			probe_free(probes[i]);
		}
		arena_free(arena);
	}
}
