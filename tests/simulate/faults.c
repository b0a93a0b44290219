#include "network.h"

#define FAULTS_MAX 3
#define STEADY_NS (400 * SECOND_NS) // longer than any session takes to notice anything
#define GREY_LOSS_MILLIONTHS 20000

struct fault {
	bool is_node;
	uint32_t number;       // of the link or the node
	enum world_fault kind; // of a link; WORLD_UP when it only loses and delays
	uint32_t one_way;
	struct world_quality quality; // before
};

// A link or a node that can fail, the n-th of them all; false when there are fewer. What the file
// itself has down is left alone: mending would bring it up.
static bool find_candidate(const struct topo *topo, size_t n, struct fault *out) {
	for (uint32_t i = 0; i < topo->link_count; i++)
		if (topo->links[i].can_fail && !topo->links[i].is_down && n-- == 0) {
			*out = (struct fault){.number = i, .one_way = TOPO_NONE};
			return true;
		}
	for (uint32_t i = 0; i < topo->node_count; i++)
		if (topo->nodes[i].can_fail && n-- == 0) {
			*out = (struct fault){.is_node = true, .number = i};
			return true;
		}
	return false;
}

static size_t count_candidates(const struct topo *topo) {
	struct fault fault;
	size_t count = 0;
	while (find_candidate(topo, count, &fault))
		count++;
	return count;
}

static void make_grey(struct network *network, struct fault *fault) {
	struct world_quality grey;
	world_get_quality(network->world, fault->number, &fault->quality);
	grey = fault->quality;
	grey.loss_millionths = GREY_LOSS_MILLIONTHS;
	grey.jitter_ns = 3 * MS_NS;
	world_set_quality(network->world, fault->number, &grey);
}

static void break_link(struct network *network, struct fault *fault) {
	const struct topo_link *link = &network->topo->links[fault->number];
	uint64_t draw = random_below(&network->random, 4);
	fault->kind = draw == 0 ? WORLD_DOWN : draw == 1 ? WORLD_UP : WORLD_CUT;
	if (draw == 3)
		fault->one_way =
			network->topo->ports[link->ends[random_below(&network->random, link->end_count)].port]
				.node;
	if (fault->kind == WORLD_UP)
		make_grey(network, fault);
	else
		world_set_link(network->world, fault->number, fault->kind, fault->one_way);
}

static void break_one(struct network *network, struct fault *fault) {
	if (fault->is_node)
		world_set_node(network->world, fault->number, false);
	else
		break_link(network, fault);
	// The next may come while routing is still busy with this one.
	int64_t pause_ns = (int64_t)random_below(&network->random, 3000) * MS_NS;
	loop_run_until(network->loop, instant_add(loop_now(network->loop), pause_ns));
}

static void describe(const struct network *network, const struct fault *fault, struct text *out) {
	static const char *const words[] = {"grey", "down", "cut"};
	const struct topo *topo = network->topo;
	if (fault->is_node) {
		text_printf(out, " %s is off;", topo->nodes[fault->number].name);
		return;
	}
	text_printf(out, " %s is %s", topo->links[fault->number].name, words[fault->kind]);
	if (fault->one_way != TOPO_NONE)
		text_printf(out, " for what %s sends", topo->nodes[fault->one_way].name);
	text_add_char(out, ';');
}

static void mend(struct network *network, const struct fault *fault) {
	if (fault->is_node)
		world_set_node(network->world, fault->number, true);
	else if (fault->kind == WORLD_UP)
		world_set_quality(network->world, fault->number, &fault->quality);
	else
		world_set_link(network->world, fault->number, WORLD_UP, TOPO_NONE);
}

// Different ones each.
static size_t choose_faults(struct network *network, struct fault faults[FAULTS_MAX]) {
	size_t candidates = count_candidates(network->topo);
	size_t count = 1 + random_below(&network->random, FAULTS_MAX);
	if (count > candidates)
		count = candidates;
	size_t first = candidates > 0 ? random_below(&network->random, candidates) : 0;
	size_t stride =
		candidates > FAULTS_MAX ? 1 + random_below(&network->random, candidates / FAULTS_MAX) : 1;
	for (size_t i = 0; i < count; i++)
		find_candidate(network->topo, (first + i * stride) % candidates, &faults[i]);
	return count;
}

// What is converged stays as it is.
static void check_steady(struct network *network, struct verdict_of_run *out) {
	struct reach before = network_reach(network);
	loop_run_until(network->loop, instant_add(loop_now(network->loop), STEADY_NS));
	network_compare_reach(network, before, network_reach(network), "it had converged", out);
}

bool faults_run(struct network *network, struct verdict_of_run *out) {
	struct fault faults[FAULTS_MAX];
	size_t count = choose_faults(network, faults);
	bool is_clean = true;
	for (size_t i = 0; i < count; i++) {
		break_one(network, &faults[i]);
		is_clean = is_clean && (faults[i].is_node || faults[i].kind != WORLD_UP);
	}
	out->tally.faults += count;
	if (network_settle(network, out)) {
		check_loops(network, out);
		if (is_clean && out->failure.length == 0)
			check_steady(network, out);
		if (is_clean && out->failure.length == 0)
			check_regions(network, out);
	}
	// In the order they came, not the reverse: what is mended meets what is still broken.
	for (size_t i = 0; i < count; i++)
		mend(network, &faults[i]);
	bool is_settled = out->failure.length == 0 && network_settle(network, out);
	if (out->failure.length > 0)
		text_add(&out->failure, "with:");
	for (size_t i = 0; i < count && out->failure.length > 0; i++)
		describe(network, &faults[i], &out->failure);
	return is_settled;
}
