#include "view/routes.h"

#include <errno.h>

#include "cli/print.h"
#include "cli/verb.h"
#include "topo/topo_build.h"

// A gateway with several instances is known by its name too: then the first instance answers.
static int find_place(const struct network *network, const char *name, uint32_t *out) {
	if (topo_find_node(network->topo, name) == TOPO_NONE) {
		for (uint32_t i = 0; i < network->topo->node_count; i++) {
			if (text_equal(network->topo->nodes[i].group, name)) {
				*out = i;
				return EXIT_DONE;
			}
		}
	}
	return network_find_node(network, name, out);
}

static int print_effective(const struct view *view, const struct options *options,
	const struct view_effective *effective) {
	struct text text;

	if (!options_is_format(options, "text"))
		return print_json(view_effective_json(view, effective));
	text_init(&text);
	view_effective_text(view, effective, &text);
	return print_text(&text);
}

static int print_rib(const struct view *view, const struct options *options, uint32_t node) {
	struct text text;

	if (options_is_format(options, "azure"))
		return print_json(view_rib_azure(view, node));
	if (options_is_format(options, "json")) {
		json_t *document = view_rib_json(view, node);
		struct ip address;
		bool is_address = ip_parse(options->positional[1], &address) == 0;
		json_put_text(
			document, "node", is_address ? view_node(view, node) : options->positional[1]);
		json_put_text(document, "instance", view_node(view, node));
		json_put(document, "forwarding", view_fib_json(view, node));
		return print_json(document);
	}
	text_init(&text);
	view_rib_text(view, node, &text);
	text_add_char(&text, '\n');
	view_fib_text(view, node, &text);
	return print_text(&text);
}

static int print_fib(const struct view *view, const struct options *options, uint32_t node) {
	struct text text;

	if (!options_is_format(options, "text")) {
		json_t *document = json_object();
		json_put_text(document, "node", view_node(view, node));
		json_put_text(document, "kind", view->topo->nodes[node].kind_name);
		json_put(document, "routes", view_fib_json(view, node));
		return print_json(document);
	}
	text_init(&text);
	view_fib_text(view, node, &text);
	return print_text(&text);
}

static int print_advertised(const struct view *view, const struct options *options, uint32_t node) {
	const struct bgp_speaker *speaker = world_speaker(view->world, node);
	const char *name = options->text[OPTION_ADVERTISED_TO];
	struct ip address = IP_NONE;
	struct text text;

	ip_parse(name, &address);
	for (size_t i = 0; speaker != NULL && i < bgp_peer_count(speaker); i++) {
		const struct bgp_peer *peer = bgp_peer_at(speaker, i);
		struct bgp_peer_status status;
		bgp_peer_status(peer, &status);
		if (!text_equal(status.config->name, name) && !ip_equal(status.config->remote, address))
			continue;
		if (!options_is_format(options, "text"))
			return print_json(view_advertised_json(view, node, peer));
		text_init(&text);
		view_advertised_text(view, peer, &text);
		return print_text(&text);
	}
	fprintf(stderr, "interplane: %s has no BGP neighbour %s; `interplane peers` lists them\n",
		view_node(view, node), name);
	return EXIT_WRONG_USE;
}

static int print_routes(
	const struct network *network, const struct options *options, uint32_t node) {
	struct view view = print_view(network, options);
	const char *nic = options->text[OPTION_NIC];
	struct cloud_route_row *rows;
	struct view_effective effective = {.host = view_node(&view, node), .nic = nic};

	if (options_has(options, OPTION_ADVERTISED_TO))
		return print_advertised(&view, options, node);
	// A machine that speaks BGP has both: its NIC's table is asked for by --nic.
	const struct rib *rib = world_rib(network->world, node);
	bool wants_rib = network->topo->nodes[node].bgp != NULL && nic == NULL;
	struct cloud_question at = {network->world, node, nic, network->arena};
	int result = -ENOENT;
	if (!wants_rib)
		result =
			network->cloud->ops->effective_routes(network->cloud, &at, &rows, &effective.count);
	if (result == 0) {
		effective.rows = rows;
		return print_effective(&view, options, &effective);
	}
	if (nic != NULL) {
		fprintf(stderr, "interplane: %s has no NIC %s\n", view_node(&view, node), nic);
		return EXIT_WRONG_USE;
	}
	return rib != NULL ? print_rib(&view, options, node) : print_fib(&view, options, node);
}

static int print_peers(
	const struct network *network, const struct options *options, uint32_t node) {
	struct view view = print_view(network, options);
	struct text text;

	if (world_speaker(network->world, node) == NULL) {
		fprintf(stderr, "interplane: %s does not speak BGP\n", view_node(&view, node));
		return EXIT_WRONG_USE;
	}
	if (options_is_format(options, "azure"))
		return print_json(view_peers_azure(&view, node));
	if (options_is_format(options, "json"))
		return print_json(view_peers_json(&view, node));
	text_init(&text);
	view_peers_text(&view, node, &text);
	return print_text(&text);
}

typedef int print_place_fn(
	const struct network *network, const struct options *options, uint32_t node);

static int at_place(const struct options *options, print_place_fn *print) {
	struct network network;
	uint32_t node;
	int result = network_open(options->positional[0], options, false, &network);

	if (result == EXIT_DONE)
		result = find_place(&network, options->positional[1], &node);
	if (result == EXIT_DONE)
		result = print(&network, options, node);
	network_close(&network);
	return result;
}

int cli_routes(const struct options *options) {
	return at_place(options, print_routes);
}

int cli_peers(const struct options *options) {
	return at_place(options, print_peers);
}
