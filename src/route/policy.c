#include "route/policy.h"

#include <errno.h>
#include <regex.h>
#include <stdlib.h>
#include <string.h>

#include "base/assert.h"
#include "base/memory.h"
#include "base/text.h"

#define REGEX_CHARS_MAX 512

struct policy {
	size_t references;
	struct arena *arena; // owns the terms and their arrays
	struct policy_term *terms;
	regex_t *regexes; // one per term; valid where the term has an as_path_regex
	size_t count;
	enum policy_verdict fallback;
};

// Cisco's `_` stands for the beginning, the end, or what separates two ASNs. Braces are what
// surrounds an AS_SET, not repetition, and back-references do not exist: neither can then make a
// match expensive.
static int regex_translate(const char *from, struct text *out) {
	bool in_brackets = false;

	if (strlen(from) > REGEX_CHARS_MAX)
		return -EINVAL;
	for (const char *at = from; *at; at++) {
		if (in_brackets) {
			in_brackets = *at != ']';
			text_add_char(out, *at);
		} else if (*at == '\\') {
			at++;
			if (*at == '\0' || (*at >= '0' && *at <= '9'))
				return -EINVAL;
			text_add_char(out, '\\');
			text_add_char(out, *at);
		} else if (*at == '[') {
			in_brackets = true;
			text_add_char(out, '[');
			if (at[1] == '^')
				text_add_char(out, *++at);
			if (at[1] == ']') // a bracket right behind the opening one is a member
				text_add_char(out, *++at);
		} else if (*at == '_') {
			text_add(out, "(^|[ ,{}]|$)");
		} else if (*at == '{' || *at == '}') {
			text_add_char(out, '\\');
			text_add_char(out, *at);
		} else {
			text_add_char(out, *at);
		}
	}
	return in_brackets ? -EINVAL : 0;
}

static int regex_compile(const char *from, regex_t *out) {
	struct text translated;

	text_init(&translated);
	int error = regex_translate(from, &translated);
	if (error == 0 && regcomp(out, text_chars(&translated), REG_EXTENDED | REG_NOSUB) != 0)
		error = -EINVAL;
	text_done(&translated);
	return error;
}

static void *array_copy(struct arena *arena, const void *items, size_t count, size_t item_bytes) {
	if (count == 0)
		return NULL;
	void *copy = arena_alloc(arena, memory_product(count, item_bytes));
	memcpy(copy, items, count * item_bytes);
	return copy;
}

#define ARRAY_COPY(arena, items, count) \
	((items) = array_copy((arena), (items), (count), sizeof(*(items))))

static void term_copy(struct arena *arena, struct policy_term *term) {
	ARRAY_COPY(arena, term->prefixes, term->prefix_count);
	ARRAY_COPY(arena, term->except_prefixes, term->except_prefix_count);
	ARRAY_COPY(arena, term->communities, term->community_count);
	ARRAY_COPY(arena, term->prepend, term->prepend_count);
	ARRAY_COPY(arena, term->strip_asns, term->strip_asn_count);
	ARRAY_COPY(arena, term->add_communities, term->add_community_count);
	if (term->as_path_regex)
		term->as_path_regex = arena_strdup(arena, term->as_path_regex);
	if (term->reference)
		term->reference = arena_strdup(arena, term->reference);
}

static void policy_destroy(struct policy *policy) {
	for (size_t i = 0; i < policy->count; i++)
		if (policy->terms[i].as_path_regex)
			regfree(&policy->regexes[i]);
	arena_free(policy->arena);
	free(policy);
}

int policy_new(const struct policy_term *terms, size_t count, enum policy_verdict fallback,
	struct policy **out, size_t *bad_term) {
	struct policy *policy = memory_alloc(sizeof(*policy));

	assert(fallback != POLICY_NEXT);
	policy->references = 1;
	policy->fallback = fallback;
	policy->arena = arena_new();
	policy->terms = ARENA_ARRAY(policy->arena, struct policy_term, count);
	policy->regexes = ARENA_ARRAY(policy->arena, regex_t, count);
	for (size_t i = 0; i < count; i++) {
		policy->terms[i] = terms[i];
		term_copy(policy->arena, &policy->terms[i]);
		if (terms[i].as_path_regex &&
			regex_compile(terms[i].as_path_regex, &policy->regexes[i]) < 0) {
			policy_destroy(policy); // counts only the terms before this one
			*bad_term = i;
			return -EINVAL;
		}
		policy->count++;
	}
	*out = policy;
	return 0;
}

struct policy *policy_ref(struct policy *policy) {
	if (policy)
		policy->references++;
	return policy;
}

void policy_unref(struct policy *policy) {
	if (!policy)
		return;
	assert(policy->references > 0);
	if (--policy->references == 0)
		policy_destroy(policy);
}

const struct policy_term *policy_term_at(const struct policy *policy, size_t index) {
	return policy && index < policy->count ? &policy->terms[index] : NULL;
}

static bool prefixes_hold(const struct policy_prefix *list, size_t count, struct prefix prefix) {
	unsigned length = prefix_length(prefix);

	for (size_t i = 0; i < count; i++)
		if (length >= list[i].min_length && length <= list[i].max_length &&
			prefix_is_v4(list[i].prefix) == prefix_is_v4(prefix) &&
			prefix_covers(list[i].prefix, prefix))
			return true;
	return false;
}

static bool regex_matches(const regex_t *regex, const struct attributes *attributes) {
	struct text path;

	text_init(&path);
	if (attributes)
		as_path_format(attributes, " ", &path);
	bool matches = regexec(regex, text_chars(&path), 0, NULL, 0) == 0;
	text_done(&path);
	return matches;
}

