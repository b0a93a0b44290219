#include "analyze/ask.h"
#include "analyze/question.h"
#include "analyze/scope.h"
#include "network.h"

#define SAMPLES 8

typedef unsigned __int128 header_count;

// What one host may send, small enough for its headers to be counted exactly.
static struct header_box choose_box(struct network *network, uint32_t host) {
	const struct topo_node *node = &network->topo->nodes[host];
	bool is_v6 = !ip_is_none(node->address6) && random_below(&network->random, 3) == 0;
	struct header_box box = is_v6 ? header_box_all_v6() : header_box_all_v4();
	box.source_low = box.source_high = is_v6 ? node->address6 : node->address;
	if (is_v6) {
		static const uint64_t networks[] = {1, 2, 0x10, 0x11, 0x12, 0x100, 0x101};
		size_t pick = random_below(&network->random, sizeof(networks) / sizeof(networks[0]));
		struct ip base = {UINT64_C(0xfd00) << 48 | networks[pick] << 32, 0};
		header_box_narrow_destination(&box, prefix_of(base, 32));
		box.source_port_low = box.source_port_high = 40000;
	}
	return box;
}

static header_count count_headers(const struct header_box *box) {
	struct ip low = box->destination_low, high = box->destination_high;
	header_count first = (header_count)low.hi << 64 | low.lo;
	header_count last = (header_count)high.hi << 64 | high.lo;
	header_count count = last - first + 1;
	count *= (header_count)(box->protocol_high - box->protocol_low) + 1;
	count *= (header_count)(box->source_port_high - box->source_port_low) + 1;
	return count * ((header_count)(box->destination_port_high - box->destination_port_low) + 1);
}

// Inside the box, disjoint, and as many headers as the box has: so each is in exactly one.
static void check_cover(
	const struct header_box *box, const struct scope_regions *regions, struct verdict_of_run *out) {
	header_count covered = 0;
	struct header_box common;
	for (size_t i = 0; i < regions->count; i++) {
		const struct header_box *region = &regions->items[i].box;
		covered += count_headers(region);
		if (!header_box_intersect(box, region, &common) || !header_box_equal(&common, region))
			text_printf(
				&out->failure, "region %zu reaches out of the box that was asked about\n", i);
		for (size_t j = 0; j < i; j++)
			if (header_box_intersect(&regions->items[j].box, region, &common))
				text_printf(&out->failure, "regions %zu and %zu share headers\n", j, i);
		if (out->failure.length > 0)
			return;
	}
	if (covered != count_headers(box))
		text_add(&out->failure, "the regions do not cover the box\n");
}

static struct ip ip_between(struct random *random, struct ip low, struct ip high) {
	header_count first = (header_count)low.hi << 64 | low.lo;
	header_count span = ((header_count)high.hi << 64 | high.lo) - first + 1;
	header_count offset = (header_count)random_u64(random) << 64 | random_u64(random);
	// Mostly near the ends, where answers change.
	uint64_t kind = random_below(random, 3);
	if (kind == 0)
		offset = 0;
	else if (kind == 1)
		offset = span - 1;
	else if (span != 0)
		offset %= span;
	first += offset;
	return (struct ip){(uint64_t)(first >> 64), (uint64_t)first};
}

static uint16_t port_between(struct random *random, uint16_t low, uint16_t high) {
	return (uint16_t)(low + random_below(random, (uint64_t)(high - low) + 1));
}

// A header of the region that a probe can have; false when the draw gave none.
static bool choose_header(
	struct network *network, const struct header_box *box, struct question *question) {
	static const uint8_t protocols[] = {PROTOCOL_ICMP, PROTOCOL_TCP, PROTOCOL_UDP};
	struct random *random = &network->random;
	question->source = box->source_low;
	question->destination = ip_between(random, box->destination_low, box->destination_high);
	question->protocol = protocols[random_below(random, 3)];
	if (question->protocol != PROTOCOL_ICMP) {
		question->source_port = port_between(random, box->source_port_low, box->source_port_high);
		question->destination_port =
			port_between(random, box->destination_port_low, box->destination_port_high);
		// To a probe, port 0 is one it may choose.
		if (question->source_port == 0 || question->destination_port == 0)
			return false;
	}
	struct flow_key key = question_key(question);
	return header_box_contains(box, &key);
}

static bool is_circle(enum drop drop) {
	return drop == DROP_LOOP || drop == DROP_TTL_EXPIRED;
}

static bool has_drop(const struct scope_region *region, const struct way *way, bool on_return) {
	for (size_t i = 0; i < region->end_count; i++) {
		const struct scope_end *end = &region->ends[i];
		if (end->on_return != on_return || end->drop == DROP_COUNT)
			continue;
		if (is_circle(way->drop) && is_circle(end->drop))
			return true;
		// A packet to a node that is off ends behind the link, a walk before it.
		bool is_same_place = end->node == way->end_node || end->drop == DROP_NODE_DOWN;
		if (end->drop == way->drop && is_same_place)
			return true;
	}
	return region->end_count == SCOPE_ENDS_MAX;
}

