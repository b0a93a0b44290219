#include "route/decide.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#define ROUTER_MAX_PATHS 8
#define LOCAL_PREFERENCE_DEFAULT 100 // what routers assume on a path without one

static const struct decision_step router_steps[] = {
	{DECIDE_ELIGIBLE, "RFC 4271 9.1.2"},
	{DECIDE_DISTANCE, "administrative distance"},
	{DECIDE_WEIGHT, "weight"},
	{DECIDE_LOCAL_PREFERENCE, "RFC 4271 9.1.1"},
	{DECIDE_LOCAL_ORIGIN, "local origin"},
	{DECIDE_AS_PATH, "RFC 4271 9.1.2.2 a"},
	{DECIDE_ORIGIN, "RFC 4271 9.1.2.2 b"},
	{DECIDE_MED, "RFC 4271 9.1.2.2 c"},
	{DECIDE_EXTERNAL, "RFC 4271 9.1.2.2 d"},
	{DECIDE_METRIC, "RFC 4271 9.1.2.2 e"},
	{DECIDE_ROUTER_ID, "RFC 4271 9.1.2.2 f"},
	{DECIDE_NEIGHBOR, "RFC 4271 9.1.2.2 g"},
};

const struct decision decision_of_routers = {
	router_steps, sizeof(router_steps) / sizeof(router_steps[0]), ROUTER_MAX_PATHS};

static int compare_u32(uint32_t a, uint32_t b) {
	return (a > b) - (a < b);
}

bool decide_is_eligible(const struct path *path) {
	return path->is_reachable && !path->never_best;
}

uint32_t decide_neighbor_as(const struct path *path) {
	if (!path->attributes || path->attributes->spec.as_count == 0)
		return 0;
	struct as_hop nearest = path->attributes->spec.as_path[0];
	return nearest.set == 0 ? nearest.asn : 0;
}

uint32_t decide_local_preference(const struct path *path) {
	const struct attributes *attributes = path->attributes;

	return attributes && attributes->spec.has_local_preference ? attributes->spec.local_preference
															   : LOCAL_PREFERENCE_DEFAULT;
}

uint32_t decide_metric(const struct path *path) {
	bool is_resolved = path->attributes && !path->hops;

	return is_resolved ? path->igp_metric : path->metric;
}

uint32_t decide_med(const struct path *path) {
	return path->attributes ? path->attributes->spec.med : 0;
}

static bool is_learned(const struct path *path) {
	return path->source->kind == ROUTE_EBGP || path->source->kind == ROUTE_IBGP;
}

static unsigned path_length(const struct path *path) {
	return path->attributes ? as_path_length(path->attributes) : 0;
}

static enum route_origin path_origin(const struct path *path) {
	return path->attributes ? path->attributes->spec.origin : ORIGIN_INCOMPLETE;
}

static int compare_med(const struct path *a, const struct path *b) {
	if (decide_neighbor_as(a) != decide_neighbor_as(b))
		return 0;
	return compare_u32(decide_med(a), decide_med(b));
}

int decide_step_compare(enum decide_by by, const struct path *a, const struct path *b) {
	switch (by) {
	case DECIDE_ELIGIBLE:
		return decide_is_eligible(b) - decide_is_eligible(a);
	case DECIDE_DISTANCE:
		// Between protocols only: which of its own paths is best, BGP decides by the later steps.
		if (is_learned(a) && is_learned(b))
			return 0;
		return a->source->distance - b->source->distance;
	case DECIDE_WEIGHT:
		return compare_u32(b->weight, a->weight);
	case DECIDE_LOCAL_PREFERENCE:
		return compare_u32(decide_local_preference(b), decide_local_preference(a));
	case DECIDE_LOCAL_ORIGIN:
		return is_learned(a) - is_learned(b);
	case DECIDE_AS_PATH:
		return compare_u32(path_length(a), path_length(b));
	case DECIDE_ORIGIN:
		return compare_u32(path_origin(a), path_origin(b));
	case DECIDE_MED:
		return compare_med(a, b);
	case DECIDE_EXTERNAL:
		return (a->source->kind == ROUTE_IBGP) - (b->source->kind == ROUTE_IBGP);
	case DECIDE_METRIC:
		return compare_u32(decide_metric(a), decide_metric(b));
	case DECIDE_ROUTER_ID:
		return compare_u32(a->source->router_id, b->source->router_id);
	case DECIDE_NEIGHBOR:
		return ip_compare(a->source->peer, b->source->peer);
	case DECIDE_EQUAL:
		return 0;
	}
	return 0;
}

