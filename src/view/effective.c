#include "view/routes.h"

#include <string.h>

#define TYPE_COLUMN 52
#define TYPE_WIDTH 21 // unless a type is longer

static const char *join(const struct view *view, const char **words, size_t count) {
	const char *joined = "";

	for (size_t i = 0; i < count; i++)
		joined = i == 0 ? words[i] : arena_printf(view->arena, "%s, %s", joined, words[i]);
	return joined;
}

static size_t type_width(const struct view_effective *effective) {
	size_t width = TYPE_WIDTH;

	for (size_t i = 0; i < effective->count; i++) {
		size_t length = strlen(effective->rows[i].next_hop_type);
		width = length > width ? length : width;
	}
	return width;
}

// As `az network nic show-effective-route-table --output table` lays it out.
void view_effective_text(
	const struct view *view, const struct view_effective *effective, struct text *out) {
	size_t width = type_width(effective);
	text_printf(out, "Source                 State    Address Prefix      %-*s  Next Hop IP\n",
		(int)width, "Next Hop Type");
	text_add(out, "---------------------  -------  ------------------  ");
	for (size_t i = 0; i < width; i++)
		text_add(out, "-");
	text_add(out, "  -----------\n");
	for (size_t i = 0; i < effective->count; i++) {
		const struct cloud_route_row *row = &effective->rows[i];
		struct text line;
		text_init(&line);
		text_printf(&line, "%s ", row->source);
		text_pad_to(&line, 23);
		text_printf(&line, "%s ", row->state);
		text_pad_to(&line, 32);
		text_printf(&line, "%s ", view_prefix(view, row->prefix));
		text_pad_to(&line, TYPE_COLUMN);
		text_printf(&line, "%s ", row->next_hop_type);
		text_pad_to(&line, TYPE_COLUMN + width + 2);
		text_add(&line, join(view, row->next_hops, row->next_hop_count));
		if (row->name != NULL && row->name[0] != '\0')
			text_printf(&line, "  (%s)", row->name);
		if (view->explains && row->why != NULL)
			text_printf(&line, "\n    %s", row->why);
		if (view->explains && view_place(view, row->origin) != NULL)
			text_printf(&line, " [%s]", view_place(view, row->origin));
		text_printf(out, "%s\n", text_chars(&line));
		text_done(&line);
	}
}

json_t *view_effective_json(const struct view *view, const struct view_effective *effective) {
	json_t *object = json_object();
	json_t *value = json_put_array(object, "value");

	for (size_t i = 0; i < effective->count; i++) {
		const struct cloud_route_row *row = &effective->rows[i];
		json_t *entry = json_push_object(value);
		if (row->name != NULL)
			json_put_text(entry, "name", row->name);
		json_put_text(entry, "source", row->source);
		json_put_text(entry, "state", row->state);
		json_push_text(json_put_array(entry, "addressPrefix"), view_prefix(view, row->prefix));
		json_put_text(entry, "nextHopType", row->next_hop_type);
		json_t *hops = json_put_array(entry, "nextHopIpAddress");
		for (size_t h = 0; h < row->next_hop_count; h++) {
			if (row->next_hops[h][0] != '\0')
				json_push_text(hops, row->next_hops[h]);
		}
		json_put_text(entry, "interplaneWhy", row->why);
		json_put_text(entry, "interplaneOrigin", view_place(view, row->origin));
	}
	json_put_text(object, "interplaneHost", effective->host);
	if (effective->nic != NULL)
		json_put_text(object, "interplaneNic", effective->nic);
	return object;
}

void view_nexthop_text(
	const struct view *view, const struct cloud_next_hop *hop, struct text *out) {
	text_printf(out, "%s", hop->type);
	if (hop->address != NULL && hop->address[0] != '\0')
		text_printf(out, " %s", hop->address);
	if (hop->route_table != NULL)
		text_printf(out, ", by %s", hop->route_table);
	if (view_place(view, hop->origin) != NULL)
		text_printf(out, " [%s]", view_place(view, hop->origin));
	text_add_char(out, '\n');
}

json_t *view_nexthop_azure(const struct view *view, const struct cloud_next_hop *hop) {
	json_t *object = json_object();

	json_put_text(object, "nextHopType", hop->type);
	if (hop->address != NULL && hop->address[0] != '\0')
		json_put_text(object, "nextHopIpAddress", hop->address);
	json_put_text(object, "routeTableId", hop->route_table);
	json_put_text(object, "interplaneOrigin", view_place(view, hop->origin));
	return object;
}

json_t *view_nexthop_json(const struct view *view, uint32_t from, struct ip destination,
	const struct cloud_next_hop *hop) {
	json_t *object = json_object();

	json_put_text(object, "from", view_node(view, from));
	json_put_text(object, "destination", view_ip(view, destination));
	json_put_text(object, "nextHopType", hop->type);
	json_put_text(object, "nextHopIpAddress",
		hop->address != NULL && hop->address[0] != '\0' ? hop->address : NULL);
	json_put_text(object, "routeTable", hop->route_table);
	json_put_text(object, "origin", view_place(view, hop->origin));
	json_put_text(object, "cause", view_origin_text(view, hop->origin));
	return object;
}
