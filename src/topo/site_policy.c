// Prefix lists and route maps of routers as policy terms.
//
// A neighbour's stages follow each other: its prefix list refuses, its own localPreference, weight
// and prepend apply, its route map decides. Terms are one list whose first match decides, so a
// prefix list becomes terms that only refuse, and what passes them falls through to the next stage.

#include <stdlib.h>
#include <string.h>

#include "base/assert.h"
#include "base/names.h"
#include "base/text.h"
#include "topo/site_int.h"

struct term_list {
	struct policy_term *items;
	size_t count, room;
};

static struct policy_prefix entry_prefix(const struct site_prefix_entry *entry) {
	unsigned own = prefix_length(entry->prefix);
	unsigned longest = prefix_is_v4(entry->prefix) ? 32 : 128;
	unsigned least = entry->at_least ? entry->at_least : own;
	unsigned most = entry->at_most ? entry->at_most : entry->at_least ? longest : own;

	return (struct policy_prefix){entry->prefix, (uint8_t)least, (uint8_t)most};
}

// The entries before `end` that permit, or that deny.
static const struct policy_prefix *entries_before(
	struct topo *topo, const struct site_prefix_list *list, size_t end, bool deny, size_t *count) {
	struct policy_prefix *found = ARENA_ARRAY(topo->arena, struct policy_prefix, end);

	*count = 0;
	for (size_t i = 0; i < end; i++) {
		if (list->entries[i].deny == deny)
			found[(*count)++] = entry_prefix(&list->entries[i]);
	}
	return found;
}

static uint32_t entry_origin(
	struct topo *topo, struct place place, const char *what, const char *name) {
	return topo_origin_add(topo, place, NULL, "%s %s", what, name);
}

// Refuses what the list does not permit.
static void add_prefix_list_filter(
	struct topo *topo, const struct site_prefix_list *list, struct term_list *terms) {
	for (size_t i = 0; i < list->entry_count; i++) {
		const struct site_prefix_entry *entry = &list->entries[i];
		if (!entry->deny)
			continue;
		struct policy_prefix *prefix = ARENA_NEW(topo->arena, struct policy_prefix);
		*prefix = entry_prefix(entry);
		struct policy_term term = {.prefixes = prefix, .prefix_count = 1, .verdict = POLICY_REJECT};
		term.origin = entry_origin(topo, entry->place, "prefix list", list->name);
		term.except_prefixes = entries_before(topo, list, i, false, &term.except_prefix_count);
		ARRAY_PUSH(terms, term);
	}
	struct policy_term rest = {.verdict = POLICY_REJECT};
	rest.origin = entry_origin(topo, list->place, "end of prefix list", list->name);
	rest.except_prefixes =
		entries_before(topo, list, list->entry_count, false, &rest.except_prefix_count);
	ARRAY_PUSH(terms, rest);
}

// `like` once for each permitting entry, so that a denying entry before it is an exception to it.
static void add_terms_matching_list(struct topo *topo, const struct site_prefix_list *list,
	struct policy_term like, struct term_list *terms) {
	size_t i = 0;

	while (i < list->entry_count) {
		if (list->entries[i].deny) {
			i++;
			continue;
		}
		struct policy_prefix *run =
			ARENA_ARRAY(topo->arena, struct policy_prefix, list->entry_count - i);
		like.except_prefixes = entries_before(topo, list, i, true, &like.except_prefix_count);
		like.prefixes = run;
		like.prefix_count = 0;
		for (; i < list->entry_count && !list->entries[i].deny; i++)
			run[like.prefix_count++] = entry_prefix(&list->entries[i]);
		ARRAY_PUSH(terms, like);
	}
}

// "; did you mean …?", or nothing.
static const char *suggestion(struct topo *topo, const struct names *known, const char *name) {
	const char *near = names_nearest(known, name);

	return near ? arena_printf(topo->arena, "; did you mean \"%s\"?", near) : "";
}