// What no configured step told apart. Two sources that agree on all of this are one.
static int compare_last(const struct path *a, const struct path *b) {
	int order = decide_step_compare(DECIDE_ROUTER_ID, a, b);

	if (order == 0)
		order = decide_step_compare(DECIDE_NEIGHBOR, a, b);
	if (order == 0)
		order = strcmp(a->source->name, b->source->name);
	if (order == 0)
		order = compare_u32(a->source->kind, b->source->kind);
	if (order == 0)
		order = a->source->distance - b->source->distance;
	return order ? order : compare_u32(a->source->origin, b->source->origin);
}

int decide_compare(const struct decision *decision, const struct path *a, const struct path *b) {
	int order = decide_step_compare(DECIDE_ELIGIBLE, a, b);

	for (size_t i = 0; order == 0 && i < decision->count; i++)
		order = decide_step_compare(decision->steps[i].by, a, b);
	return order ? order : compare_last(a, b);
}

static bool is_tie_break(enum decide_by by) {
	return by == DECIDE_ROUTER_ID || by == DECIDE_NEIGHBOR;
}

// Takes out those that another one still in beats. With a total step that is all but the best;
// with MED, all but the best of each neighbouring AS (RFC 4271 9.1.2.2 c).
static void eliminate(enum decide_by by, struct path **paths, uint16_t count) {
	const struct path *best = NULL;

	for (uint16_t i = 0; i < count; i++)
		if (paths[i]->lost_by == DECIDE_EQUAL &&
			(!best || decide_step_compare(by, paths[i], best) < 0))
			best = paths[i];
	for (uint16_t i = 0; best && i < count; i++)
		if (paths[i]->lost_by == DECIDE_EQUAL && decide_step_compare(by, paths[i], best) > 0)
			paths[i]->lost_by = (uint8_t)by;
}

// The least MED of a group is never taken out, so comparing with one that just was does no harm.
static void eliminate_med(struct path **paths, uint16_t count) {
	for (uint16_t i = 0; i < count; i++)
		for (uint16_t j = 0; j < count && paths[i]->lost_by == DECIDE_EQUAL; j++)
			if ((paths[j]->lost_by == DECIDE_EQUAL || paths[j]->lost_by == DECIDE_MED) &&
				compare_med(paths[i], paths[j]) > 0)
				paths[i]->lost_by = DECIDE_MED;
}

// Paths in mixed company: what BGP learned competes with other protocols as one, by the distance of
// its own best. Path by path there would be circles: an iBGP path of high preference beats an eBGP
// one, which beats the IGP's, which beats the iBGP path.
struct contest {
	const struct decision *decision;
	int learned_distance;
};

static int contest_distance(const struct contest *contest, const struct path *path) {
	return is_learned(path) ? contest->learned_distance : path->source->distance;
}

static void eliminate_distance(const struct contest *contest, struct path **paths, uint16_t count) {
	int best = INT_MAX;

	for (uint16_t i = 0; i < count; i++)
		if (paths[i]->lost_by == DECIDE_EQUAL && contest_distance(contest, paths[i]) < best)
			best = contest_distance(contest, paths[i]);
	for (uint16_t i = 0; i < count; i++)
		if (paths[i]->lost_by == DECIDE_EQUAL && contest_distance(contest, paths[i]) > best)
			paths[i]->lost_by = DECIDE_DISTANCE;
}

// How long a path stayed in.
static size_t rank(const struct decision *decision, const struct path *path) {
	if (path->lost_by == DECIDE_ELIGIBLE)
		return 0;
	for (size_t i = 0; i < decision->count; i++)
		if (decision->steps[i].by == path->lost_by)
			return i + 1;
	return decision->count + 1;
}

