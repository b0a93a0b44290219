#include "base/assert.h"
#include "view/routes.h"

struct printing {
	const struct view *view;
	const struct rib *rib;
	uint32_t node;
	struct text *out;
	json_t *rows;
};

static const char *origin_word(const struct path *path) {
	switch (path->source->kind) {
	case ROUTE_CONNECTED:
		return "Connected";
	case ROUTE_STATIC:
		return "Static";
	case ROUTE_LOCAL:
		return "Network";
	case ROUTE_IGP:
		return "Igp";
	case ROUTE_EBGP:
		return "EBgp";
	case ROUTE_IBGP:
		return "IBgp";
	case ROUTE_KINDS:
		break;
	}
	assert(!"a kind of route");
	return "";
}

// The next hops of one path, joined; an interface's name where there is no address.
static const char *next_hops(
	const struct printing *printing, const struct path *path, json_t *list) {
	const struct view *view = printing->view;
	const char *joined = "";

	if (path->attributes != NULL && !ip_is_none(path->attributes->spec.next_hop)) {
		joined = view_ip(view, path->attributes->spec.next_hop);
		json_push_text(list, joined);
		return joined;
	}
	for (size_t i = 0; i < path->hop_count; i++) {
		const struct route_hop *hop = &path->hops[i];
		const char *word = hop->blackhole ? "discard"
			: ip_is_none(hop->via) && hop->port < view->topo->port_count
			? view->topo->ports[hop->port].name
			: view_ip(view, hop->via);
		json_push_text(list, word);
		joined = i == 0 ? word : arena_printf(view->arena, "%s, %s", joined, word);
	}
	return joined;
}

static const char *as_path_text(
	const struct view *view, const struct path *path, const char *separator) {
	struct text text;

	if (path->attributes == NULL)
		return "";
	text_init(&text);
	as_path_format(path->attributes, separator, &text);
	const char *chars = arena_strdup(view->arena, text_chars(&text));
	text_done(&text);
	return chars;
}

static const char *why(
	const struct printing *printing, const struct rib_entry *entry, size_t path) {
	struct text text;

	text_init(&text);
	rib_explain(printing->rib, entry, path, &text);
	const char *chars = arena_strdup(printing->view->arena, text_chars(&text));
	text_done(&text);
	return chars;
}

static bool add_entry_text(void *owner, const struct rib_entry *entry) {
	struct printing *printing = owner;
	const struct view *view = printing->view;

	for (size_t i = 0; i < entry->path_count; i++) {
		const struct path *path = entry->paths[i];
		json_t *ignored = json_array();
		struct text line;
		text_init(&line);
		text_printf(
			&line, "%c %s ", i < entry->chosen ? '*' : ' ', view_prefix(view, entry->prefix));
		text_pad_to(&line, 23);
		text_printf(&line, "%s ", next_hops(printing, path, ignored));
		text_pad_to(&line, 41);
		text_printf(&line, "%s ", origin_word(path));
		text_pad_to(&line, 51);
		text_printf(&line, "%6u ", path->weight);
		text_pad_to(&line, 59);
		text_printf(&line, "%s ", as_path_text(view, path, " "));
		text_pad_to(&line, 79);
		text_printf(&line, "%s", path->source->name);
		if (view->explains || entry->path_count > 1)
			text_printf(&line, "; %s", why(printing, entry, i));
		text_printf(printing->out, "%s\n", text_chars(&line));
		text_done(&line);
		json_decref(ignored);
	}
	return true;
}

void view_rib_text(const struct view *view, uint32_t node, struct text *out) {
	struct printing printing = {view, world_rib(view->world, node), node, out, NULL};

	text_add(out,
		"  Prefix               Next hop          Kind      Weight  Path                From\n");
	rib_walk(printing.rib, add_entry_text, &printing);
}

static void put_attributes(json_t *row, const struct path *path) {
	const struct attributes *attributes = path->attributes;
	json_t *as_path = json_put_array(row, "asPath");

	for (size_t i = 0; attributes != NULL && i < attributes->spec.as_count; i++)
		json_push_int(as_path, attributes->spec.as_path[i].asn);
	json_put_text(row, "origin", origin_word(path));
	json_put_int(row, "weight", path->weight);
	if (attributes == NULL)
		return;
	json_put_int(row, "localPreference",
		attributes->spec.has_local_preference ? attributes->spec.local_preference : 100);
	if (attributes->spec.has_med)
		json_put_int(row, "med", attributes->spec.med);
	if (attributes->spec.community_count == 0)
		return;
	json_t *communities = json_put_array(row, "communities");
	for (size_t i = 0; i < attributes->spec.community_count; i++) {
		struct text text;
		text_init(&text);
		community_format(attributes->spec.communities[i], &text);
		json_push_text(communities, text_chars(&text));
		text_done(&text);
	}
}

static bool add_entry_json(void *owner, const struct rib_entry *entry) {
	struct printing *printing = owner;

	for (size_t i = 0; i < entry->path_count; i++) {
		const struct path *path = entry->paths[i];
		json_t *row = json_push_object(printing->rows);
		json_put_text(row, "prefix", view_prefix(printing->view, entry->prefix));
		next_hops(printing, path, json_put_array(row, "nextHops"));
		put_attributes(row, path);
		json_put_text(row, "from", path->source->name);
		json_put_bool(row, "best", i < entry->chosen);
		json_put_bool(row, "reachable", path->is_reachable);
		json_put_text(row, "why", why(printing, entry, i));
		json_put_text(row, "definedAt", view_place(printing->view, path->origin));
	}
	return true;
}

