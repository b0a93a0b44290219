// Segments: what routers' interfaces and hosts are plugged into. A segment belongs to a site; a
// router of another site that is plugged in too says so with the site's name, `site/segment`.

#include <stdlib.h>
#include <string.h>

#include "base/names.h"
#include "base/text.h"
#include "topo/site_int.h"

#define BETWEEN '/' // a site's name and its segment's

struct guest { // an interface on a segment of another site
	const struct site *host;
	const char *segment;
	uint32_t port;
};

struct guests {
	struct guest *items;
	size_t count, room;
};

bool site_segment_is_elsewhere(const char *segment) {
	return segment != NULL && strchr(segment, BETWEEN) != NULL;
}

struct segment_ends {
	uint32_t *items;
	size_t count, room;
	size_t router_count;
};

static void lower_segment(struct site_lowering *lowering, const struct site *site,
	const struct site_segment *segment, const struct segment_ends *ends) {
	struct topo *topo = lowering->topo;
	char *name = NULL;

	if (ends->count == 0)
		return;
	if (ends->count != 2)
		name = arena_printf(topo->arena, "%s/%s", site->name, segment->name);
	struct place place = segment->place;
	uint32_t origin =
		topo_origin_add(topo, place, NULL, "segment %s of site %s", segment->name, site->name);
	uint32_t number = topo_link_add(topo, name, origin);
	struct topo_link *link = &topo->links[number];
	link->delay_ns = segment->delay_ns;
	link->jitter_ns = segment->jitter_ns;
	link->loss_millionths = segment->loss_millionths;
	link->rate_bits_per_s = segment->rate_bits_per_s;
	link->queue_packets = segment->queue_packets;
	link->mtu_bytes = segment->mtu_bytes;
	link->is_down = segment->down;
	// A host's own attachment is not what a failure test is about.
	link->can_fail = ends->count > 1 && ends->router_count == ends->count;
	for (size_t i = 0; i < ends->count; i++)
		topo_end_add(topo, number, ends->items[i]);
}

// Segments in the order of the list, then those that only interfaces and hosts name, at the place
// where they are named first.
static void collect_segments(
	const struct site *site, struct names *names, struct site_segment *segments) {
	for (size_t i = 0; i < site->segment_count; i++)
		segments[names_add(names, site->segments[i].name)] = site->segments[i];
	for (size_t i = 0; i < site->router_count; i++) {
		for (size_t k = 0; k < site->routers[i].interface_count; k++) {
			const struct site_interface *interface = &site->routers[i].interfaces[k];
			if (!interface->segment || site_segment_is_elsewhere(interface->segment) ||
				names_find(names, interface->segment) != NAME_NONE)
				continue;
			segments[names_add(names, interface->segment)] =
				(struct site_segment){.name = interface->segment, .place = interface->place};
		}
	}
	for (size_t i = 0; i < site->host_count; i++) {
		const struct site_host *host = &site->hosts[i];
		if (host->segment && names_find(names, host->segment) == NAME_NONE)
			segments[names_add(names, host->segment)] =
				(struct site_segment){.name = host->segment, .place = host->place};
	}
}

static size_t count_segments_at_most(const struct site *site) {
	size_t count = site->segment_count + site->host_count;

	for (size_t i = 0; i < site->router_count; i++)
		count += site->routers[i].interface_count;
	return count;
}

static void warn_if_alone(struct site_lowering *lowering, const struct site *site,
	const struct site_segment *segment, const struct segment_ends *ends,
	const struct names *names) {
	if (ends->count != 1 || segment->given)
		return;
	const struct topo_port *port = &lowering->topo->ports[ends->items[0]];
	const char *near = NULL;
	struct names *others = names_new();
	for (uint32_t i = 0; i < names_count(names); i++) {
		if (!text_equal(names_text(names, i), segment->name))
			names_add(others, names_text(names, i));
	}
	near = names_nearest(others, segment->name);
	diagnostics_warning(lowering->mistakes, segment->place, "segment-alone",
		"only %s of %s is on segment \"%s\" of site %s%s%s%s", port->name,
		lowering->topo->nodes[port->node].name, segment->name, site->name,
		near ? "; did you mean \"" : "", near ? near : "", near ? "\"?" : "");
	names_free(others);
}

// Hosts whose name was taken have no node, and no second link.
static uint32_t free_port_of(const struct topo *topo, const struct site_host *host) {
	uint32_t node = topo_find_node(topo, host->name);

	if (!host->segment || node == TOPO_NONE || topo->nodes[node].kind != TOPO_HOST ||
		topo->ports[topo->nodes[node].ports[0]].link != TOPO_NONE)
		return TOPO_NONE;
	return topo->nodes[node].ports[0];
}

static void add_end(struct segment_ends *ends, uint32_t port, bool is_router) {
	ARRAY_PUSH(ends, port);
	ends->router_count += is_router;
}

