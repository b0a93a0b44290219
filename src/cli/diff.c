#include "analyze/diff.h"

#include "cli/print.h"
#include "cli/verb.h"
#include "view/whatif.h"

// Effective routes in the cloud's own words, which analyze does not know.
void network_collect_routes(const struct network *network, struct diff_facts *facts) {
	for (uint32_t i = 0; i < network->topo->node_count; i++) {
		struct cloud_route_row *rows;
		size_t count;
		char prefix[PREFIX_TEXT_BYTES];
		struct cloud_question at = {network->world, i, NULL, network->arena};
		if (network->topo->nodes[i].kind != TOPO_HOST ||
			network->cloud->ops->effective_routes(network->cloud, &at, &rows, &count) < 0)
			continue;
		for (size_t r = 0; r < count; r++) {
			const char *value = rows[r].next_hop_type;
			if (!text_equal(rows[r].state, "Active"))
				continue;
			for (size_t h = 0; h < rows[r].next_hop_count; h++)
				value = arena_printf(network->arena, "%s %s", value, rows[r].next_hops[h]);
			diff_add(facts, DIFF_ROUTE, network->topo->nodes[i].name,
				prefix_format(rows[r].prefix, prefix), value);
		}
	}
}

static int collect(const char *path, const struct options *options, struct diff_facts *facts) {
	struct network network;
	int result = network_open(path, options, false, &network);

	if (result == EXIT_DONE) {
		diff_collect(network.world, &options->flow, facts);
		network_collect_routes(&network, facts);
	}
	network_close(&network);
	return result;
}

static int compare(
	const struct options *options, struct diff_facts *before, struct diff_facts *after) {
	struct diff diff;
	struct text text;

	diff_compare(before, after, before->arena, &diff);
	if (options_is_format(options, "json"))
		return print_json(view_diff_json(&diff, options->positional[0], options->positional[1]));
	text_init(&text);
	view_diff_text(&diff, &text);
	return print_text(&text);
}

int cli_diff(const struct options *options) {
	struct arena *arena = arena_new();
	struct diff_facts before = {.arena = arena};
	struct diff_facts after = {.arena = arena};
	int result = collect(options->positional[0], options, &before);

	if (result == EXIT_DONE)
		result = collect(options->positional[1], options, &after);
	if (result == EXIT_DONE)
		result = compare(options, &before, &after);
	diff_done(&before);
	diff_done(&after);
	arena_free(arena);
	return result;
}
