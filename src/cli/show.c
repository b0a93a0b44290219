#include "cli/print.h"
#include "cli/verb.h"
#include "view/network.h"

static int show(
	const struct network *network, const struct options *options, enum view_inventory what) {
	struct view view = print_view(network, options);
	struct text text;

	if (options_is_format(options, "json"))
		return print_json(view_show_json(&view, what));
	text_init(&text);
	view_show_text(&view, what, &text);
	return print_text(&text);
}

int cli_show(const struct options *options) {
	const char *what = options->positional_count > 1 ? options->positional[1] : "nodes";
	static const char *const words[] = {
		[VIEW_SHOW_NODES] = "nodes", [VIEW_SHOW_LINKS] = "links", [VIEW_SHOW_HOSTS] = "hosts"};
	struct network network;

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (!text_equal(words[i], what))
			continue;
		int result = network_load(options->positional[0], &network);
		if (result == EXIT_DONE)
			result = show(&network, options, (enum view_inventory)i);
		network_close(&network);
		return result;
	}
	fprintf(stderr, "interplane show: %s: expected nodes, links or hosts\n", what);
	return EXIT_WRONG_USE;
}
