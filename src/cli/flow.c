#include "view/flow.h"

#include "cli/print.h"
#include "cli/verb.h"

static void ask_side(const struct network *network, const struct question *question,
	bool is_inbound, struct view_flow_side *out) {
	struct cloud_flow flow = {
		.source = question->source,
		.destination = question->destination,
		.protocol = question_key(question).protocol,
		.source_port = question->source_port,
		.destination_port = question->destination_port,
		.inbound = is_inbound,
	};

	out->is_inbound = is_inbound;
	out->node = is_inbound ? question->to : question->from;
	if (out->node == TOPO_NONE)
		return;
	struct cloud_question at = {network->world, out->node, NULL, network->arena};
	out->given = network->cloud->ops->flow_verify(network->cloud, &at, &flow, &out->verdict) == 0;
}

static int flow(
	const struct network *network, const struct options *options, const struct question *question) {
	struct view view = print_view(network, options);
	struct view_flow answer = {.question = *question};
	struct text text;

	ask_side(network, question, false, &answer.sides[0]);
	ask_side(network, question, true, &answer.sides[1]);
	ask_one(network->world, question, network->arena, &answer.trip);
	if (options_is_format(options, "azure"))
		return print_json(view_flow_azure(&view, &answer));
	if (options_is_format(options, "json"))
		return print_json(view_flow_json(&view, &answer));
	text_init(&text);
	view_flow_text(&view, &answer, &text);
	return print_text(&text);
}

int cli_flow(const struct options *options) {
	struct network network;
	struct question question;
	int result = network_open(options->positional[0], options, false, &network);

	if (result == EXIT_DONE)
		result = network_question(&network, options, &question);
	if (result == EXIT_DONE)
		result = flow(&network, options, &question);
	network_close(&network);
	return result;
}
