#include "topo/attach_check.h"

#include <string.h>

#include "base/names.h"
#include "topo/topo_build.h"

static struct place place_of(const struct topo *topo, const struct topo_port *port) {
	return port->attach.place.file != NULL ? port->attach.place
										   : topo_origin(topo, port->origin)->place;
}

// What a port was offered for; NULL: nothing. Where a file has mistakes, nobody takes offers up.
static const struct topo_offer *offer_of(const struct topo *topo, uint32_t port) {
	for (size_t i = 0; i < topo->offer_count; i++) {
		if (topo->offers[i].port == port)
			return &topo->offers[i];
	}
	return NULL;
}

static bool is_plugged(const struct topo *topo, uint32_t port) {
	return topo->ports[port].link != TOPO_NONE || offer_of(topo, port) != NULL;
}

static bool ends_tunnel(const struct topo *topo, uint32_t port) {
	const struct topo_offer *offer = offer_of(topo, port);

	return topo->ports[port].tunnel != TOPO_NONE || (offer != NULL && offer->ipsec != NULL);
}

static void check_name(const struct topo *topo, const struct topo_port *port, const char *what,
	size_t max, struct diagnostics *mistakes) {
	const char *name = max == ATTACH_NAME_MAX ? port->attach.interface : port->attach.name_space;
	if (name == NULL)
		return;
	size_t length = strlen(name);
	if (length == 0 || length > max || strpbrk(name, "/ \t\n") != NULL || name[0] == '.')
		diagnostics_error(mistakes, place_of(topo, port),
			"attach: \"%s\" is no name of %s: 1 to %zu characters, no '/' and no blanks", name,
			what, max);
}

static void check_only_once(const struct topo *topo, uint32_t number, struct names *seen,
	uint32_t *ports, struct diagnostics *mistakes) {
	const struct topo_port *port = &topo->ports[number];
	const char *space = port->attach.name_space != NULL ? port->attach.name_space : "";
	const char *key = arena_printf(topo->arena, "%s/%s", space, port->attach.interface);
	uint32_t found = names_find(seen, key);
	if (found == NAME_NONE) {
		ports[names_add(seen, key)] = number;
		return;
	}
	diagnostics_error(mistakes, place_of(topo, port),
		"attach: %s is already attached at %s: an interface is at one port", port->attach.interface,
		topo->nodes[topo->ports[ports[found]].node].name);
}

// Why the model can't do without this node itself; NULL: it can.
static const char *why_it_stays(const struct topo *topo, const struct topo_node *node) {
	if (node->bgp != NULL)
		return "it speaks BGP, and its sessions are the model's";
	if (node->igp_site != NULL)
		return "it takes part in the site's IGP, which is the model's: `igp: false` and static "
			   "routes take it out";
	for (size_t i = 0; i < node->port_count; i++) {
		if (ends_tunnel(topo, node->ports[i]))
			return "it ends a tunnel, and its keys are the model's";
	}
	return NULL;
}

static void check_node(
	const struct topo *topo, const struct topo_node *node, struct diagnostics *mistakes) {
	const struct topo_port *attached = NULL, *missing = NULL, *loose = NULL;
	bool is_doubtful = node->is_doubtful;
	for (size_t i = 0; i < node->port_count; i++) {
		const struct topo_port *port = &topo->ports[node->ports[i]];
		is_doubtful = is_doubtful || port->attach.is_doubtful;
		if (port->attach.interface != NULL)
			attached = port;
	}
	if (attached == NULL || is_doubtful)
		return;
	for (size_t i = 0; i < node->port_count; i++) {
		const struct topo_port *port = &topo->ports[node->ports[i]];
		if (port->attach.interface != NULL && !is_plugged(topo, node->ports[i]))
			loose = port;
		if (port->attach.interface == NULL && !port->is_shut && is_plugged(topo, node->ports[i]))
			missing = port;
	}
	const char *why = why_it_stays(topo, node);
	if (why != NULL)
		diagnostics_error(mistakes, place_of(topo, attached), "attach: %s can't be attached: %s",
			node->name, why);
	else if (missing != NULL)
		diagnostics_error(mistakes, place_of(topo, attached),
			"attach: %s is attached at %s but not at %s: all of it is outside, or nothing",
			node->name, attached->name, missing->name);
	else if (loose != NULL)
		diagnostics_error(mistakes, place_of(topo, loose),
			"attach: %s of %s is plugged into nothing", loose->name, node->name);
}

void topo_check_attached(const struct topo *topo, struct diagnostics *mistakes) {
	struct names *seen = names_new();
	uint32_t *ports = ARENA_ARRAY(topo->arena, uint32_t, topo->port_count + 1);
	for (uint32_t i = 0; i < topo->port_count; i++) {
		const struct topo_port *port = &topo->ports[i];
		if (port->attach.interface == NULL)
			continue;
		check_name(topo, port, "an interface", ATTACH_NAME_MAX, mistakes);
		check_name(topo, port, "a network namespace", ATTACH_SPACE_MAX, mistakes);
		if (!port->attach.is_doubtful)
			check_only_once(topo, i, seen, ports, mistakes);
	}
	if (names_count(seen) != 0) {
		for (uint32_t i = 0; i < topo->node_count; i++)
			check_node(topo, &topo->nodes[i], mistakes);
	}
	names_free(seen);
}