// Among losers of the same step all MEDs count, which makes it a total order.
static int compare_places(const void *left, const void *right, void *context) {
	const struct contest *contest = context;
	const struct decision *decision = contest->decision;
	const struct path *a = *(struct path *const *)left;
	const struct path *b = *(struct path *const *)right;
	size_t rank_a = rank(decision, a);
	size_t rank_b = rank(decision, b);

	if (rank_a != rank_b)
		return rank_a > rank_b ? -1 : 1;
	for (size_t i = 0; i < decision->count; i++) {
		enum decide_by by = decision->steps[i].by;
		int order = 0;
		if (by == DECIDE_MED)
			order = compare_u32(decide_med(a), decide_med(b));
		else if (by == DECIDE_DISTANCE)
			order = contest_distance(contest, a) - contest_distance(contest, b);
		else
			order = decide_step_compare(by, a, b);
		if (order != 0)
			return order;
	}
	return compare_last(a, b);
}

static uint16_t count_in(struct path *const *paths, uint16_t count) {
	uint16_t in = 0;

	for (uint16_t i = 0; i < count; i++)
		if (paths[i]->lost_by == DECIDE_EQUAL)
			in++;
	return in;
}

static void eliminate_at(
	const struct contest *contest, size_t step, struct path **paths, uint16_t count) {
	enum decide_by by = contest->decision->steps[step].by;

	if (by == DECIDE_MED)
		eliminate_med(paths, count);
	else if (by == DECIDE_DISTANCE)
		eliminate_distance(contest, paths, count);
	else
		eliminate(by, paths, count);
}

static bool is_still_in(const struct path *path) {
	return path->lost_by == DECIDE_EQUAL;
}

// Has BGP choose among its own paths that are still in, by the steps behind this one, and sets the
// distance it competes with.
static void choose_learned(
	struct contest *contest, size_t step, struct path **paths, uint16_t count) {
	const struct decision *decision = contest->decision;
	const struct path *best = NULL;
	uint16_t in = count_in(paths, count);
	uint16_t learned = 0;

	for (uint16_t i = 0; i < count; i++)
		if (is_still_in(paths[i]) && is_learned(paths[i]))
			learned++;
	if (learned == 0 || learned == in)
		return;
	for (uint16_t i = 0; i < count; i++)
		if (is_still_in(paths[i]) && !is_learned(paths[i]))
			paths[i]->lost_by = DECIDE_DISTANCE;
	for (size_t i = step + 1; i < decision->count; i++)
		eliminate_at(contest, i, paths, count);
	for (uint16_t i = 0; i < count; i++)
		if (is_still_in(paths[i]) && (!best || compare_last(paths[i], best) < 0))
			best = paths[i];
	contest->learned_distance = best->source->distance;
	for (uint16_t i = 0; i < count; i++)
		if (rank(decision, paths[i]) > step)
			paths[i]->lost_by = DECIDE_EQUAL;
}

uint16_t decide_order(const struct decision *decision, struct path **paths, uint16_t count) {
	struct contest contest = {decision, 0};
	uint16_t max_paths = decision->max_paths ? decision->max_paths : 1;
	uint16_t together = 0;
	bool is_tied = true;

	for (uint16_t i = 0; i < count; i++)
		paths[i]->lost_by = decide_is_eligible(paths[i]) ? DECIDE_EQUAL : DECIDE_ELIGIBLE;
	if (count <= 1)
		return count == 1 && paths[0]->lost_by == DECIDE_EQUAL;
	for (size_t i = 0; i < decision->count; i++) {
		enum decide_by by = decision->steps[i].by;
		if (is_tie_break(by) && is_tied) {
			is_tied = false;
			together = count_in(paths, count);
		}
		if (by == DECIDE_DISTANCE)
			choose_learned(&contest, i, paths, count);
		eliminate_at(&contest, i, paths, count);
	}
	if (is_tied)
		together = count_in(paths, count);
	qsort_r(paths, count, sizeof(*paths), compare_places, &contest);
	return together < max_paths ? together : max_paths;
}
