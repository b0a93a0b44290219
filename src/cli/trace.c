#include "view/trace.h"

#include "cli/print.h"
#include "cli/verb.h"

// Every member of equal routes, there and, from where it arrives, back.
struct both_ways {
	struct explored_ways forward, back;
};

static void explore_both(
	const struct network *network, const struct question *question, struct both_ways *out) {
	struct exploration there = {.from = question->from, .key = question_key(question)};

	*out = (struct both_ways){0};
	explore_ways(network->world, &there, network->arena, &out->forward);
	if (question->to != TOPO_NONE)
		explore_ways_back(network->world, &there, question->to, network->arena, &out->back);
}

static int print_trace_json(const struct network *network, const struct view *view,
	const struct options *options, const struct traceroute *trace) {
	json_t *document = view_trace_json(view, trace);

	if (options_has(options, OPTION_ALL_PATHS)) {
		struct both_ways ways;
		explore_both(network, &trace->whole.question, &ways);
		json_put(document, "allPaths", view_ways_json(view, &ways.forward));
		json_put(document, "allReturnPaths", view_ways_json(view, &ways.back));
	}
	return print_json(document);
}

static int print_trace(
	const struct network *network, const struct options *options, const struct traceroute *trace) {
	struct view view = print_view(network, options);
	struct text text;

	if (options_is_format(options, "json"))
		return print_trace_json(network, &view, options, trace);
	if (options_is_format(options, "azure"))
		return print_json(view_trace_azure(&view, trace));
	text_init(&text);
	if (options_is_format(options, "tracert"))
		view_trace_tracert(&view, trace, &text);
	else if (options_is_format(options, "traceroute"))
		view_trace_traceroute(&view, trace, &text);
	else
		view_trace_text(&view, trace, &text);
	if (options_has(options, OPTION_ALL_PATHS) && options_is_format(options, "text")) {
		struct both_ways ways;
		explore_both(network, &trace->whole.question, &ways);
		view_ways_text(&view, "all ways there", &ways.forward, &text);
		view_ways_text(&view, "all ways back", &ways.back, &text);
	}
	return print_text(&text);
}

int cli_trace(const struct options *options) {
	struct network network;
	struct question question;
	struct traceroute trace;
	int result = network_open(options->positional[0], options, false, &network);

	if (result == EXIT_DONE)
		result = network_question(&network, options, &question);
	if (result == EXIT_DONE) {
		traceroute_run(network.world, &question, network.arena, &trace);
		result = print_trace(&network, options, &trace);
	}
	network_close(&network);
	return result;
}
