#include "cli/print.h"
#include "cli/verb.h"
#include "view/network.h"

int cli_check(const struct options *options) {
	struct network network;
	int result = network_load(options->positional[0], &network);

	if (options_is_format(options, "json")) {
		print_json(view_check_json(options->positional[0], network.mistakes));
	} else if (result == EXIT_DONE) {
		struct text text;
		text_init(&text);
		diagnostics_format(network.mistakes, &text);
		fputs(text_chars(&text), stderr);
		text_done(&text);
		printf("%s: %zu nodes, %zu links, %zu warnings\n", options->positional[0],
			network.topo->node_count, network.topo->link_count,
			diagnostics_count(network.mistakes));
	}
	network_close(&network);
	return result;
}
