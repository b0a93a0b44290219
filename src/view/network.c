#include "view/network.h"

#include "base/assert.h"

static bool is_shown(const struct topo_node *node, enum view_inventory what) {
	return what == VIEW_SHOW_NODES || node->kind == TOPO_HOST || node->kind == TOPO_SERVICE;
}

static const char *kind_name(const struct topo_node *node) {
	if (node->kind_name != NULL)
		return node->kind_name;
	switch (node->kind) {
	case TOPO_HOST:
		return "host";
	case TOPO_ROUTER:
		return "router";
	case TOPO_FABRIC:
		return "subnet";
	case TOPO_GATEWAY:
		return "gateway";
	case TOPO_EDGE:
		return "edge";
	case TOPO_SERVICE:
		return "service";
	}
	assert(!"a kind of node");
	return "";
}

static void show_nodes(const struct view *view, enum view_inventory what, struct text *out) {
	for (uint32_t i = 0; i < view->topo->node_count; i++) {
		const struct topo_node *node = &view->topo->nodes[i];
		struct text line;
		if (!is_shown(node, what))
			continue;
		text_init(&line);
		text_printf(&line, "%s ", node->name);
		text_pad_to(&line, 28);
		text_printf(&line, "%s ", kind_name(node));
		text_pad_to(&line, 52);
		if (!ip_is_none(node->address))
			text_printf(&line, "%s ", view_ip(view, node->address));
		if (!ip_is_none(node->address6))
			text_printf(&line, "%s ", view_ip(view, node->address6));
		text_pad_to(&line, 70);
		if (node->bgp != NULL)
			text_printf(&line, "AS %u ", node->bgp->asn);
		text_pad_to(&line, 82);
		if (view_place(view, node->origin) != NULL)
			text_add(&line, view_place(view, node->origin));
		text_printf(out, "%s\n", text_chars(&line));
		text_done(&line);
	}
}

// From the start: by itself, or because an end is shut.
static bool is_down(const struct view *view, const struct topo_link *link) {
	for (size_t e = 0; e < link->end_count && link->end_count == 2; e++) {
		if (view->topo->ports[link->ends[e].port].is_shut)
			return true;
	}
	return link->is_down;
}

static void show_links(const struct view *view, struct text *out) {
	for (uint32_t i = 0; i < view->topo->link_count; i++) {
		const struct topo_link *link = &view->topo->links[i];
		struct text line;
		text_init(&line);
		text_printf(&line, "%s ", link->name);
		text_pad_to(&line, 44);
		text_printf(&line, "%s ", view_ms(view, link->delay_ns));
		text_pad_to(&line, 56);
		text_add(&line, is_down(view, link) ? "down " : "up ");
		text_pad_to(&line, 62);
		text_add(&line, link->can_fail ? "can fail " : "");
		text_pad_to(&line, 72);
		if (view_place(view, link->origin) != NULL)
			text_add(&line, view_place(view, link->origin));
		text_printf(out, "%s\n", text_chars(&line));
		text_done(&line);
	}
}

void view_show_text(const struct view *view, enum view_inventory what, struct text *out) {
	if (what == VIEW_SHOW_LINKS)
		show_links(view, out);
	else
		show_nodes(view, what, out);
}

static json_t *node_json(const struct view *view, const struct topo_node *node) {
	json_t *object = json_object();

	json_put_text(object, "name", node->name);
	json_put_text(object, "kind", kind_name(node));
	json_put_text(object, "group", node->group);
	json_t *addresses = json_put_array(object, "addresses");
	for (size_t p = 0; p < node->port_count; p++) {
		const struct topo_port *port = &view->topo->ports[node->ports[p]];
		for (size_t a = 0; a < port->address_count; a++)
			json_push_text(addresses, view_ip(view, port->addresses[a].address));
	}
	if (node->bgp != NULL)
		json_put_int(object, "asn", node->bgp->asn);
	json_put_bool(object, "canFail", node->can_fail);
	json_put_text(object, "origin", view_place(view, node->origin));
	return object;
}

static json_t *link_json(const struct view *view, const struct topo_link *link) {
	json_t *object = json_object();

	json_put_text(object, "name", link->name);
	json_t *ends = json_put_array(object, "ends");
	for (size_t e = 0; e < link->end_count; e++) {
		const struct topo_port *port = &view->topo->ports[link->ends[e].port];
		json_t *end = json_push_object(ends);
		json_put_text(end, "node", view_node(view, port->node));
		json_put_text(end, "port", port->name);
	}
	json_put_real(object, "delayMs", view_ms_number(link->delay_ns));
	json_put_real(object, "jitterMs", view_ms_number(link->jitter_ns));
	json_put_int(object, "lossMillionths", link->loss_millionths);
	json_put_int(object, "rateBitsPerS", (long long)link->rate_bits_per_s);
	json_put_bool(object, "down", is_down(view, link));
	json_put_bool(object, "canFail", link->can_fail);
	json_put_text(object, "origin", view_place(view, link->origin));
	return object;
}

json_t *view_show_json(const struct view *view, enum view_inventory what) {
	json_t *object = json_object();

	if (what == VIEW_SHOW_LINKS) {
		json_t *links = json_put_array(object, "links");
		for (size_t i = 0; i < view->topo->link_count; i++)
			json_push(links, link_json(view, &view->topo->links[i]));
		return object;
	}
	json_t *nodes = json_put_array(object, what == VIEW_SHOW_HOSTS ? "hosts" : "nodes");
	for (size_t i = 0; i < view->topo->node_count; i++) {
		if (is_shown(&view->topo->nodes[i], what))
			json_push(nodes, node_json(view, &view->topo->nodes[i]));
	}
	return object;
}

static long long count_warnings(const struct diagnostics *mistakes) {
	long long count = 0;

	for (size_t i = 0; i < diagnostics_count(mistakes); i++)
		count += diagnostics_at(mistakes, i)->severity == SEVERITY_WARNING;
	return count;
}

json_t *view_check_json(const char *path, const struct diagnostics *mistakes) {
	json_t *object = json_object();

	json_put_text(object, "file", path);
	json_put_int(object, "errors", (long long)diagnostics_error_count(mistakes));
	json_put_int(object, "warnings", count_warnings(mistakes));
	json_t *list = json_put_array(object, "diagnostics");
	for (size_t i = 0; i < diagnostics_count(mistakes); i++) {
		const struct diagnostic *diagnostic = diagnostics_at(mistakes, i);
		json_t *entry = json_push_object(list);
		json_put_text(entry, "file", diagnostic->place.file);
		json_put_int(entry, "line", diagnostic->place.line);
		json_put_int(entry, "column", diagnostic->place.column);
		json_put_text(
			entry, "severity", diagnostic->severity == SEVERITY_ERROR ? "error" : "warning");
		json_put_text(entry, "code", diagnostic->code);
		json_put_text(entry, "text", diagnostic->text);
	}
	return object;
}