static const struct site_prefix_list *find_prefix_list(
	struct site_lowering *lowering, const struct site *site, const char *name, struct place place) {
	const struct site_prefix_list *found = NULL;

	for (size_t i = 0; i < site->prefix_list_count && !found; i++) {
		if (text_equal(site->prefix_lists[i].name, name))
			found = &site->prefix_lists[i];
	}
	if (found || site_is_doubtful(lowering, &site->prefix_lists))
		return found;
	struct names *known = names_new();
	for (size_t i = 0; i < site->prefix_list_count; i++)
		names_add(known, site->prefix_lists[i].name);
	diagnostics_error(lowering->mistakes, place, "%s %s has no prefix list \"%s\"%s",
		lowering->is_appliance ? "virtualMachine" : "site", site->name, name,
		suggestion(lowering->topo, known, name));
	names_free(known);
	return found;
}

static const struct site_route_map *find_route_map(
	struct site_lowering *lowering, const struct site *site, const char *name, struct place place) {
	const struct site_route_map *found = NULL;

	for (size_t i = 0; i < site->route_map_count && !found; i++) {
		if (text_equal(site->route_maps[i].name, name))
			found = &site->route_maps[i];
	}
	if (found || site_is_doubtful(lowering, &site->route_maps))
		return found;
	struct names *known = names_new();
	for (size_t i = 0; i < site->route_map_count; i++)
		names_add(known, site->route_maps[i].name);
	diagnostics_error(lowering->mistakes, place, "%s %s has no route map \"%s\"%s",
		lowering->is_appliance ? "virtualMachine" : "site", site->name, name,
		suggestion(lowering->topo, known, name));
	names_free(known);
	return found;
}

static const uint32_t *lower_communities(
	struct site_lowering *lowering, struct place place, const char **texts, size_t count) {
	uint32_t *values = ARENA_ARRAY(lowering->topo->arena, uint32_t, count);

	for (size_t i = 0; i < count; i++) {
		if (community_parse(texts[i], &values[i]) != 0)
			diagnostics_error(lowering->mistakes, site_place(lowering, &texts[i], place),
				"\"%s\" is not a community; expected \"65000:100\", no-export or no-advertise",
				texts[i]);
	}
	return values;
}

static struct policy_term map_entry_term(struct site_lowering *lowering,
	const struct site_route_map *map, const struct site_route_map_entry *entry) {
	struct topo *topo = lowering->topo;
	struct policy_term term = {.verdict = POLICY_ACCEPT};

	term.origin = entry_origin(topo, entry->place, "route map", map->name);
	if (entry->action && text_equal(entry->action, "deny"))
		term.verdict = POLICY_REJECT;
	if (entry->match_as_path)
		term.as_path_regex = arena_strdup(topo->arena, entry->match_as_path);
	term.communities = lower_communities(
		lowering, entry->place, entry->match_communities, entry->match_community_count);
	term.community_count = entry->match_community_count;
	if (entry->set_local_preference >= 0) {
		term.set_flags |= POLICY_SET_LOCAL_PREFERENCE;
		term.local_preference = (uint32_t)entry->set_local_preference;
	}
	if (entry->set_weight >= 0) {
		term.set_flags |= POLICY_SET_WEIGHT;
		term.weight = (uint32_t)entry->set_weight;
	}
	if (entry->set_med >= 0) {
		term.set_flags |= POLICY_SET_MED;
		term.med = (uint32_t)entry->set_med;
	}
	if (!ip_is_none(entry->set_next_hop)) {
		term.set_flags |= POLICY_SET_NEXT_HOP;
		term.next_hop = entry->set_next_hop;
	}
	term.prepend = topo_copy(topo, entry->set_prepend, entry->set_prepend_count * sizeof(uint32_t));
	term.prepend_count = entry->set_prepend_count;
	term.strip_asns = topo_copy(topo, entry->strip_asns, entry->strip_asn_count * sizeof(uint32_t));
	term.strip_asn_count = entry->strip_asn_count;
	term.add_communities = lower_communities(
		lowering, entry->place, entry->set_communities, entry->set_community_count);
	term.add_community_count = entry->set_community_count;
	return term;
}

