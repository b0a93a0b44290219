// Causes in words.

#include "view/trace.h"

// "(interop.yaml:41, VPN gateway hub-vpn)" or "".
static const char *origin_note(const struct view *view, uint32_t origin) {
	const char *place = view_place(view, origin);
	const char *words = view_origin_text(view, origin);

	if (place == NULL && words == NULL)
		return "";
	if (place == NULL || words == NULL)
		return arena_printf(view->arena, " [%s]", place != NULL ? place : words);
	return arena_printf(view->arena, " [%s: %s]", place, words);
}

static const char *drop_words(enum drop drop) {
	return drop != DROP_COUNT ? drop_text(drop) : "nothing more was seen of it";
}

uint32_t view_silence_origin(const struct view *view, const struct traceroute_hop *hop) {
	if (hop->silence.origin != 0 || hop->silence.node == TOPO_NONE)
		return hop->silence.origin;
	return view->topo->nodes[hop->silence.node].origin;
}

const char *view_silence(const struct view *view, const struct traceroute_hop *hop) {
	const struct traceroute_silence *silence = &hop->silence;
	const char *note = origin_note(view, view_silence_origin(view, hop));

	if (!silence->is_expired)
		return arena_printf(view->arena, "%s dropped it: %s%s", view_node(view, silence->node),
			drop_words(silence->drop), note);
	if (!ip_is_none(silence->answered_from))
		return arena_printf(view->arena, "its answer from %s was dropped at %s: %s%s",
			view_ip(view, silence->answered_from), view_node(view, silence->node),
			drop_words(silence->drop), note);
	return arena_printf(view->arena, "%s does not answer: %s%s", view_node(view, hop->node),
		drop_words(silence->drop), note);
}

static uint32_t stop_origin(const struct view *view, const struct round_trip *trip) {
	if (trip->stopped.origin != 0 || trip->stopped.node == TOPO_NONE)
		return trip->stopped.origin;
	return view->topo->nodes[trip->stopped.node].origin;
}

const char *view_stop(const struct view *view, const struct round_trip *trip) {
	return arena_printf(view->arena, "%s at %s: %s%s",
		trip->stopped.on_return ? "the answer stopped" : "stopped",
		view_node(view, trip->stopped.node), drop_words(trip->stopped.drop),
		origin_note(view, stop_origin(view, trip)));
}

json_t *view_stop_json(const struct view *view, const struct round_trip *trip) {
	json_t *stop = json_object();
	uint32_t origin = stop_origin(view, trip);

	json_put_text(
		stop, "node", trip->stopped.node != TOPO_NONE ? view_node(view, trip->stopped.node) : NULL);
	json_put_text(stop, "direction", trip->stopped.on_return ? "return" : "forward");
	json_put_text(
		stop, "reason", trip->stopped.drop != DROP_COUNT ? drop_name(trip->stopped.drop) : "lost");
	json_put_text(stop, "text", drop_words(trip->stopped.drop));
	json_put_text(stop, "origin", view_place(view, origin));
	json_put_text(stop, "cause", view_origin_text(view, origin));
	return stop;
}

static bool is_learned(const struct path *path) {
	return path->source->kind == ROUTE_EBGP || path->source->kind == ROUTE_IBGP ||
		path->source->kind == ROUTE_IGP;
}

const char *view_choice(const struct view *view, const struct way_row *row) {
	const struct rib *rib = world_rib(view->world, row->node);
	const struct rib_entry *entry = rib != NULL ? rib_find(rib, row->prefix) : NULL;
	bool had_choice = false;
	struct text why;

	if (entry == NULL || entry->chosen == 0)
		return NULL;
	for (size_t i = 1; i < entry->path_count; i++)
		had_choice = had_choice || is_learned(entry->paths[i]);
	if (!had_choice)
		return NULL;
	text_init(&why);
	rib_explain(rib, entry, 0, &why);
	const char *words = why.length != 0 ? arena_strdup(view->arena, text_chars(&why)) : NULL;
	text_done(&why);
	return words;
}
