#include "view/trace.h"

static json_t *hop_json(const struct view *view, const struct traceroute_hop *hop) {
	json_t *object = json_object();

	json_put_int(object, "ttl", hop->ttl);
	json_put_text(object, "address", ip_is_none(hop->address) ? NULL : view_ip(view, hop->address));
	json_put_text(object, "node", hop->node != TOPO_NONE ? view_node(view, hop->node) : NULL);
	if (ip_is_none(hop->address)) {
		json_put(object, "reason",
			view_reason(
				view, hop->silence.drop, view_silence_origin(view, hop), view_silence(view, hop)));
		return object;
	}
	json_t *times = json_put_array(object, "rttMs");
	for (size_t i = 0; i < TRACEROUTE_ATTEMPTS; i++)
		json_push(
			times, hop->rtt_ns[i] < 0 ? json_null() : json_real(view_ms_number(hop->rtt_ns[i])));
	return object;
}

static json_t *row_json(const struct view *view, const struct way_row *row) {
	json_t *object = json_object();
	const char *choice = view_choice(view, row);

	json_put_text(object, "node", view_node(view, row->node));
	json_put_text(object, "prefix", view_prefix(view, row->prefix));
	json_put_text(object, "nextHop", ip_is_none(row->via) ? NULL : view_ip(view, row->via));
	if (row->hop_count > 1) {
		json_put_int(object, "member", row->hop_index + 1);
		json_put_int(object, "members", row->hop_count);
	}
	json_put_text(object, "origin", view_place(view, row->origin));
	json_put_text(object, "cause", view_origin_text(view, row->origin));
	if (choice != NULL)
		json_put_text(object, "why", choice);
	return object;
}

static void put_rows(
	const struct view *view, json_t *object, const char *key, const struct way *way) {
	json_t *rows = json_put_array(object, key);

	for (size_t i = 0; i < way->row_count; i++)
		json_push(rows, row_json(view, &way->rows[i]));
}

json_t *view_trace_json(const struct view *view, const struct traceroute *trace) {
	const struct round_trip *whole = &trace->whole;
	const struct question *question = &whole->question;
	json_t *object = json_object();
	uint32_t *stops;

	view_put_question(view, object, question);
	json_put_bool(object, "reached", whole->reached);
	json_put_text(object, "verdict", verdict_name(whole->verdict));
	if (!whole->reached)
		json_put(object, "stoppedAt", view_stop_json(view, whole));
	json_t *hops = json_put_array(object, "hops");
	for (size_t i = 0; i < trace->hop_count; i++)
		json_push(hops, hop_json(view, &trace->hops[i]));
	size_t count = way_stops(&whole->forward, view->arena, &stops);
	json_t *forward = json_put_object(object, "forward");
	view_put_nodes(view, forward, "nodes", stops, count);
	json_t *back = json_put_object(object, "return");
	json_put_bool(back, "symmetric", whole->is_symmetric);
	count = whole->has_back ? way_stops(&whole->back, view->arena, &stops) : 0;
	view_put_nodes(view, back, "nodes", stops, count);
	if (view->explains) {
		put_rows(view, forward, "rows", &whole->forward);
		if (whole->has_back)
			put_rows(view, back, "rows", &whole->back);
	}
	return object;
}

json_t *view_ways_json(const struct view *view, const struct explored_ways *ways) {
	json_t *list = json_array();

	for (size_t i = 0; i < ways->count; i++) {
		const struct way *way = &ways->ways[i];
		json_t *object = json_push_object(list);
		uint32_t *stops;
		size_t count = way_stops(way, view->arena, &stops);
		view_put_nodes(view, object, "nodes", stops, count);
		json_put_text(object, "verdict",
			verdict_name(
				way->end == WAY_DELIVERED ? VERDICT_DELIVERED : verdict_of_drop(way->drop)));
		if (way->end == WAY_DROPPED) {
			json_put_text(object, "stoppedAt", view_node(view, way->end_node));
			json_put_text(object, "origin", view_place(view, way->origin));
		}
	}
	return list;
}
