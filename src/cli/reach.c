#include <errno.h>

#include "analyze/scope.h"
#include "cli/print.h"
#include "cli/verb.h"
#include "view/flow.h"

// The box of headers that FROM may send: its own address as source, and what TO and the flow's
// options leave open.
static int asked_box(const struct network *network, const struct options *options, uint32_t from,
	struct header_box *out) {
	bool is_v6 = options->flow.prefer_v6;
	struct prefix to = is_v6 ? prefix_default_v6() : prefix_default_v4();
	const char *text = options->positional_count > 2 ? options->positional[2] : NULL;

	if (text != NULL && prefix_parse(text, &to) < 0) {
		uint32_t node;
		int result = network_find_node(network, text, &node);
		if (result != EXIT_DONE)
			return result;
		struct ip address = question_address(network->topo, node, is_v6);
		if (ip_is_none(address))
			address = question_address(network->topo, node, !is_v6);
		to = prefix_host(address);
	}
	is_v6 = !prefix_is_v4(to);
	*out = is_v6 ? header_box_all_v6() : header_box_all_v4();
	struct ip source = question_address(network->topo, from, is_v6);
	if (ip_is_none(source)) {
		fprintf(stderr, "interplane: %s has no address of that family\n",
			network->topo->nodes[from].name);
		return EXIT_WRONG_USE;
	}
	header_box_narrow_source(out, prefix_host(source));
	if (!prefix_is_default(to))
		header_box_narrow_destination(out, to);
	if (options->flow.protocol != 0)
		out->protocol_low = out->protocol_high = options->flow.protocol;
	if (options->flow.port != 0)
		out->destination_port_low = out->destination_port_high = options->flow.port;
	if (options->flow.source_port != 0)
		out->source_port_low = out->source_port_high = options->flow.source_port;
	return EXIT_DONE;
}

static int reach(const struct network *network, const struct options *options, uint32_t from,
	const struct header_box *box) {
	struct view view = print_view(network, options);
	struct scope_regions regions;
	struct text text;

	scope_run(network->world, from, box, &regions);
	if (options_is_format(options, "json")) {
		json_t *document = view_scope_json(&view, from, &regions);
		scope_done(&regions);
		return print_json(document);
	}
	text_init(&text);
	view_scope_text(&view, &regions, &text);
	scope_done(&regions);
	return print_text(&text);
}

int cli_reach(const struct options *options) {
	struct network network;
	struct header_box box;
	uint32_t from;
	int result = network_open(options->positional[0], options, false, &network);

	if (result == EXIT_DONE)
		result = network_find_node(&network, options->positional[1], &from);
	if (result == EXIT_DONE)
		result = asked_box(&network, options, from, &box);
	if (result == EXIT_DONE)
		result = reach(&network, options, from, &box);
	network_close(&network);
	return result;
}
