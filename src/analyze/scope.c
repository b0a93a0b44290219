#include "analyze/scope.h"

#include <stdlib.h>

#include "analyze/explore.h"

struct scoping {
	struct walker *walker;
	struct scope_region *region;
	bool on_return;
	uint32_t answering; // the node whose answers are followed
	// Where the forward walk arrived, and who let it through on the way there: each has answers of
	// its own.
	struct {
		struct arrival {
			uint32_t node;
			const struct admitted *admitted;
		} * items;
		size_t count, room;
	} arrivals;
};

static void add_end(struct scope_region *region, const struct scope_end *end) {
	for (size_t i = 0; i < region->end_count; i++) {
		const struct scope_end *known = &region->ends[i];
		if (known->verdict == end->verdict && known->node == end->node &&
			known->drop == end->drop && known->origin == end->origin)
			return;
	}
	if (region->end_count < SCOPE_ENDS_MAX)
		region->ends[region->end_count++] = *end;
}

static void add_arrival(struct scoping *scoping, const struct arrival *arrival) {
	for (size_t i = 0; i < scoping->arrivals.count; i++) {
		const struct arrival *known = &scoping->arrivals.items[i];
		if (known->node == arrival->node && known->admitted == arrival->admitted)
			return;
	}
	ARRAY_PUSH(&scoping->arrivals, *arrival);
}

static bool ended(void *owner, const struct way *way, const struct admitted *admitted) {
	struct scoping *scoping = owner;
	struct scope_end end = {
		.verdict = VERDICT_DELIVERED,
		.node = way->end_node,
		.drop = DROP_COUNT,
		.on_return = scoping->on_return,
	};

	if (way->end == WAY_DELIVERED && !scoping->on_return) {
		const struct arrival arrival = {way->end_node, admitted};
		add_arrival(scoping, &arrival);
		return true;
	}
	if (way->end == WAY_DELIVERED) {
		end.node = scoping->answering;
		end.on_return = false;
		add_end(scoping->region, &end);
		return true;
	}
	end.verdict = scoping->on_return ? VERDICT_REPLY_LOST : verdict_of_drop(way->drop);
	end.drop = way->drop;
	end.origin = way->origin;
	add_end(scoping->region, &end);
	return true;
}

// The box of the answers to a box of packets.
static struct header_box mirrored(const struct header_box *box) {
	struct header_box out = *box;

	out.source_low = box->destination_low;
	out.source_high = box->destination_high;
	out.destination_low = box->source_low;
	out.destination_high = box->source_high;
	out.source_port_low = box->destination_port_low;
	out.source_port_high = box->destination_port_high;
	out.destination_port_low = box->source_port_low;
	out.destination_port_high = box->source_port_high;
	return out;
}

static void walk_reply(
	struct scoping *scoping, const struct flow_key *key, const struct arrival *arrival) {
	struct exploration reply = {
		.from = arrival->node,
		.key = question_reply_key(key),
		.is_reply = true,
		.admitted = arrival->admitted,
		.each_state_once = true,
		.ended = ended,
		.owner = scoping,
	};
	struct header_box box = mirrored(&scoping->region->box);

	scoping->on_return = true;
	scoping->answering = arrival->node;
	explore(scoping->walker, &reply, &box);
	scoping->on_return = false;
	scoping->region->box = mirrored(&box);
}

// The region around the low corner of `box`.
static struct scope_region region_of(
	struct walker *walker, uint32_t from, const struct header_box *box) {
	struct scope_region region = {.box = *box};
	struct scoping scoping = {.walker = walker, .region = &region};
	struct exploration forward = {
		.from = from,
		.key = header_box_corner(box),
		.each_state_once = true,
		.ended = ended,
		.owner = &scoping,
	};

	explore(walker, &forward, &region.box);
	for (size_t i = 0; i < scoping.arrivals.count; i++)
		walk_reply(&scoping, &forward.key, &scoping.arrivals.items[i]);
	free(scoping.arrivals.items);
	return region;
}

static bool same_ends(const struct scope_region *a, const struct scope_region *b) {
	if (a->end_count != b->end_count)
		return false;
	for (size_t i = 0; i < a->end_count; i++) {
		const struct scope_end *left = &a->ends[i];
		const struct scope_end *right = &b->ends[i];
		if (left->verdict != right->verdict || left->node != right->node ||
			left->drop != right->drop || left->origin != right->origin ||
			left->on_return != right->on_return)
			return false;
	}
	return true;
}

// Neighbours in destination that end alike are one region for the reader.
static bool merge(struct scope_region *into, const struct scope_region *next) {
	struct header_box grown = into->box;

	grown.destination_low = next->box.destination_low;
	grown.destination_high = next->box.destination_high;
	if (!header_box_equal(&grown, &next->box) || !same_ends(into, next) ||
		!ip_equal(ip_next(into->box.destination_high), next->box.destination_low))
		return false;
	into->box.destination_high = next->box.destination_high;
	return true;
}

struct boxes {
	struct header_box *items;
	size_t count, room;
};

void scope_run(
	struct world *world, uint32_t from, const struct header_box *box, struct scope_regions *out) {
	struct walker *walker = walker_new(world);
	struct boxes left = {0};

	*out = (struct scope_regions){0};
	ARRAY_PUSH(&left, *box);
	while (left.count != 0 && !out->is_cut_off) {
		struct header_box next = left.items[--left.count];
		struct header_box pieces[HEADER_BOX_PIECES];
		struct scope_region region = region_of(walker, from, &next);
		size_t count = header_box_subtract(&next, &region.box, pieces);
		if (out->count == 0 || !merge(&out->items[out->count - 1], &region))
			ARRAY_PUSH(out, region);
		// The pieces next to the corner come first, so that regions are found from low to high.
		for (size_t i = count; i-- > 0;)
			ARRAY_PUSH(&left, pieces[i]);
		out->is_cut_off = out->count >= SCOPE_REGIONS_MAX && left.count != 0;
	}
	free(left.items);
	walker_free(walker);
}

void scope_done(struct scope_regions *regions) {
	free(regions->items);
	*regions = (struct scope_regions){0};
}
