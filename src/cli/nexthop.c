#include "cli/print.h"
#include "cli/verb.h"
#include "forward/fib.h"
#include "view/routes.h"

// Of a node that is none of the cloud's machines: its own table's row.
static void own_next_hop(const struct network *network, const struct view *view, uint32_t node,
	struct ip destination, struct cloud_next_hop *out) {
	const struct topo_node *topo = &network->topo->nodes[node];
	struct fib_match match = fib_lookup(&world_router(network->world, node)->fib, destination);

	*out = (struct cloud_next_hop){.type = "none", .route_table = "routing table"};
	if (match.route == NULL)
		return;
	out->origin = match.route->origin;
	out->type = match.route->action == FIB_DROP ? drop_name(match.route->drop) : "router";
	if (match.route->action == FIB_DROP || match.route->hop_count == 0)
		return;
	const struct fib_hop *hop = &match.route->hops[0];
	out->address = ip_is_none(hop->via) ? view_ip(view, destination) : view_ip(view, hop->via);
	out->route_table = arena_printf(network->arena, "%s by interface %s",
		view_prefix(view, match.prefix), network->topo->ports[topo->ports[hop->port]].name);
}

static int next_hop(const struct network *network, const struct options *options, uint32_t node,
	struct ip destination) {
	struct view view = print_view(network, options);
	struct cloud_next_hop hop = {0};
	struct text text;

	struct cloud_question at = {network->world, node, NULL, network->arena};
	if (network->cloud->ops->next_hop(network->cloud, &at, destination, &hop) < 0)
		own_next_hop(network, &view, node, destination, &hop);
	if (options_is_format(options, "azure"))
		return print_json(view_nexthop_azure(&view, &hop));
	if (options_is_format(options, "json"))
		return print_json(view_nexthop_json(&view, node, destination, &hop));
	text_init(&text);
	view_nexthop_text(&view, &hop, &text);
	return print_text(&text);
}

int cli_nexthop(const struct options *options) {
	const char *to = options->positional[2];
	struct network network;
	struct ip destination = IP_NONE;
	uint32_t from;
	uint32_t owner;
	int result = network_open(options->positional[0], options, false, &network);

	if (result == EXIT_DONE)
		result = network_find_node(&network, options->positional[1], &from);
	if (result == EXIT_DONE && ip_parse(to, &destination) < 0) {
		result = network_find_node(&network, to, &owner);
		if (result == EXIT_DONE)
			destination = question_address(network.topo, owner, false);
	}
	if (result == EXIT_DONE)
		result = next_hop(&network, options, from, destination);
	network_close(&network);
	return result;
}
