#include "view/matrix.h"

#include <string.h>

#include "analyze/verdict.h"

#define GRID_HOSTS_MAX 40 // beyond, a grid is no help to anybody

static void add_grid(const struct view *view, const struct matrix *matrix, struct text *out) {
	size_t width = 4;
	size_t pair = 0;

	for (size_t i = 0; i < matrix->host_count; i++) {
		size_t length = strlen(view_node(view, matrix->hosts[i]));
		width = length > width ? length : width;
	}
	text_printf(out, "%*s", (int)width, "");
	for (size_t i = 0; i < matrix->host_count; i++)
		text_printf(out, "  %*s", (int)width, view_node(view, matrix->hosts[i]));
	text_add_char(out, '\n');
	for (size_t from = 0; from < matrix->host_count; from++) {
		text_printf(out, "%-*s", (int)width, view_node(view, matrix->hosts[from]));
		for (size_t to = 0; to < matrix->host_count; to++) {
			if (from == to) {
				text_printf(out, "  %*s", (int)width, ".");
				continue;
			}
			const struct matrix_pair *cell = &matrix->pairs[pair++];
			view_colour(view, cell->reached ? VIEW_GOOD : VIEW_BAD, out);
			const char *word = !cell->reached ? "-"
				: cell->symmetric             ? arena_printf(view->arena, "%u", cell->hop_count)
											  : arena_printf(view->arena, "%u~", cell->hop_count);
			text_printf(out, "  %*s", (int)width, word);
			view_colour(view, VIEW_PLAIN, out);
		}
		text_add_char(out, '\n');
	}
	text_add(
		out, "A number: reached in so many hops; ~ the answer takes another way; - not reached.\n");
}

static void add_unreached(
	const struct view *view, const struct matrix_pair *pair, struct text *out) {
	const char *place = view_place(view, pair->origin);
	const char *words = view_origin_text(view, pair->origin);

	text_printf(out, "%s to %s: %s, %s at %s", view_node(view, pair->from),
		view_node(view, pair->to), verdict_name(pair->verdict),
		pair->stopped_on_return ? "the answer stopped" : "stopped",
		view_node(view, pair->stopped_node));
	if (words != NULL)
		text_printf(out, " by %s", words);
	if (place != NULL)
		text_printf(out, " [%s]", place);
	text_add_char(out, '\n');
}

static void add_path(const struct view *view, const struct matrix_pair *pair, struct text *out) {
	text_printf(out, "%s to %s: ", view_node(view, pair->from), view_node(view, pair->to));
	view_add_nodes(view, pair->stops, pair->stop_count, ", ", out);
	text_printf(out, " (%s); back: ", view_ms(view, pair->rtt_ns));
	view_add_nodes(view, pair->back, pair->back_count, ", ", out);
	text_add_char(out, '\n');
}

void view_matrix_text(
	const struct view *view, const struct matrix *matrix, bool with_hops, struct text *out) {
	size_t reached = 0;

	if (matrix->host_count <= GRID_HOSTS_MAX)
		add_grid(view, matrix, out);
	for (size_t i = 0; i < matrix->pair_count; i++)
		reached += matrix->pairs[i].reached;
	text_printf(out, "%zu of %zu pairs reach each other.\n", reached, matrix->pair_count);
	for (size_t i = 0; i < matrix->pair_count; i++) {
		if (!matrix->pairs[i].reached)
			add_unreached(view, &matrix->pairs[i], out);
		else if (with_hops)
			add_path(view, &matrix->pairs[i], out);
	}
}

json_t *view_matrix_json(const struct view *view, const struct matrix *matrix, bool with_hops) {
	json_t *object = json_object();

	view_put_nodes(view, object, "hosts", matrix->hosts, matrix->host_count);
	json_put(object, "down", view_down(view));
	json_t *pairs = json_put_array(object, "pairs");
	for (size_t i = 0; i < matrix->pair_count; i++) {
		const struct matrix_pair *pair = &matrix->pairs[i];
		json_t *row = json_push_object(pairs);
		json_put_text(row, "from", view_node(view, pair->from));
		json_put_text(row, "to", view_node(view, pair->to));
		json_put_bool(row, "reached", pair->reached);
		json_put_text(row, "verdict", verdict_name(pair->verdict));
		json_put_bool(row, "symmetric", pair->symmetric);
		json_put_int(row, "hops", pair->hop_count);
		if (pair->reached)
			json_put_real(row, "rttMs", view_ms_number(pair->rtt_ns));
		if (!pair->reached) {
			json_put_text(row, "stoppedAt", view_node(view, pair->stopped_node));
			json_put_text(row, "direction", pair->stopped_on_return ? "return" : "forward");
			json_put_text(row, "origin", view_place(view, pair->origin));
		}
		if (with_hops) {
			view_put_nodes(view, row, "nodes", pair->stops, pair->stop_count);
			view_put_nodes(view, row, "returnNodes", pair->back, pair->back_count);
		}
	}
	return object;
}
