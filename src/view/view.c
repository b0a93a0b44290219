#include "view/view.h"

#include <string.h>

#include "analyze/question.h"
#include "topo/topo_build.h"

void view_colour(const struct view *view, enum view_colour colour, struct text *out) {
	static const char *const codes[] = {
		[VIEW_PLAIN] = "\033[0m",
		[VIEW_GOOD] = "\033[32m",
		[VIEW_BAD] = "\033[31m",
		[VIEW_DIM] = "\033[2m",
	};

	if (view->has_colours)
		text_add(out, codes[colour]);
}

const char *view_node(const struct view *view, uint32_t node) {
	return node != TOPO_NONE ? view->topo->nodes[node].name : "?";
}

const char *view_place(const struct view *view, uint32_t number) {
	const struct topo_origin *origin = topo_origin(view->topo, number);

	if (origin->place.file == NULL)
		return NULL;
	const char *slash = strrchr(origin->place.file, '/');
	const char *name = slash != NULL ? slash + 1 : origin->place.file;
	if (origin->place.line == 0)
		return name;
	return arena_printf(view->arena, "%s:%d", name, origin->place.line);
}

const char *view_origin_text(const struct view *view, uint32_t number) {
	const struct topo_origin *origin = topo_origin(view->topo, number);

	if (origin->text == NULL || origin->text[0] == '\0')
		return origin->reference;
	if (origin->reference == NULL)
		return origin->text;
	return arena_printf(view->arena, "%s (%s)", origin->text, origin->reference);
}

const char *view_ip(const struct view *view, struct ip address) {
	char text[IP_TEXT_BYTES];

	return ip_is_none(address) ? "*" : arena_strdup(view->arena, ip_format(address, text));
}

const char *view_prefix(const struct view *view, struct prefix prefix) {
	char text[PREFIX_TEXT_BYTES];

	return arena_strdup(view->arena, prefix_format(prefix, text));
}

double view_ms_number(int64_t ns) {
	return (double)((ns + 500) / 1000) / 1000.0;
}

const char *view_ms(const struct view *view, int64_t ns) {
	return arena_printf(view->arena, "%.2f ms", view_ms_number(ns));
}

json_t *view_reason(const struct view *view, enum drop drop, uint32_t origin, const char *text) {
	json_t *reason = json_object();

	json_put_text(reason, "code", drop != DROP_COUNT ? drop_name(drop) : "lost");
	json_put_text(reason, "text", text);
	json_put_text(reason, "origin", view_place(view, origin));
	return reason;
}

void view_put_nodes(
	const struct view *view, json_t *object, const char *key, const uint32_t *nodes, size_t count) {
	json_t *list = json_put_array(object, key);

	for (size_t i = 0; i < count; i++)
		json_push_text(list, view_node(view, nodes[i]));
}

json_t *view_down(const struct view *view) {
	json_t *list = json_array();

	for (size_t i = 0; i < view->down_count; i++)
		json_push_text(list, view->down[i]);
	return list;
}

void view_add_nodes(const struct view *view, const uint32_t *nodes, size_t count,
	const char *separator, struct text *out) {
	for (size_t i = 0; i < count; i++)
		text_printf(out, "%s%s", i != 0 ? separator : "", view_node(view, nodes[i]));
}

void view_put_question(const struct view *view, json_t *object, const struct question *question) {
	json_put_text(object, "from", view_node(view, question->from));
	json_put_text(object, "to",
		question->to != TOPO_NONE ? view_node(view, question->to)
								  : view_ip(view, question->destination));
	json_put_text(object, "source", view_ip(view, question->source));
	json_put_text(object, "destination", view_ip(view, question->destination));
	json_put(object, "down", view_down(view));
}
