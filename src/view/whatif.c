#include "view/whatif.h"

#include "base/assert.h"

static const char *change_name(enum whatif_change change) {
	switch (change) {
	case WHATIF_UNCHANGED:
		return "unchanged";
	case WHATIF_MOVED:
		return "moved";
	case WHATIF_LOST:
		return "lost";
	case WHATIF_GAINED:
		return "gained";
	}
	assert(!"a kind of change");
	return "";
}

static const char *failure_names(const struct view *view, const struct whatif *whatif) {
	const char *joined = whatif->failures[0].name;

	for (size_t i = 1; i < whatif->failure_count; i++)
		joined = arena_printf(view->arena, "%s and %s", joined, whatif->failures[i].name);
	return joined;
}

static void add_pair(const struct view *view, const struct matrix *before,
	const struct whatif_pair *pair, struct text *out) {
	const struct matrix_pair *old = &before->pairs[pair->number];

	text_printf(out, "  %s to %s: ", view_node(view, pair->from), view_node(view, pair->to));
	view_colour(view, pair->change == WHATIF_LOST ? VIEW_BAD : VIEW_PLAIN, out);
	text_add(out, change_name(pair->change));
	view_colour(view, VIEW_PLAIN, out);
	if (pair->is_slower)
		text_printf(out, ", slower (%s instead of %s)", view_ms(view, pair->rtt_after_ns),
			view_ms(view, pair->rtt_before_ns));
	if (pair->became_asymmetric)
		text_add(out, ", asymmetric");
	if (pair->change == WHATIF_LOST)
		text_printf(out, ", %s at %s", verdict_name(pair->after.verdict),
			view_node(view, pair->after.stopped_node));
	if (pair->lost != 0 && pair->change != WHATIF_LOST)
		text_printf(out, ", %u of %u packets lost in %.1f s", pair->lost, pair->sent,
			(double)pair->outage_ns / 1e9);
	text_add_char(out, '\n');
	if (pair->change != WHATIF_MOVED)
		return;
	text_add(out, "    was ");
	view_add_nodes(view, old->stops, old->stop_count, ", ", out);
	text_add(out, "; back ");
	view_add_nodes(view, old->back, old->back_count, ", ", out);
	text_add(out, "\n    now ");
	view_add_nodes(view, pair->after.stops, pair->after.stop_count, ", ", out);
	text_add(out, "; back ");
	view_add_nodes(view, pair->after.back, pair->after.back_count, ", ", out);
	text_add_char(out, '\n');
}

void view_whatif_text(const struct view *view, const struct matrix *before,
	const struct whatif *results, size_t count, struct text *out) {
	for (size_t i = 0; i < count; i++) {
		const struct whatif *whatif = &results[i];
		text_printf(out, "%s fails: %zu lost, %zu moved, %zu unchanged",
			failure_names(view, whatif), whatif->lost, whatif->moved, whatif->unchanged);
		if (whatif->gained != 0)
			text_printf(out, ", %zu gained", whatif->gained);
		if (whatif->converged)
			text_printf(out, "; converged in %.3f s\n", (double)whatif->converge_ns / 1e9);
		else
			text_add(out, "; it does not converge\n");
		for (size_t p = 0; p < whatif->pair_count; p++)
			add_pair(view, before, &whatif->pairs[p], out);
	}
}

static json_t *pair_json(
	const struct view *view, const struct matrix *before, const struct whatif_pair *pair) {
	const struct matrix_pair *old = &before->pairs[pair->number];
	json_t *object = json_object();

	json_put_text(object, "from", view_node(view, pair->from));
	json_put_text(object, "to", view_node(view, pair->to));
	json_put_text(object, "change", change_name(pair->change));
	json_put_bool(object, "slower", pair->is_slower);
	json_put_bool(object, "asymmetric", pair->became_asymmetric);
	json_put_text(object, "verdict", verdict_name(pair->after.verdict));
	view_put_nodes(view, object, "oldNodes", old->stops, old->stop_count);
	view_put_nodes(view, object, "newNodes", pair->after.stops, pair->after.stop_count);
	view_put_nodes(view, object, "oldReturnNodes", old->back, old->back_count);
	view_put_nodes(view, object, "newReturnNodes", pair->after.back, pair->after.back_count);
	if (pair->rtt_before_ns >= 0)
		json_put_real(object, "oldRttMs", view_ms_number(pair->rtt_before_ns));
	if (pair->rtt_after_ns >= 0)
		json_put_real(object, "newRttMs", view_ms_number(pair->rtt_after_ns));
	json_put_int(object, "packetsSent", pair->sent);
	json_put_int(object, "packetsLost", pair->lost);
	json_put_real(object, "outageMs", view_ms_number(pair->outage_ns));
	if (pair->change == WHATIF_LOST) {
		json_put_text(object, "stoppedAt", view_node(view, pair->after.stopped_node));
		json_put_text(object, "origin", view_place(view, pair->after.origin));
	}
	return object;
}

json_t *view_whatif_json(const struct view *view, const struct matrix *before,
	const struct whatif *results, size_t count) {
	json_t *object = json_object();

	view_put_nodes(view, object, "hosts", before->hosts, before->host_count);
	json_put(object, "down", view_down(view));
	json_put_int(object, "pairs", (long long)before->pair_count);
	json_t *failures = json_put_array(object, "failures");
	for (size_t i = 0; i < count; i++) {
		const struct whatif *whatif = &results[i];
		json_t *row = json_push_object(failures);
		json_t *failed = json_put_array(row, "failed");
		for (size_t f = 0; f < whatif->failure_count; f++)
			json_push_text(failed, whatif->failures[f].name);
		json_put_bool(row, "converged", whatif->converged);
		json_put_real(row, "convergeMs", view_ms_number(whatif->converge_ns));
		json_put_int(row, "unchanged", (long long)whatif->unchanged);
		json_put_int(row, "moved", (long long)whatif->moved);
		json_put_int(row, "lost", (long long)whatif->lost);
		json_put_int(row, "gained", (long long)whatif->gained);
		json_t *changes = json_put_array(row, "changes");
		for (size_t p = 0; p < whatif->pair_count; p++)
			json_push(changes, pair_json(view, before, &whatif->pairs[p]));
	}
	return object;
}
