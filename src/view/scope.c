#include "view/flow.h"

static const char *range(const struct view *view, struct ip low, struct ip high) {
	if (ip_equal(low, high))
		return view_ip(view, low);
	return arena_printf(view->arena, "%s-%s", view_ip(view, low), view_ip(view, high));
}

static const char *ports(const struct view *view, uint16_t low, uint16_t high) {
	if (low == 0 && high == UINT16_MAX)
		return "any";
	if (low == high)
		return arena_printf(view->arena, "%u", low);
	return arena_printf(view->arena, "%u-%u", low, high);
}

static const char *protocols(const struct view *view, uint8_t low, uint8_t high) {
	if (low == 0 && high == UINT8_MAX)
		return "any";
	if (low != high)
		return arena_printf(view->arena, "%u-%u", low, high);
	switch ((enum ip_protocol)low) {
	case PROTOCOL_ICMP:
		return "icmp";
	case PROTOCOL_TCP:
		return "tcp";
	case PROTOCOL_UDP:
		return "udp";
	case PROTOCOL_ESP:
		return "esp";
	case PROTOCOL_ICMPV6:
		return "icmpv6";
	}
	return arena_printf(view->arena, "%u", low);
}

static void add_end(const struct view *view, const struct scope_end *end, struct text *out) {
	text_printf(out, "%s at %s", verdict_name(end->verdict), view_node(view, end->node));
	if (end->drop != DROP_COUNT && end->on_return)
		text_printf(out, " (%s)", drop_name(end->drop));
	if (view_origin_text(view, end->origin) != NULL)
		text_printf(out, " by %s", view_origin_text(view, end->origin));
	if (view_place(view, end->origin) != NULL)
		text_printf(out, " [%s]", view_place(view, end->origin));
}

void view_scope_text(
	const struct view *view, const struct scope_regions *regions, struct text *out) {
	for (size_t i = 0; i < regions->count; i++) {
		const struct scope_region *region = &regions->items[i];
		const struct header_box *box = &region->box;
		text_printf(out, "from %s to %s, protocol %s, ports %s to %s: ",
			range(view, box->source_low, box->source_high),
			range(view, box->destination_low, box->destination_high),
			protocols(view, box->protocol_low, box->protocol_high),
			ports(view, box->source_port_low, box->source_port_high),
			ports(view, box->destination_port_low, box->destination_port_high));
		for (size_t e = 0; e < region->end_count; e++) {
			text_add(out, e != 0 ? " or " : "");
			add_end(view, &region->ends[e], out);
		}
		text_add_char(out, '\n');
	}
	text_printf(out, "%zu regions%s\n", regions->count,
		regions->is_cut_off ? ", and more that are not shown" : "");
}

static void put_range(
	const struct view *view, json_t *object, const char *key, struct ip low, struct ip high) {
	json_t *list = json_put_array(object, key);

	json_push_text(list, view_ip(view, low));
	json_push_text(list, view_ip(view, high));
}

static void put_numbers(json_t *object, const char *key, unsigned low, unsigned high) {
	json_t *list = json_put_array(object, key);

	json_push_int(list, low);
	json_push_int(list, high);
}

json_t *view_scope_json(
	const struct view *view, uint32_t from, const struct scope_regions *regions) {
	json_t *object = json_object();

	json_put_text(object, "from", view_node(view, from));
	json_put(object, "down", view_down(view));
	json_put_bool(object, "complete", !regions->is_cut_off);
	json_t *list = json_put_array(object, "regions");
	for (size_t i = 0; i < regions->count; i++) {
		const struct scope_region *region = &regions->items[i];
		const struct header_box *box = &region->box;
		json_t *row = json_push_object(list);
		put_range(view, row, "sources", box->source_low, box->source_high);
		put_range(view, row, "destinations", box->destination_low, box->destination_high);
		put_numbers(row, "protocols", box->protocol_low, box->protocol_high);
		put_numbers(row, "sourcePorts", box->source_port_low, box->source_port_high);
		put_numbers(row, "ports", box->destination_port_low, box->destination_port_high);
		json_t *ends = json_put_array(row, "ends");
		for (size_t e = 0; e < region->end_count; e++) {
			json_t *end = json_push_object(ends);
			json_put_text(end, "verdict", verdict_name(region->ends[e].verdict));
			json_put_text(end, "node", view_node(view, region->ends[e].node));
			json_put_text(end, "direction", region->ends[e].on_return ? "return" : "forward");
			json_put_text(end, "reason",
				region->ends[e].drop != DROP_COUNT ? drop_name(region->ends[e].drop) : NULL);
			json_put_text(end, "origin", view_place(view, region->ends[e].origin));
		}
	}
	return object;
}
