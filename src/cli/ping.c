#include "analyze/ping.h"

#include "cli/print.h"
#include "cli/verb.h"
#include "view/matrix.h"

#define COUNT_DEFAULT 4

static int ping(
	struct network *network, const struct options *options, const struct question *question) {
	struct ping_options asked = {
		.count = (uint32_t)options_number(options, OPTION_COUNT, COUNT_DEFAULT),
		.interval_ns = options_number(options, OPTION_INTERVAL, 0),
		.size_bytes = (uint32_t)options_number(options, OPTION_SIZE, 0),
		.dont_fragment = options_has(options, OPTION_DONT_FRAGMENT),
	};
	struct view view = print_view(network, options);
	struct ping answer;
	struct text text;

	ping_run(network->world, question, &asked, network->arena, &answer);
	if (options_is_format(options, "json"))
		return print_json(view_ping_json(&view, &answer));
	text_init(&text);
	view_ping_text(&view, &answer, &text);
	return print_text(&text);
}

int cli_ping(const struct options *options) {
	struct network network;
	struct question question;
	int result = network_open(options->positional[0], options, true, &network);

	if (result == EXIT_DONE)
		result = network_question(&network, options, &question);
	if (result == EXIT_DONE)
		result = ping(&network, options, &question);
	network_close(&network);
	return result;
}