json_t *view_rib_json(const struct view *view, uint32_t node) {
	const struct topo_node *topo = &view->topo->nodes[node];
	json_t *object = json_object();
	struct printing printing = {view, world_rib(view->world, node), node, NULL, NULL};

	json_put_text(object, "node", topo->name);
	json_put_text(object, "kind", topo->kind_name);
	if (topo->bgp != NULL)
		json_put_int(object, "asn", topo->bgp->asn);
	json_put(object, "down", view_down(view));
	printing.rows = json_put_array(object, "routes");
	rib_walk(printing.rib, add_entry_json, &printing);
	return object;
}

static const char *local_address(const struct view *view, uint32_t node) {
	const struct topo_node *topo = &view->topo->nodes[node];

	for (size_t i = 0; i < topo->port_count; i++) {
		const struct topo_port *port = &view->topo->ports[topo->ports[i]];
		if (port->address_count != 0)
			return view_ip(view, port->addresses[0].address);
	}
	return "";
}

static bool add_entry_azure(void *owner, const struct rib_entry *entry) {
	struct printing *printing = owner;
	const struct view *view = printing->view;

	for (size_t i = 0; i < entry->path_count; i++) {
		const struct path *path = entry->paths[i];
		json_t *row = json_push_object(printing->rows);
		json_t *hops = json_array();
		json_put_text(row, "localAddress", local_address(view, printing->node));
		json_put_text(row, "network", view_prefix(view, entry->prefix));
		json_put_text(row, "nextHop", next_hops(printing, path, hops));
		json_put_text(row, "sourcePeer",
			ip_is_none(path->source->peer) ? local_address(view, printing->node)
										   : view_ip(view, path->source->peer));
		json_put_text(row, "origin", origin_word(path));
		json_put_text(row, "asPath", as_path_text(view, path, "-"));
		json_put_int(row, "weight", path->weight);
		json_put_bool(row, "interplaneBest", i < entry->chosen);
		json_decref(hops);
	}
	return true;
}

json_t *view_rib_azure(const struct view *view, uint32_t node) {
	json_t *object = json_object();
	struct printing printing = {view, world_rib(view->world, node), node, NULL, NULL};

	printing.rows = json_put_array(object, "value");
	rib_walk(printing.rib, add_entry_azure, &printing);
	return object;
}

static void add_hop(const struct printing *printing, const struct topo_port *port,
	const struct fib_hop *hop, size_t number) {
	text_printf(printing->out, "%s%s", number != 0 ? ", " : "", port->name);
	if (!ip_is_none(hop->via))
		text_printf(printing->out, " %s", view_ip(printing->view, hop->via));
}

static bool add_route_text(void *owner, struct prefix prefix, const struct fib_route *route) {
	struct printing *printing = owner;
	const struct view *view = printing->view;
	const struct topo_node *node = &view->topo->nodes[printing->node];

	text_printf(printing->out, "  %s ", view_prefix(view, prefix));
	if (route->action == FIB_DROP)
		text_printf(printing->out, "drop: %s", drop_name(route->drop));
	for (size_t i = 0; i < route->hop_count && route->action == FIB_FORWARD; i++)
		add_hop(printing, &view->topo->ports[node->ports[route->hops[i].port]], &route->hops[i], i);
	if (view_origin_text(view, route->origin) != NULL)
		text_printf(printing->out, "  by %s", view_origin_text(view, route->origin));
	text_add_char(printing->out, '\n');
	return true;
}

void view_fib_text(const struct view *view, uint32_t node, struct text *out) {
	const struct router *router = world_router(view->world, node);
	struct printing printing = {view, NULL, node, out, NULL};

	text_printf(out, "forwarding table of %s\n", view_node(view, node));
	fib_layer_walk(router->fib.own, add_route_text, &printing);
	if (router->fib.shared != NULL)
		fib_layer_walk(router->fib.shared, add_route_text, &printing);
}

static bool add_route_json(void *owner, struct prefix prefix, const struct fib_route *route) {
	struct printing *printing = owner;
	const struct view *view = printing->view;
	const struct topo_node *node = &view->topo->nodes[printing->node];
	json_t *row = json_push_object(printing->rows);
	json_t *hops = json_array();

	json_put_text(row, "prefix", view_prefix(view, prefix));
	for (size_t i = 0; i < route->hop_count && route->action == FIB_FORWARD; i++) {
		json_t *hop = json_push_object(hops);
		json_put_text(hop, "interface", view->topo->ports[node->ports[route->hops[i].port]].name);
		json_put_text(hop, "address",
			ip_is_none(route->hops[i].via) ? NULL : view_ip(view, route->hops[i].via));
	}
	json_put(row, "hops", hops);
	json_put_text(row, "drop", route->action == FIB_DROP ? drop_name(route->drop) : NULL);
	json_put_text(row, "origin", view_place(view, route->origin));
	json_put_text(row, "cause", view_origin_text(view, route->origin));
	return true;
}

json_t *view_fib_json(const struct view *view, uint32_t node) {
	const struct router *router = world_router(view->world, node);
	json_t *rows = json_array();
	struct printing printing = {view, NULL, node, NULL, rows};

	fib_layer_walk(router->fib.own, add_route_json, &printing);
	if (router->fib.shared != NULL)
		fib_layer_walk(router->fib.shared, add_route_json, &printing);
	return rows;
}
