#include "analyze/explore.h"
#include "analyze/question.h"
#include "network.h"
#include "topo/topo_build.h"

struct looking {
	struct network *network;
	struct verdict_of_run *out;
	const struct question *question;
	bool is_reply;
};

// A row that a person wrote: a static route of a router, a user-defined route, or what a gateway
// was told of a connection without BGP.
static bool is_written_by_hand(const struct topo *topo, uint32_t number) {
	const struct topo_origin *origin = topo_origin(topo, number);
	if (origin->reference != NULL && text_equal(origin->reference, "AZ-NIC-10"))
		return true;
	return origin->text != NULL &&
		(text_starts_with(origin->text, "static route") ||
			text_starts_with(origin->text, "connection "));
}

// The circle is what lies between the two visits of the node where the way ended.
static void check_circle(struct looking *looking, const struct way *way) {
	const struct topo *topo = looking->network->topo;
	struct text *failure = &looking->out->failure;
	size_t first = 0;
	while (first < way->node_count && way->nodes[first].node != way->end_node)
		first++;
	for (size_t i = first; i < way->node_count; i++)
		if (way->nodes[i].row != TOPO_NONE &&
			is_written_by_hand(topo, way->rows[way->nodes[i].row].origin)) {
			looking->out->tally.loops++;
			return;
		}
	text_printf(failure,
		"%s from %s to %s goes in circles:", looking->is_reply ? "the answer" : "the packet",
		topo->nodes[looking->question->from].name, topo->nodes[looking->question->to].name);
	for (size_t i = first; i < way->node_count; i++) {
		const struct way_node *node = &way->nodes[i];
		text_printf(failure, " %s", topo->nodes[node->node].name);
		if (node->row != TOPO_NONE && topo_origin(topo, way->rows[node->row].origin)->text != NULL)
			text_printf(failure, " (%s)", topo_origin(topo, way->rows[node->row].origin)->text);
	}
	text_add_char(failure, '\n');
}

static bool ended(void *owner, const struct way *way, const struct admitted *admitted) {
	struct looking *looking = owner;
	(void)admitted;
	if (way->end == WAY_DROPPED && way->drop == DROP_LOOP)
		check_circle(looking, way);
	return looking->out->failure.length == 0;
}

static void follow(struct walker *walker, struct looking *looking) {
	const struct question *question = looking->question;
	struct exploration exploration = {
		.from = question->from,
		.key = question_key(question),
		.is_reply = looking->is_reply,
		.admitted = ADMITTED_EVERYWHERE,
		.each_state_once = true,
		.ended = ended,
		.owner = looking,
	};
	struct header_box box = header_box_of(&exploration.key);
	explore(walker, &exploration, &box);
}

void check_loops(struct network *network, struct verdict_of_run *out) {
	size_t count;
	uint32_t *hosts = question_hosts(network->topo, network->arena, &count);
	struct walker *walker = walker_new(network->world);
	for (size_t i = 0; i < count * count * 4; i++) {
		struct question question;
		const struct question_flow flow = {.prefer_v6 = i % 2};
		uint32_t from = hosts[i / 4 / count], to = hosts[i / 4 % count];
		struct looking looking = {network, out, &question, i / 2 % 2};
		if (from == to || question_between(network->topo, from, to, &flow, &question) != 0)
			continue;
		follow(walker, &looking);
	}
	walker_free(walker);
}
