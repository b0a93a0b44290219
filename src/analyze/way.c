#include "analyze/way.h"

#include "base/assert.h"
#include "base/text.h"

// What is collected while the records are read.
struct reading {
	const struct topo *topo;
	struct way *way;
	bool in_underlay; // between encapsulation and decapsulation
};

static uint32_t port_of(const struct topo *topo, uint32_t node, uint32_t slot) {
	return slot < topo->nodes[node].port_count ? topo->nodes[node].ports[slot] : TOPO_NONE;
}

static struct way_node *last_node(const struct way *way) {
	return way->node_count != 0 ? &way->nodes[way->node_count - 1] : NULL;
}

static void visit(struct reading *reading, uint32_t node) {
	struct way *way = reading->way;
	struct way_node *last = last_node(way);
	bool is_stop = reading->topo->nodes[node].kind != TOPO_FABRIC && !reading->in_underlay;

	way->end = WAY_PENDING;
	if (last != NULL && last->node == node) {
		last->is_stop = last->is_stop || is_stop;
		return;
	}
	way->nodes[way->node_count++] =
		(struct way_node){.node = node, .is_stop = is_stop, .row = TOPO_NONE, .link = TOPO_NONE};
}

static void leave(struct reading *reading, uint32_t node, uint32_t slot) {
	struct way *way = reading->way;
	uint32_t port = port_of(reading->topo, node, slot);
	uint32_t link = port != TOPO_NONE ? reading->topo->ports[port].link : TOPO_NONE;
	struct way_node *last = last_node(way);

	if (link == TOPO_NONE || last == NULL || last->node != node)
		return;
	last->link = link;
	way->links[way->link_count++] = link;
}

static void enter_tunnel(struct reading *reading, const struct trace_record *record) {
	struct way *way = reading->way;
	uint32_t port = port_of(reading->topo, record->node, record->port);

	reading->in_underlay = true;
	// The record may name the underlay's port: the row that led here names the tunnel's own.
	if (port == TOPO_NONE || reading->topo->ports[port].tunnel == TOPO_NONE) {
		const struct way_node *last = last_node(way);
		if (last == NULL || last->row == TOPO_NONE)
			return;
		port = way->rows[last->row].port;
	}
	if (port != TOPO_NONE && reading->topo->ports[port].tunnel != TOPO_NONE)
		way->tunnels[way->tunnel_count++] = reading->topo->ports[port].tunnel;
}

static void add_row(struct reading *reading, const struct trace_record *record) {
	struct way *way = reading->way;
	struct way_node *last = last_node(way);

	way->rows[way->row_count] = (struct way_row){
		.node = record->node,
		.prefix = record->prefix,
		.via = record->via,
		.port = port_of(reading->topo, record->node, record->port),
		.origin = record->origin,
		.hop_index = record->hop_index,
		.hop_count = record->hop_count,
	};
	if (last != NULL && last->node == record->node && !reading->in_underlay)
		last->row = (uint32_t)way->row_count;
	way->row_count++;
}

static void end_at(struct reading *reading, const struct trace_record *record, enum way_end end) {
	struct way *way = reading->way;

	way->end = end;
	way->end_node = record->node;
	way->end_port = port_of(reading->topo, record->node, record->port);
	way->drop = (enum drop)record->drop;
	way->origin = record->origin;
	way->end_ns = record->when.ns;
}

static void read_record(struct reading *reading, const struct trace_record *record) {
	struct way *way = reading->way;
	struct way_node *last = last_node(way);

	switch ((enum trace_step)record->step) {
	case TRACE_ENTERED:
	case TRACE_ORIGINATED:
		visit(reading, record->node);
		break;
	case TRACE_ROUTED:
		add_row(reading, record);
		break;
	case TRACE_DECREMENTED:
		if (last != NULL && last->node == record->node && !reading->in_underlay)
			last->lowers_ttl = true;
		break;
	case TRACE_ENCAPSULATED:
		enter_tunnel(reading, record);
		break;
	case TRACE_DECAPSULATED:
		reading->in_underlay = false;
		visit(reading, record->node);
		break;
	case TRACE_SENT:
		leave(reading, record->node, record->port);
		break;
	case TRACE_DELIVERED:
		end_at(reading, record, WAY_DELIVERED);
		break;
	case TRACE_DROPPED:
		visit(reading, record->node);
		end_at(reading, record, WAY_DROPPED);
		break;
	case TRACE_UNANSWERED:
		way->unanswered = (enum drop)record->drop;
		way->unanswered_origin = record->origin;
		break;
	case TRACE_PERMITTED:
	case TRACE_FRAGMENTED:
	case TRACE_CLAMPED:
	case TRACE_ANSWERED:
		break;
	}
}