static void lower_segments(struct site_lowering *lowering, const struct site *site,
	const struct site_router_ref *refs, struct guests *guests) {
	struct topo *topo = lowering->topo;
	struct names *names = names_new();
	size_t most = count_segments_at_most(site);
	struct site_segment *segments = ARENA_ARRAY(topo->arena, struct site_segment, most);
	struct segment_ends *ends = ARENA_ARRAY(topo->arena, struct segment_ends, most);

	collect_segments(site, names, segments);
	for (size_t i = 0; i < site->router_count; i++) {
		for (size_t k = 0; k < refs[i].router->interface_count; k++) {
			const char *segment = refs[i].router->interfaces[k].segment;
			if (segment && refs[i].node != TOPO_NONE && !site_segment_is_elsewhere(segment))
				add_end(&ends[names_find(names, segment)], refs[i].first_port + (uint32_t)k, true);
		}
	}
	for (size_t i = 0; i < site->host_count; i++) {
		uint32_t port = free_port_of(topo, &site->hosts[i]);
		if (port != TOPO_NONE)
			add_end(&ends[names_find(names, site->hosts[i].segment)], port, false);
	}
	for (size_t i = 0; i < guests->count; i++) {
		const struct guest *guest = &guests->items[i];
		uint32_t number = guest->host == site ? names_find(names, guest->segment) : NAME_NONE;
		if (number != NAME_NONE)
			add_end(&ends[number], guest->port, true);
	}
	for (uint32_t i = 0; i < names_count(names); i++) {
		lower_segment(lowering, site, &segments[i], &ends[i]);
		warn_if_alone(lowering, site, &segments[i], &ends[i], names);
		free(ends[i].items);
	}
	names_free(names);
}

// Whether what segments the site has is not known: one of them may be the one that is named.
static bool segments_are_doubtful(const struct site_lowering *lowering, const struct site *site) {
	bool is_doubtful =
		site_is_doubtful(lowering, &site->segments) || site_is_doubtful(lowering, &site->hosts);

	for (size_t i = 0; !is_doubtful && i < site->host_count; i++)
		is_doubtful = site_is_doubtful(lowering, &site->hosts[i].segment);
	return is_doubtful || site_segment_is_doubtful(lowering, site, "");
}

static bool has_segment(const struct site *site, const char *name) {
	for (size_t i = 0; i < site->segment_count; i++) {
		if (text_equal(site->segments[i].name, name))
			return true;
	}
	for (size_t i = 0; i < site->router_count; i++) {
		for (size_t k = 0; k < site->routers[i].interface_count; k++) {
			const char *segment = site->routers[i].interfaces[k].segment;
			if (segment && text_equal(segment, name))
				return true;
		}
	}
	for (size_t i = 0; i < site->host_count; i++) {
		if (site->hosts[i].segment && text_equal(site->hosts[i].segment, name))
			return true;
	}
	return false;
}

// The site that is named before the '/', NULL after saying that there is none, or no such segment.
static const struct site *host_of(struct site_lowering *lowering, const struct site_router_ref *ref,
	const struct site_interface *interface) {
	const char *segment = strchr(interface->segment, BETWEEN) + 1;
	const char *name = arena_printf(
		lowering->topo->arena, "%.*s", (int)(segment - 1 - interface->segment), interface->segment);
	struct place place = site_place(lowering, &interface->segment, interface->place);
	struct names *known = names_new();
	const struct site *found = NULL;

	for (size_t i = 0; i < lowering->site_count; i++) {
		names_add(known, lowering->sites[i].name);
		if (text_equal(lowering->sites[i].name, name))
			found = &lowering->sites[i];
	}
	const char *near = found ? NULL : names_nearest(known, name);
	if (!found)
		diagnostics_error(lowering->mistakes, place, "there is no site \"%s\"%s%s%s", name,
			near ? "; did you mean \"" : "", near ? near : "", near ? "\"?" : "");
	else if (found == ref->site)
		diagnostics_error(lowering->mistakes, place,
			"a segment of the router's own site is named without it: \"%s\"", segment);
	else if (!has_segment(found, segment) && !segments_are_doubtful(lowering, found))
		diagnostics_error(lowering->mistakes, place,
			"site %s has no segment \"%s\": list it there, or name it at one of its interfaces",
			name, segment);
	// Then it joins nothing, which is not told again.
	if (!found || found == ref->site || !has_segment(found, segment))
		lowering->topo->nodes[ref->node].is_doubtful = true;
	names_free(known);
	return found;
}

static void find_guests(struct site_lowering *lowering, struct guests *guests) {
	for (size_t i = 0; i < lowering->router_count; i++) {
		const struct site_router_ref *ref = &lowering->routers[i];
		for (size_t k = 0; k < ref->router->interface_count; k++) {
			const struct site_interface *interface = &ref->router->interfaces[k];
			if (ref->node == TOPO_NONE || !site_segment_is_elsewhere(interface->segment))
				continue;
			const struct site *host = host_of(lowering, ref, interface);
			struct guest guest = {
				host, strchr(interface->segment, BETWEEN) + 1, ref->first_port + (uint32_t)k};
			if (host)
				ARRAY_PUSH(guests, guest);
		}
	}
}

void site_segments_lower(struct site_lowering *lowering) {
	const struct site_router_ref *refs = lowering->routers;
	struct guests guests = {0};

	find_guests(lowering, &guests);
	for (size_t i = 0; i < lowering->site_count; i++) {
		lower_segments(lowering, &lowering->sites[i], refs, &guests);
		refs += lowering->sites[i].router_count;
	}
	free(guests.items);
}
