#include "cli/print.h"

#include <unistd.h>

#include "cli/verb.h"

struct view print_view(const struct network *network, const struct options *options) {
	struct view view = {
		.topo = network->topo,
		.world = network->world,
		.cloud = network->cloud,
		.arena = network->arena,
		.has_colours = isatty(STDOUT_FILENO) != 0,
		.explains = options_has(options, OPTION_EXPLAIN),
	};
	const char **down = ARENA_ARRAY(network->arena, const char *, 2 * OPTIONS_FAULTS_MAX);

	for (size_t i = 0; i < options->down_count; i++)
		down[view.down_count++] = options->down[i];
	for (size_t i = 0; i < options->down_node_count; i++)
		down[view.down_count++] = options->down_nodes[i];
	view.down = down;
	return view;
}

int print_json(json_t *document) {
	int result = json_write(stdout, document);

	json_decref(document);
	return result == 0 ? EXIT_DONE : EXIT_ENVIRONMENT;
}

int print_text(struct text *text) {
	fputs(text_chars(text), stdout);
	text_done(text);
	return EXIT_DONE;
}