void way_read(
	const struct topo *topo, const struct trace *trace, struct arena *arena, struct way *out) {
	struct reading reading = {.topo = topo, .way = out};
	size_t room = trace->count + 1;

	*out = (struct way){.end_node = TOPO_NONE, .end_port = TOPO_NONE, .unanswered = DROP_COUNT};
	out->nodes = ARENA_ARRAY(arena, struct way_node, room);
	out->rows = ARENA_ARRAY(arena, struct way_row, room);
	out->links = ARENA_ARRAY(arena, uint32_t, room);
	out->tunnels = ARENA_ARRAY(arena, uint32_t, room);
	for (size_t i = 0; i < trace->count; i++)
		read_record(&reading, &trace->records[i]);
}

bool way_has_pieces(const struct trace *trace) {
	for (size_t i = 0; i < trace->count; i++) {
		if (trace->records[i].step == TRACE_FRAGMENTED)
			return true;
	}
	return trace->child != NULL && way_has_pieces(trace->child);
}

bool way_is_over(const struct trace *trace) {
	if (trace->count == 0 || trace->left_out != 0 || way_has_pieces(trace))
		return false;
	uint8_t last = trace->records[trace->count - 1].step;
	if (last != TRACE_DROPPED && last != TRACE_DELIVERED && last != TRACE_ANSWERED &&
		last != TRACE_UNANSWERED)
		return false;
	return trace->child == NULL || way_is_over(trace->child);
}

size_t way_stops(const struct way *way, struct arena *arena, uint32_t **out) {
	uint32_t *stops = ARENA_ARRAY(arena, uint32_t, way->node_count + 1);
	size_t count = 0;

	for (size_t i = 0; i < way->node_count; i++) {
		if (way->nodes[i].is_stop)
			stops[count++] = way->nodes[i].node;
	}
	*out = stops;
	return count;
}

// Walks over the stops of a way in either direction, bypassed gateways included.
struct stop_walk {
	const struct topo *topo;
	const struct way *way;
	size_t done; // nodes taken
	bool backwards, bypassed_given;
};

// The gateway that a link on which the packet rides belongs to, NULL when it rides on none.
static const char *bypassed_gateway(const struct topo *topo, uint32_t number) {
	const struct topo_link *link = &topo->links[number];

	for (size_t e = 0; e < link->end_count; e++) {
		if (link->ends[e].rides_on == TOPO_NONE)
			continue;
		const struct topo_link *under = &topo->links[link->ends[e].rides_on];
		for (size_t u = 0; u < under->end_count; u++) {
			const struct topo_node *node = &topo->nodes[topo->ports[under->ends[u].port].node];
			if (node->kind == TOPO_GATEWAY)
				return node->group;
		}
	}
	return NULL;
}

static const char *stop_at(const struct stop_walk *walk, size_t position) {
	size_t index = walk->backwards ? walk->way->node_count - 1 - position : position;
	const struct way_node *node = &walk->way->nodes[index];

	return node->is_stop ? walk->topo->nodes[node->node].group : NULL;
}

// The gateway on the link between the nodes at `position` - 1 and `position` of the walk.
static const char *bypassed_before(const struct stop_walk *walk, size_t position) {
	if (position == 0 || position >= walk->way->node_count)
		return NULL;
	size_t from = walk->backwards ? walk->way->node_count - 1 - position : position - 1;
	uint32_t link = walk->way->nodes[from].link;

	return link != TOPO_NONE ? bypassed_gateway(walk->topo, link) : NULL;
}

static const char *next_stop(struct stop_walk *walk) {
	while (walk->done < walk->way->node_count) {
		if (!walk->bypassed_given) {
			walk->bypassed_given = true;
			const char *gateway = bypassed_before(walk, walk->done);
			if (gateway != NULL)
				return gateway;
		}
		const char *stop = stop_at(walk, walk->done++);
		walk->bypassed_given = false;
		if (stop != NULL)
			return stop;
	}
	return NULL;
}

bool way_is_reverse(const struct topo *topo, const struct way *forward, const struct way *back) {
	struct stop_walk there = {.topo = topo, .way = forward};
	struct stop_walk again = {.topo = topo, .way = back, .backwards = true};

	for (;;) {
		const char *a = next_stop(&there);
		const char *b = next_stop(&again);
		if (a == NULL || b == NULL)
			return a == b;
		if (!text_equal(a, b))
			return false;
	}
}

static bool same_numbers(const uint32_t *a, size_t a_count, const uint32_t *b, size_t b_count) {
	if (a_count != b_count)
		return false;
	for (size_t i = 0; i < a_count; i++) {
		if (a[i] != b[i])
			return false;
	}
	return true;
}

bool way_is_same(const struct way *a, const struct way *b) {
	if (a->node_count != b->node_count)
		return false;
	for (size_t i = 0; i < a->node_count; i++) {
		if (a->nodes[i].node != b->nodes[i].node)
			return false;
	}
	return same_numbers(a->links, a->link_count, b->links, b->link_count) &&
		same_numbers(a->tunnels, a->tunnel_count, b->tunnels, b->tunnel_count);
}

bool way_crosses_link(const struct way *way, uint32_t link) {
	for (size_t i = 0; i < way->link_count; i++) {
		if (way->links[i] == link)
			return true;
	}
	return false;
}
