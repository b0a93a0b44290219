#include "analyze/diff.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "route/attributes.h"

void diff_add(struct diff_facts *facts, enum diff_kind kind, const char *where, const char *subject,
	const char *value) {
	struct diff_fact fact = {
		.kind = kind,
		.where = arena_strdup(facts->arena, where),
		.subject = arena_strdup(facts->arena, subject),
		.value = arena_strdup(facts->arena, value),
	};

	ARRAY_PUSH(facts, fact);
}

void diff_done(struct diff_facts *facts) {
	free(facts->items);
	facts->items = NULL;
	facts->count = facts->room = 0;
}

struct collecting {
	const struct topo *topo;
	struct diff_facts *facts;
	const struct rib *rib;
	uint32_t node;
	struct text text;
};

static void describe_path(const struct topo *topo, const struct path *path, struct text *out) {
	char ip[IP_TEXT_BYTES];

	if (path->attributes == NULL) {
		text_printf(out, "%s", path->source->name);
		for (size_t i = 0; i < path->hop_count; i++) {
			const struct route_hop *hop = &path->hops[i];
			if (hop->blackhole)
				text_add(out, " discard");
			else if (ip_is_none(hop->via))
				text_printf(out, " %s", topo->ports[hop->port].name);
			else
				text_printf(out, " via %s", ip_format(hop->via, ip));
		}
		return;
	}
	text_printf(out, "from %s", path->source->name);
	if (!ip_is_none(path->attributes->spec.next_hop))
		text_printf(out, " via %s", ip_format(path->attributes->spec.next_hop, ip));
	text_add(out, " path [");
	as_path_format(path->attributes, " ", out);
	text_add(out, "]");
}

static bool collect_entry(void *owner, const struct rib_entry *entry) {
	struct collecting *collecting = owner;
	char prefix[PREFIX_TEXT_BYTES];

	if (entry->chosen == 0)
		return true;
	text_clear(&collecting->text);
	for (size_t i = 0; i < entry->chosen; i++) {
		if (i != 0)
			text_add(&collecting->text, "; ");
		describe_path(collecting->topo, entry->paths[i], &collecting->text);
	}
	diff_add(collecting->facts, DIFF_ROUTE, collecting->topo->nodes[collecting->node].name,
		prefix_format(entry->prefix, prefix), text_chars(&collecting->text));
	return true;
}

static void add_stops(
	struct text *out, const struct topo *topo, const uint32_t *stops, size_t count) {
	for (size_t i = 0; i < count; i++)
		text_printf(out, "%s%s", i != 0 ? " " : "", topo->nodes[stops[i]].name);
}

static void collect_pair(struct collecting *collecting, const struct matrix_pair *pair) {
	const struct topo *topo = collecting->topo;
	const char *from = topo->nodes[pair->from].name;
	const char *to = topo->nodes[pair->to].name;

	diff_add(collecting->facts, DIFF_REACHABILITY, from, to, verdict_name(pair->verdict));
	if (!pair->reached)
		return;
	text_clear(&collecting->text);
	add_stops(&collecting->text, topo, pair->stops, pair->stop_count);
	text_add(&collecting->text, ", back ");
	add_stops(&collecting->text, topo, pair->back, pair->back_count);
	diff_add(collecting->facts, DIFF_PATH, from, to, text_chars(&collecting->text));
}

void diff_collect(struct world *world, const struct question_flow *flow, struct diff_facts *facts) {
	struct collecting collecting = {.topo = world_topo(world), .facts = facts};
	struct arena *arena = arena_new();
	struct matrix matrix;

	text_init(&collecting.text);
	for (uint32_t i = 0; i < collecting.topo->node_count; i++) {
		collecting.rib = world_rib(world, i);
		collecting.node = i;
		if (collecting.rib != NULL)
			rib_walk(collecting.rib, collect_entry, &collecting);
	}
	matrix_run(world, flow, arena, &matrix);
	for (size_t i = 0; i < matrix.pair_count; i++)
		collect_pair(&collecting, &matrix.pairs[i]);
	text_done(&collecting.text);
	arena_free(arena);
}

static int compare_keys(const struct diff_fact *a, const struct diff_fact *b) {
	if (a->kind != b->kind)
		return a->kind < b->kind ? -1 : 1;
	int order = strcmp(a->where, b->where);
	return order != 0 ? order : strcmp(a->subject, b->subject);
}

// Several rows of one prefix are compared as sets, so the value orders them too.
static int compare_facts(const void *left, const void *right) {
	const struct diff_fact *a = left;
	const struct diff_fact *b = right;
	int order = compare_keys(a, b);

	return order != 0 ? order : strcmp(a->value, b->value);
}

// All values of one key, joined: an effective route may be several rows.
static size_t take_value(
	const struct diff_facts *facts, size_t start, struct arena *arena, const char **value) {
	size_t end = start + 1;

	*value = facts->items[start].value;
	while (end < facts->count && compare_keys(&facts->items[start], &facts->items[end]) == 0) {
		*value = arena_printf(arena, "%s; %s", *value, facts->items[end].value);
		end++;
	}
	return end;
}

static void sort_facts(struct diff_facts *facts) {
	if (facts->count > 1)
		qsort(facts->items, facts->count, sizeof(*facts->items), compare_facts);
}

void diff_compare(
	struct diff_facts *before, struct diff_facts *after, struct arena *arena, struct diff *out) {
	size_t b = 0;
	size_t a = 0;

	sort_facts(before);
	sort_facts(after);
	*out = (struct diff){0};
	out->changes = ARENA_ARRAY(arena, struct diff_change, before->count + after->count + 1);
	while (b < before->count || a < after->count) {
		struct diff_change change = {0};
		int order = 0;
		if (b == before->count || a == after->count)
			order = a == after->count ? -1 : 1;
		else
			order = compare_keys(&before->items[b], &after->items[a]);
		const struct diff_fact *fact = order <= 0 ? &before->items[b] : &after->items[a];
		change.kind = fact->kind;
		change.where = fact->where;
		change.subject = fact->subject;
		if (order <= 0)
			b = take_value(before, b, arena, &change.before);
		if (order >= 0)
			a = take_value(after, a, arena, &change.after);
		if (order == 0 && text_equal(change.before, change.after))
			continue;
		out->changes[out->count++] = change;
		out->by_kind[change.kind]++;
	}
}