static bool has_arrival(const struct scope_region *region, uint32_t node, bool with_return) {
	for (size_t i = 0; i < region->end_count; i++) {
		const struct scope_end *end = &region->ends[i];
		if (end->drop == DROP_COUNT && end->node == node)
			return true;
		if (!with_return && end->on_return)
			return true;
	}
	return region->end_count == SCOPE_ENDS_MAX;
}

// The destination's own doors come behind forwarding: what stands there is not the network's.
static bool ends_at_door(enum drop drop) {
	return drop == DROP_SILENT || drop == DROP_NO_LISTENER;
}

static bool agrees(const struct scope_region *region, const struct round_trip *trip) {
	const struct way *way = &trip->forward;
	if (way->end == WAY_DROPPED && !ends_at_door(way->drop))
		return has_drop(region, way, false);
	// An answer of another protocol is another flow.
	bool is_own_answer =
		trip->question.protocol != PROTOCOL_UDP && trip->has_back && way->end == WAY_DELIVERED;
	bool is_answer_lost = is_own_answer && trip->back.end == WAY_DROPPED;
	if (is_answer_lost && !ends_at_door(trip->back.drop))
		return has_drop(region, &trip->back, true);
	return has_arrival(region, way->end_node, is_own_answer && trip->back.end == WAY_DELIVERED);
}

static const char *name_of(const struct network *network, uint32_t node) {
	return node == TOPO_NONE ? "nobody knows where" : network->topo->nodes[node].name;
}

static const char *end_of(const struct way *way) {
	if (way->end == WAY_PENDING)
		return "still under way";
	return way->end == WAY_DROPPED ? drop_name(way->drop) : "delivered";
}

static void report(struct network *network, const struct scope_region *region,
	const struct round_trip *trip, struct verdict_of_run *out) {
	char source[IP_TEXT_BYTES], destination[IP_TEXT_BYTES];
	const struct question *question = &trip->question;
	text_printf(&out->failure, "%s to %s, protocol %u, ports %u to %u: the packet ends at %s (%s)",
		ip_format(question->source, source), ip_format(question->destination, destination),
		question->protocol, question->source_port, question->destination_port,
		name_of(network, trip->forward.end_node), end_of(&trip->forward));
	if (trip->has_back)
		text_printf(&out->failure, ", its answer at %s (%s)", name_of(network, trip->back.end_node),
			end_of(&trip->back));
	text_add(&out->failure, "; its region says");
	for (size_t i = 0; i < region->end_count; i++)
		text_printf(&out->failure, " %s%s at %s", verdict_name(region->ends[i].verdict),
			region->ends[i].on_return ? " (answer)" : "", name_of(network, region->ends[i].node));
	text_add_char(&out->failure, '\n');
}

static void check_sample(struct network *network, uint32_t from, const struct scope_region *region,
	struct verdict_of_run *out) {
	struct question question = {.from = from, .to = TOPO_NONE};
	struct round_trip trip;
	if (!choose_header(network, &region->box, &question))
		return;
	struct arena *arena = arena_new();
	ask_one(network->world, &question, arena, &trip);
	out->tally.probes++;
	out->tally.delivered += trip.reached;
	out->tally.answers_denied +=
		trip.has_back && trip.back.end == WAY_DROPPED && trip.back.drop == DROP_DENIED;
	if (!agrees(region, &trip))
		report(network, region, &trip, out);
	arena_free(arena);
}

static bool is_answered(const struct scope_region *region) {
	for (size_t i = 0; i < region->end_count; i++)
		if (region->ends[i].drop == DROP_COUNT || region->ends[i].on_return)
			return true;
	return false;
}

// Any region, but every other time one whose packets arrive, which most do not.
static const struct scope_region *choose_region(
	struct network *network, const struct scope_regions *regions, bool wants_answer) {
	size_t first = random_below(&network->random, regions->count);
	for (size_t i = 0; i < regions->count && wants_answer; i++) {
		const struct scope_region *region = &regions->items[(first + i) % regions->count];
		if (is_answered(region))
			return region;
	}
	return &regions->items[first];
}

void check_regions(struct network *network, struct verdict_of_run *out) {
	size_t count;
	uint32_t *hosts = question_hosts(network->topo, network->arena, &count);
	if (count == 0)
		return;
	uint32_t from = hosts[random_below(&network->random, count)];
	if (!world_node_is_up(network->world, from))
		return;
	struct header_box box = choose_box(network, from);
	struct scope_regions regions;
	scope_run(network->world, from, &box, &regions);
	out->tally.regions += regions.count;
	if (regions.is_cut_off)
		text_add(&out->failure, "there are too many regions\n");
	else
		check_cover(&box, &regions, out);
	for (size_t i = 0; i < SAMPLES && out->failure.length == 0; i++)
		check_sample(network, from, choose_region(network, &regions, i % 2 == 0), out);
	scope_done(&regions);
}
