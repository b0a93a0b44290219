#include "analyze/traceroute.h"

// Apart from each other, so that the probes of one trace don't queue behind one another.
#define TRACEROUTE_GAP_NS (100 * US_NS)

// How many TTLs are worth asking: up to the one that arrives, or to the first that is lost for
// another reason than its TTL.
static size_t hops_worth(const struct round_trip *whole) {
	size_t lowered = 0;

	if (whole->forward.end == WAY_DROPPED && whole->forward.drop == DROP_LOOP)
		return TRACEROUTE_HOPS_MAX;
	for (size_t i = 0; i < whole->forward.node_count; i++)
		lowered += whole->forward.nodes[i].lowers_ttl;
	return lowered + 1 < TRACEROUTE_HOPS_MAX ? lowered + 1 : TRACEROUTE_HOPS_MAX;
}

static void read_silence(
	const struct round_trip *trip, const struct probe *probe, struct traceroute_hop *hop) {
	struct traceroute_silence *silence = &hop->silence;
	const struct way *way = &trip->forward;
	struct probe_result result;

	silence->node = way->end_node;
	silence->drop = way->end == WAY_DROPPED ? way->drop : DROP_COUNT;
	silence->origin = way->origin;
	silence->is_expired = way->end == WAY_DROPPED && way->drop == DROP_TTL_EXPIRED;
	if (way->end == WAY_DROPPED && !silence->is_expired)
		return;
	if (!trip->has_back) {
		silence->drop = way->unanswered;
		silence->origin = way->unanswered_origin;
		return;
	}
	probe_result(probe, &result);
	silence->answered_from = result.trace->child->key.source;
	silence->node = trip->back.end_node;
	silence->drop = trip->back.end == WAY_DROPPED ? trip->back.drop : DROP_COUNT;
	silence->origin = trip->back.origin;
}

static void read_hop(struct world *world, const struct question *question,
	struct probe *const *probes, struct arena *arena, struct traceroute_hop *hop) {
	hop->node = TOPO_NONE;
	hop->silence.drop = DROP_COUNT;
	for (size_t i = 0; i < TRACEROUTE_ATTEMPTS; i++) {
		struct round_trip trip;
		ask_read(world, question, probes[i], arena, &trip);
		hop->rtt_ns[i] = -1;
		if (hop->node == TOPO_NONE)
			hop->node = trip.forward.end_node;
		if (!trip.is_answered) {
			if (ip_is_none(hop->address))
				read_silence(&trip, probes[i], hop);
			continue;
		}
		hop->rtt_ns[i] = trip.rtt_ns;
		hop->address = trip.answered_by;
		hop->node = trip.forward.end_node;
		hop->is_destination = trip.reached;
		hop->is_expired = !trip.arrived && trip.forward.drop == DROP_TTL_EXPIRED;
	}
}

// Was this probe lost for another reason than its TTL? Then all longer ones are lost there too.
static bool ends_here(const struct traceroute_hop *hop) {
	return ip_is_none(hop->address) ? !hop->silence.is_expired : !hop->is_expired;
}

void traceroute_run(struct world *world, const struct question *question, struct arena *arena,
	struct traceroute *out) {
	*out = (struct traceroute){0};
	ask_one(world, question, arena, &out->whole);

	size_t worth = hops_worth(&out->whole);
	size_t count = worth * TRACEROUTE_ATTEMPTS;
	struct probe_spec *specs = ARENA_ARRAY(arena, struct probe_spec, count);
	struct probe **probes = ARENA_ARRAY(arena, struct probe *, count);
	for (size_t i = 0; i < count; i++) {
		specs[i] = ask_probe(question);
		specs[i].ttl = (uint8_t)(i / TRACEROUTE_ATTEMPTS + 1);
		specs[i].sequence = (uint16_t)(i + 1);
	}
	ask_send(world, specs, count, TRACEROUTE_GAP_NS, probes);
	out->hops = ARENA_ARRAY(arena, struct traceroute_hop, worth);
	bool has_ended = false;
	for (size_t ttl = 0; ttl < worth; ttl++) {
		struct traceroute_hop *hop = &out->hops[ttl];
		hop->ttl = (uint8_t)(ttl + 1);
		if (!has_ended) {
			read_hop(world, question, &probes[ttl * TRACEROUTE_ATTEMPTS], arena, hop);
			out->hop_count = ttl + 1;
			has_ended = ends_here(hop);
		}
	}
	for (size_t i = 0; i < count; i++)
		probe_free(probes[i]);
}
