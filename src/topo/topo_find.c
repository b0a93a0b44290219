// What topo_finish() works out once everything is there, and the lookups that use it.

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/assert.h"
#include "base/names.h"
#include "topo/topo_build.h"

struct topo_address_entry {
	struct ip address;
	uint32_t node;
};

static const char *end_node_name(const struct topo *topo, const struct topo_link *link, int end) {
	return topo->nodes[topo->ports[link->ends[end].port].node].name;
}

static const char *link_base_name(struct topo *topo, const struct topo_link *link) {
	if (link->name)
		return link->name;
	assert(link->end_count == 2);
	return arena_printf(
		topo->arena, "%s--%s", end_node_name(topo, link, 0), end_node_name(topo, link, 1));
}

// "b--a" for "a--b"; NULL for a name that is not made of two ends.
static char *reversed_name(struct arena *arena, const char *name) {
	const char *middle = strstr(name, "--");

	if (!middle)
		return NULL;
	return arena_printf(arena, "%s--%.*s", middle + 2, (int)(middle - name), name);
}

// Links between the same two nodes, whichever end comes first, are parallel.
static void name_links(struct topo *topo) {
	struct names *pairs = names_new();
	const char **bases = ARENA_ARRAY(topo->arena, const char *, topo->link_count);
	uint32_t *pair_of = ARENA_ARRAY(topo->arena, uint32_t, topo->link_count);
	uint32_t *totals = ARENA_ARRAY(topo->arena, uint32_t, topo->link_count);
	uint32_t *seen = ARENA_ARRAY(topo->arena, uint32_t, topo->link_count);

	for (size_t i = 0; i < topo->link_count; i++) {
		bases[i] = link_base_name(topo, &topo->links[i]);
		char *reversed = reversed_name(topo->arena, bases[i]);
		uint32_t pair = reversed ? names_find(pairs, reversed) : NAME_NONE;
		pair_of[i] = pair != NAME_NONE ? pair : names_add(pairs, bases[i]);
		totals[pair_of[i]]++;
	}
	for (size_t i = 0; i < topo->link_count; i++) {
		const char *name = bases[i];
		if (totals[pair_of[i]] > 1)
			name = arena_printf(topo->arena, "%s#%u", name, ++seen[pair_of[i]]);
		uint32_t number = names_add(topo->link_names, name);
		assert(number == i);
		topo->links[i].name = names_text(topo->link_names, number);
	}
	names_free(pairs);
}

// By address, then by the order of the file.
static int compare_addresses(const void *left, const void *right) {
	const struct topo_address_entry *a = left, *b = right;
	int order = ip_compare(a->address, b->address);

	if (order != 0)
		return order;
	return a->node < b->node ? -1 : a->node > b->node;
}

static void index_addresses(struct topo *topo) {
	size_t count = 0;

	for (size_t i = 0; i < topo->port_count; i++)
		count += topo->ports[i].address_count;
	struct topo_address_entry *entries = ARENA_ARRAY(topo->arena, struct topo_address_entry, count);
	topo->addresses = entries;
	topo->address_count = count;
	for (size_t i = 0; i < topo->port_count; i++) {
		for (size_t k = 0; k < topo->ports[i].address_count; k++)
			*entries++ = (struct topo_address_entry){
				topo->ports[i].addresses[k].address, topo->ports[i].node};
	}
	if (count)
		qsort(topo->addresses, count, sizeof(*topo->addresses), compare_addresses);
}

// The first entry of the address, or where it would stand.
static size_t address_lower_bound(const struct topo *topo, struct ip address) {
	size_t low = 0, high = topo->address_count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (ip_compare(topo->addresses[middle].address, address) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

// A session's other side: the node that has the address and a session back, since sites may use
// the same private addresses; failing that, whoever has the address.
static uint32_t find_peer(const struct topo *topo, const struct topo_neighbor *neighbor) {
	uint32_t found = TOPO_NONE;

	for (size_t i = address_lower_bound(topo, neighbor->remote); i < topo->address_count; i++) {
		uint32_t node = topo->addresses[i].node;
		if (!ip_equal(topo->addresses[i].address, neighbor->remote))
			break;
		if (node == neighbor->node)
			continue;
		if (found == TOPO_NONE)
			found = node;
		const struct topo_bgp *bgp = topo->nodes[node].bgp;
		for (size_t k = 0; bgp && k < bgp->neighbor_count; k++) {
			const struct topo_neighbor *back = &topo->neighbors[bgp->neighbors[k]];
			if (ip_equal(back->remote, neighbor->local) && ip_equal(back->local, neighbor->remote))
				return node;
		}
	}
	return found;
}

static void name_neighbors(struct topo *topo) {
	for (size_t i = 0; i < topo->neighbor_count; i++) {
		struct topo_neighbor *neighbor = &topo->neighbors[i];
		if (neighbor->peer_node == TOPO_NONE)
			neighbor->peer_node = find_peer(topo, neighbor);
		if (neighbor->name)
			continue;
		if (neighbor->peer_node != TOPO_NONE) {
			neighbor->name = topo->nodes[neighbor->peer_node].name;
		} else {
			char text[IP_TEXT_BYTES];
			neighbor->name = arena_strdup(topo->arena, ip_format(neighbor->remote, text));
		}
	}
}

void topo_finish(struct topo *topo) {
	assert(!topo->addresses);
	name_links(topo);
	index_addresses(topo);
	name_neighbors(topo);
}

struct topo_offer *topo_offer_find(const struct topo *topo, const char *key) {
	uint32_t number = names_find(topo->offer_names, key);

	return number == NAME_NONE ? NULL : &topo->offers[number];
}

uint32_t topo_find_node(const struct topo *topo, const char *name) {
	return names_find(topo->node_names, name);
}

static uint32_t find_link_as_written(const struct topo *topo, const char *name) {
	char numbered[1024];
	uint32_t found = names_find(topo->link_names, name);

	if (found != NAME_NONE)
		return found;
	size_t length = strlen(name);
	if (length > 2 && strcmp(name + length - 2, "#1") == 0)
		snprintf(numbered, sizeof(numbered), "%.*s", (int)(length - 2), name);
	else
		snprintf(numbered, sizeof(numbered), "%s#1", name);
	return names_find(topo->link_names, numbered);
}

uint32_t topo_find_link(const struct topo *topo, const char *name) {
	uint32_t found = find_link_as_written(topo, name);
	const char *middle = strstr(name, "--");

	if (found != NAME_NONE || !middle)
		return found;
	char reversed[1024];
	size_t length = strcspn(middle + 2, "#");
	snprintf(reversed, sizeof(reversed), "%.*s--%.*s%s", (int)length, middle + 2,
		(int)(middle - name), name, middle + 2 + length);
	return find_link_as_written(topo, reversed);
}

uint32_t topo_find_address(const struct topo *topo, struct ip address) {
	uint32_t found = TOPO_NONE;

	for (size_t i = address_lower_bound(topo, address); i < topo->address_count; i++) {
		if (!ip_equal(topo->addresses[i].address, address))
			break;
		uint32_t node = topo->addresses[i].node;
		if (topo->nodes[node].kind == TOPO_HOST)
			return node;
		if (found == TOPO_NONE)
			found = node;
	}
	return found;
}
