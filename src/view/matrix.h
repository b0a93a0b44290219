// All pairs, and the rows of a ping.
#pragma once

#include "analyze/matrix.h"
#include "analyze/ping.h"
#include "view/view.h"

// A grid of verdicts, then what does not reach and what is asymmetric; `with_hops`: every path.
void view_matrix_text(
	const struct view *view, const struct matrix *matrix, bool with_hops, struct text *out);
json_t *view_matrix_json(const struct view *view, const struct matrix *matrix, bool with_hops);

void view_ping_text(const struct view *view, const struct ping *ping, struct text *out);
json_t *view_ping_json(const struct view *view, const struct ping *ping);