static bool has_any_community(const struct policy_term *term, const struct attributes *attributes) {
	for (size_t i = 0; attributes && i < term->community_count; i++)
		if (attributes_has_community(attributes, term->communities[i]))
			return true;
	return false;
}

// Cheap matches come first.
static bool term_matches(
	const struct policy *policy, size_t index, const struct policy_route *route) {
	const struct policy_term *term = &policy->terms[index];

	if ((term->match_flags & POLICY_MATCH_TAG) && route->tag != term->match_tag)
		return false;
	if ((term->match_flags & POLICY_MATCH_SOURCES) && !(term->match_sources >> route->kind & 1))
		return false;
	if (term->prefix_count > 0 && !prefixes_hold(term->prefixes, term->prefix_count, route->prefix))
		return false;
	if (prefixes_hold(term->except_prefixes, term->except_prefix_count, route->prefix))
		return false;
	if (term->community_count > 0 && !has_any_community(term, route->attributes))
		return false;
	return !term->as_path_regex || regex_matches(&policy->regexes[index], route->attributes);
}

static bool asn_in(const uint32_t *list, size_t count, uint32_t asn) {
	for (size_t i = 0; i < count; i++)
		if (list[i] == asn)
			return true;
	return false;
}

// What does not fit a path any more is left off at its far end, so that a prepend always counts.
static uint16_t rewrite_as_path(const struct policy_term *term, const struct attributes_spec *spec,
	struct as_hop out[AS_PATH_MAX]) {
	size_t count = 0;

	for (size_t i = 0; i < term->prepend_count && count < AS_PATH_MAX; i++)
		out[count++] = (struct as_hop){.asn = term->prepend[i]};
	for (size_t i = 0; i < spec->as_count && count < AS_PATH_MAX; i++)
		if (!asn_in(term->strip_asns, term->strip_asn_count, spec->as_path[i].asn))
			out[count++] = spec->as_path[i];
	return (uint16_t)count;
}

static int compare_u32(const void *a, const void *b) {
	const uint32_t *x = a;
	const uint32_t *y = b;

	return (*x > *y) - (*x < *y);
}

static uint16_t rewrite_communities(const struct policy_term *term,
	const struct attributes_spec *spec, uint32_t out[COMMUNITIES_MAX]) {
	size_t count = 0;
	size_t kept = 0;

	if (!(term->set_flags & POLICY_REPLACE_COMMUNITIES))
		for (; count < spec->community_count; count++)
			out[count] = spec->communities[count];
	for (size_t i = 0; i < term->add_community_count && count < COMMUNITIES_MAX; i++)
		out[count++] = term->add_communities[i];
	qsort(out, count, sizeof(*out), compare_u32);
	for (size_t i = 0; i < count; i++)
		if (i == 0 || out[i] != out[i - 1])
			out[kept++] = out[i];
	return (uint16_t)kept;
}

static bool term_sets_attributes(const struct policy_term *term) {
	const uint32_t flags = POLICY_SET_LOCAL_PREFERENCE | POLICY_SET_MED | POLICY_SET_NEXT_HOP |
		POLICY_REPLACE_COMMUNITIES;

	return (term->set_flags & flags) || term->prepend_count > 0 || term->strip_asn_count > 0 ||
		term->add_community_count > 0;
}

static void set_attributes(
	const struct policy_term *term, struct attributes_table *table, struct policy_route *route) {
	struct as_hop as_path[AS_PATH_MAX];
	uint32_t communities[COMMUNITIES_MAX];
	struct attributes_spec spec = route->attributes->spec;

	spec.as_count = rewrite_as_path(term, &route->attributes->spec, as_path);
	spec.as_path = as_path;
	spec.community_count = rewrite_communities(term, &route->attributes->spec, communities);
	spec.communities = communities;
	if (term->set_flags & POLICY_SET_LOCAL_PREFERENCE) {
		spec.has_local_preference = true;
		spec.local_preference = term->local_preference;
	}
	if (term->set_flags & POLICY_SET_MED) {
		spec.has_med = true;
		spec.med = term->med;
	}
	if (term->set_flags & POLICY_SET_NEXT_HOP)
		spec.next_hop = term->next_hop;
	struct attributes *changed = attributes_intern(table, &spec);
	attributes_unref(table, route->attributes);
	route->attributes = changed;
}

static void term_set(
	const struct policy_term *term, struct attributes_table *table, struct policy_route *route) {
	uint32_t flags = term->set_flags;

	if (route->attributes && term_sets_attributes(term))
		set_attributes(term, table, route);
	if (flags & POLICY_SET_WEIGHT)
		route->weight = term->weight;
	if (flags & POLICY_SET_TAG)
		route->tag = term->tag;
	// The later of two next hops wins, whichever way it was given.
	if (flags & POLICY_SET_NEXT_HOP)
		route->next_hop_self = false;
	if (flags & POLICY_SET_NEXT_HOP_SELF)
		route->next_hop_self = true;
	route->never_best |= (flags & POLICY_SET_NEVER_BEST) != 0;
	route->no_forwarding |= (flags & POLICY_SET_NO_FORWARDING) != 0;
}

enum policy_verdict policy_apply(const struct policy *policy, struct attributes_table *table,
	struct policy_route *route, size_t *term) {
	if (!policy) {
		*term = 0;
		return POLICY_ACCEPT;
	}
	for (size_t i = 0; i < policy->count; i++) {
		if (!term_matches(policy, i, route))
			continue;
		*term = i;
		if (policy->terms[i].verdict == POLICY_REJECT)
			return POLICY_REJECT;
		term_set(&policy->terms[i], table, route);
		if (policy->terms[i].verdict == POLICY_ACCEPT)
			return POLICY_ACCEPT;
	}
	*term = policy->count;
	return policy->fallback;
}
