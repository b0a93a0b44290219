// The table's reasons in words.

#include "base/assert.h"
#include "base/text.h"
#include "route/rib_int.h"

enum decide_by rib_compare(
	const struct rib *rib, const struct path *winner, const struct path *loser) {
	const struct decision *decision = rib->config.decision;

	if (decide_step_compare(DECIDE_ELIGIBLE, winner, loser) != 0)
		return DECIDE_ELIGIBLE;
	for (size_t i = 0; i < decision->count; i++)
		if (decide_step_compare(decision->steps[i].by, winner, loser) != 0)
			return decision->steps[i].by;
	return DECIDE_EQUAL;
}

static const char *const STEP_WORDS[] = {
	[DECIDE_ELIGIBLE] = "usable",
	[DECIDE_DISTANCE] = "distance",
	[DECIDE_WEIGHT] = "weight",
	[DECIDE_LOCAL_PREFERENCE] = "local preference",
	[DECIDE_LOCAL_ORIGIN] = "origination:",
	[DECIDE_AS_PATH] = "AS path of",
	[DECIDE_ORIGIN] = "origin",
	[DECIDE_MED] = "MED",
	[DECIDE_EXTERNAL] = "session:",
	[DECIDE_METRIC] = "metric",
	[DECIDE_ROUTER_ID] = "router id",
	[DECIDE_NEIGHBOR] = "neighbour",
	[DECIDE_EQUAL] = "name",
};

static const char *const ORIGIN_WORDS[] = {
	[ORIGIN_IGP] = "IGP",
	[ORIGIN_EGP] = "EGP",
	[ORIGIN_INCOMPLETE] = "incomplete",
};

static void add_address(struct text *out, struct ip address) {
	char chars[IP_TEXT_BYTES];

	text_add(out, ip_format(address, chars));
}

static void add_value(struct text *out, enum decide_by by, const struct path *path) {
	const struct attributes *attributes = path->attributes;
	bool is_learned = path->source->kind == ROUTE_EBGP || path->source->kind == ROUTE_IBGP;

	switch (by) {
	case DECIDE_ELIGIBLE:
		text_add(out, decide_is_eligible(path) ? "yes" : "no");
		break;
	case DECIDE_DISTANCE:
		text_printf(out, "%u", path->source->distance);
		break;
	case DECIDE_WEIGHT:
		text_printf(out, "%u", path->weight);
		break;
	case DECIDE_LOCAL_PREFERENCE:
		text_printf(out, "%u", decide_local_preference(path));
		break;
	case DECIDE_LOCAL_ORIGIN:
		text_add(out, is_learned ? "learned" : "own");
		break;
	case DECIDE_AS_PATH:
		text_printf(out, "%u", attributes ? as_path_length(attributes) : 0);
		break;
	case DECIDE_ORIGIN:
		text_add(out, ORIGIN_WORDS[attributes ? attributes->spec.origin : ORIGIN_INCOMPLETE]);
		break;
	case DECIDE_MED:
		text_printf(out, "%u", decide_med(path));
		break;
	case DECIDE_EXTERNAL:
		text_add(out, path->source->kind == ROUTE_IBGP ? "iBGP" : "eBGP");
		break;
	case DECIDE_METRIC:
		text_printf(out, "%u", decide_metric(path));
		break;
	case DECIDE_ROUTER_ID:
		add_address(out, ip_of_v4(path->source->router_id));
		break;
	case DECIDE_NEIGHBOR:
		add_address(out, path->source->peer);
		break;
	case DECIDE_EQUAL:
		text_add(out, path->source->name);
		break;
	}
}

static void add_reference(struct text *out, const struct rib *rib, enum decide_by by) {
	const struct decision *decision = rib->config.decision;

	for (size_t i = 0; i < decision->count; i++)
		if (decision->steps[i].by == by && decision->steps[i].reference) {
			text_printf(out, " (%s)", decision->steps[i].reference);
			return;
		}
}

// "weight 32769 over 32768 of hub-vpn (AZ-GW-5)", or "behind" where the path lost.
static void add_comparison(const struct rib *rib, enum decide_by by, const struct path *path,
	const struct path *other, struct text *out) {
	int order = by == DECIDE_EQUAL ? decide_compare(rib->config.decision, path, other)
								   : decide_step_compare(by, path, other);

	text_printf(out, "%s ", STEP_WORDS[by]);
	add_value(out, by, path);
	text_add(out, order < 0 ? " over " : " behind ");
	add_value(out, by, other);
	if (by != DECIDE_EQUAL)
		text_printf(out, " of %s", other->source->name);
	add_reference(out, rib, by);
}

static void add_ineligible(struct text *out, const struct path *path) {
	if (!path->is_reachable) {
		text_add(out, "next hop ");
		add_address(out, path->attributes->spec.next_hop);
		text_add(out, " is not reachable");
		return;
	}
	text_add(out, "kept but never chosen");
}

// Whoever beat a loser at its step: the best path, or for a MED the best of its own AS.
static const struct path *beaten_by(const struct rib_entry *entry, const struct path *loser) {
	enum decide_by by = loser->lost_by;

	for (uint16_t i = 0; i < entry->path_count && entry->paths[i] != loser; i++)
		if (decide_step_compare(by, entry->paths[i], loser) < 0)
			return entry->paths[i];
	return entry->paths[0];
}

static const struct path *best_learned(const struct rib_entry *entry) {
	for (uint16_t i = 0; i < entry->path_count; i++) {
		enum route_kind kind = entry->paths[i]->source->kind;
		if (kind == ROUTE_EBGP || kind == ROUTE_IBGP)
			return entry->paths[i];
	}
	return entry->paths[0];
}

void rib_explain(
	const struct rib *rib, const struct rib_entry *entry, size_t index, struct text *out) {
	assert(index < entry->path_count);
	const struct path *path = entry->paths[index];

	if (index >= entry->chosen && path->lost_by == DECIDE_ELIGIBLE) {
		add_ineligible(out, path);
	} else if (index >= entry->chosen) {
		const struct path *winner = beaten_by(entry, path);
		enum decide_by by = path->lost_by;
		// BGP's best lost to another protocol, and this one to BGP's best.
		if (by == DECIDE_DISTANCE && decide_step_compare(by, winner, path) >= 0) {
			winner = best_learned(entry);
			by = rib_compare(rib, path, winner);
		}
		add_comparison(rib, by, path, winner, out);
	} else if (entry->chosen > 1) {
		text_printf(out, "equal to %s up to router id: used together",
			entry->paths[index == 0 ? 1 : 0]->source->name);
	} else if (entry->path_count == 1) {
		text_add(out, "the only path");
	} else if (entry->paths[1]->lost_by == DECIDE_ELIGIBLE) {
		text_add(out, "the only usable path");
	} else {
		enum decide_by by = entry->paths[1]->lost_by;
		const struct path *rival = entry->paths[1];
		// Beaten inside its own AS, the runner-up says nothing about this path: compare afresh.
		if (by == DECIDE_MED && decide_neighbor_as(rival) != decide_neighbor_as(path))
			by = rib_compare(rib, path, rival);
		add_comparison(rib, by, path, rival, out);
	}
}