static void add_route_map(struct site_lowering *lowering, const struct site *site,
	const struct site_route_map *map, struct term_list *terms) {
	for (size_t i = 0; i < map->entry_count; i++) {
		const struct site_route_map_entry *entry = &map->entries[i];
		struct policy_term term = map_entry_term(lowering, map, entry);
		if (!entry->match_prefix_list) {
			ARRAY_PUSH(terms, term);
			continue;
		}
		const struct site_prefix_list *list =
			find_prefix_list(lowering, site, entry->match_prefix_list,
				site_place(lowering, &entry->match_prefix_list, entry->place));
		if (list)
			add_terms_matching_list(lowering->topo, list, term, terms);
	}
}

// What the neighbour's own keys set, in front of its route map.
static void add_neighbor_sets(struct site_lowering *lowering, const struct site_neighbor *neighbor,
	bool is_import, struct term_list *terms) {
	struct topo *topo = lowering->topo;
	struct policy_term term = {.verdict = POLICY_NEXT};
	char address[IP_TEXT_BYTES];

	if (is_import && neighbor->local_preference >= 0) {
		term.set_flags |= POLICY_SET_LOCAL_PREFERENCE;
		term.local_preference = (uint32_t)neighbor->local_preference;
	}
	if (is_import && neighbor->weight >= 0) {
		term.set_flags |= POLICY_SET_WEIGHT;
		term.weight = (uint32_t)neighbor->weight;
	}
	if (!is_import) {
		term.prepend =
			topo_copy(topo, neighbor->prepend, neighbor->prepend_count * sizeof(uint32_t));
		term.prepend_count = neighbor->prepend_count;
	}
	if (!term.set_flags && !term.prepend_count)
		return;
	term.origin =
		entry_origin(topo, neighbor->place, "neighbor", ip_format(neighbor->address, address));
	ARRAY_PUSH(terms, term);
}

// A regular expression is compiled here only to point at its place when it is wrong.
static void check_expression(
	struct site_lowering *lowering, const struct site_route_map_entry *entry) {
	const struct policy_term term = {
		.verdict = POLICY_ACCEPT, .as_path_regex = entry->match_as_path};
	struct policy *policy = NULL;
	size_t bad = 0;

	if (!entry->match_as_path)
		return;
	if (policy_new(&term, 1, POLICY_ACCEPT, &policy, &bad) != 0)
		diagnostics_error(lowering->mistakes,
			site_place(lowering, &entry->match_as_path, entry->place),
			"\"%s\" is not a regular expression for an AS path", entry->match_as_path);
	policy_unref(policy);
}

void site_policy_check(struct site_lowering *lowering, const struct site *site) {
	for (size_t i = 0; i < site->route_map_count; i++) {
		struct term_list terms = {0};
		add_route_map(lowering, site, &site->route_maps[i], &terms);
		for (size_t k = 0; k < site->route_maps[i].entry_count; k++)
			check_expression(lowering, &site->route_maps[i].entries[k]);
		free(terms.items);
	}
}

struct site_policy site_policy_lower(struct site_lowering *lowering, const struct site *site,
	const struct site_neighbor *neighbor, bool is_import) {
	const char *const *list_member =
		is_import ? &neighbor->prefix_list_in : &neighbor->prefix_list_out;
	const char *const *map_member = is_import ? &neighbor->route_map_in : &neighbor->route_map_out;
	const char *list_name = *list_member, *map_name = *map_member;
	const struct site_prefix_list *list = NULL;
	const struct site_route_map *map = NULL;
	struct term_list terms = {0};

	if (list_name)
		list = find_prefix_list(
			lowering, site, list_name, site_place(lowering, list_member, neighbor->place));
	if (map_name)
		map = find_route_map(
			lowering, site, map_name, site_place(lowering, map_member, neighbor->place));
	if (list)
		add_prefix_list_filter(lowering->topo, list, &terms);
	add_neighbor_sets(lowering, neighbor, is_import, &terms);
	if (map)
		add_route_map(lowering, site, map, &terms);
	struct site_policy policy = {
		.terms = topo_copy(lowering->topo, terms.items, terms.count * sizeof(*terms.items)),
		.count = terms.count,
		.default_deny = map != NULL, // behind a route map stands a deny
	};
	free(terms.items);
	return policy;
}
