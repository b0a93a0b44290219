#include "view/matrix.h"

#include "cli/print.h"
#include "cli/verb.h"

static int print_matrix(
	const struct network *network, const struct options *options, const struct matrix *matrix) {
	struct view view = print_view(network, options);
	bool with_hops = options_has(options, OPTION_HOPS);
	struct text text;

	if (options_is_format(options, "json"))
		return print_json(view_matrix_json(&view, matrix, with_hops));
	text_init(&text);
	view_matrix_text(&view, matrix, with_hops, &text);
	return print_text(&text);
}

int cli_matrix(const struct options *options) {
	struct network network;
	struct matrix matrix;
	int result = network_open(options->positional[0], options, false, &network);

	if (result == EXIT_DONE) {
		matrix_run(network.world, &options->flow, network.arena, &matrix);
		result = print_matrix(&network, options, &matrix);
	}
	network_close(&network);
	return result;
}
