#include "route/attributes.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/assert.h"
#include "base/digest.h"
#include "base/memory.h"

#define BUCKETS_FIRST ((size_t)64) // a power of two, as every later count

struct attributes_table {
	struct attributes **buckets;
	size_t bucket_count, count;
};

struct attributes_table *attributes_table_new(void) {
	struct attributes_table *table = memory_alloc(sizeof(*table));

	table->bucket_count = BUCKETS_FIRST;
	table->buckets = memory_alloc(memory_product(BUCKETS_FIRST, sizeof(struct attributes *)));
	return table;
}

void attributes_table_free(struct attributes_table *table) {
	if (!table)
		return;
	assert(table->count == 0);
	free(table->buckets);
	free(table);
}

size_t attributes_table_count(const struct attributes_table *table) {
	return table->count;
}

// A multiply-and-rotate step; a digest byte by byte costs five times as much on long AS paths.
static uint64_t mix(uint64_t hash, uint64_t value) {
	hash = (hash ^ value) * UINT64_C(0x9e3779b97f4a7c15);
	return hash ^ (hash >> 29);
}

static uint64_t spec_hash(const struct attributes_spec *spec) {
	uint64_t flags = (uint64_t)spec->has_med << 2 | (uint64_t)spec->has_local_preference << 1 |
		(uint64_t)spec->atomic_aggregate;
	uint64_t hash = mix((uint64_t)spec->origin << 3 | flags, spec->next_hop.hi);

	hash = mix(hash, spec->next_hop.lo);
	hash = mix(hash, (uint64_t)spec->med << 32 | spec->local_preference);
	hash = mix(hash, (uint64_t)spec->as_count << 32 | spec->community_count);
	for (size_t i = 0; i < spec->as_count; i++)
		hash = mix(hash, (uint64_t)spec->as_path[i].set << 32 | spec->as_path[i].asn);
	for (size_t i = 0; i < spec->community_count; i++)
		hash = mix(hash, spec->communities[i]);
	if (spec->unknown_bytes > 0)
		hash = mix(hash, digest_of(spec->unknown, spec->unknown_bytes));
	return hash;
}

static bool as_paths_equal(const struct attributes_spec *a, const struct attributes_spec *b) {
	if (a->as_count != b->as_count)
		return false;
	for (size_t i = 0; i < a->as_count; i++)
		if (a->as_path[i].asn != b->as_path[i].asn || a->as_path[i].set != b->as_path[i].set)
			return false;
	return true;
}

static bool bytes_equal(const void *a, const void *b, size_t length) {
	return length == 0 || memcmp(a, b, length) == 0;
}

static bool specs_equal(const struct attributes_spec *a, const struct attributes_spec *b) {
	return a->origin == b->origin && ip_equal(a->next_hop, b->next_hop) &&
		a->has_med == b->has_med && a->med == b->med &&
		a->has_local_preference == b->has_local_preference &&
		a->local_preference == b->local_preference && a->atomic_aggregate == b->atomic_aggregate &&
		as_paths_equal(a, b) && a->community_count == b->community_count &&
		bytes_equal(
			a->communities, b->communities, (size_t)a->community_count * sizeof(*a->communities)) &&
		a->unknown_bytes == b->unknown_bytes &&
		bytes_equal(a->unknown, b->unknown, a->unknown_bytes);
}

static void table_grow(struct attributes_table *table) {
	size_t larger = memory_product(table->bucket_count, 2);
	struct attributes **buckets = memory_alloc(memory_product(larger, sizeof(struct attributes *)));

	for (size_t i = 0; i < table->bucket_count; i++)
		for (struct attributes *at = table->buckets[i], *next; at; at = next) {
			next = at->next;
			at->next = buckets[at->hash & (larger - 1)];
			buckets[at->hash & (larger - 1)] = at;
		}
	free(table->buckets);
	table->buckets = buckets;
	table->bucket_count = larger;
}

// The object and its three arrays are one allocation, arrays of wider items first.
static struct attributes *attributes_copy(const struct attributes_spec *spec) {
	size_t path_bytes = (size_t)spec->as_count * sizeof(struct as_hop);
	size_t community_bytes = (size_t)spec->community_count * sizeof(uint32_t);
	struct attributes *copy =
		memory_alloc(sizeof(*copy) + path_bytes + community_bytes + spec->unknown_bytes);
	uint8_t *tail = (uint8_t *)(copy + 1);
	struct as_hop *path = (struct as_hop *)(void *)tail;

	copy->spec = *spec;
	for (size_t i = 0; i < spec->as_count; i++)
		path[i] = spec->as_path[i];
	if (community_bytes > 0)
		memcpy(tail + path_bytes, spec->communities, community_bytes);
	if (spec->unknown_bytes > 0)
		memcpy(tail + path_bytes + community_bytes, spec->unknown, spec->unknown_bytes);
	copy->spec.as_path = path;
	copy->spec.communities = (const uint32_t *)(const void *)(tail + path_bytes);
	copy->spec.unknown = tail + path_bytes + community_bytes;
	return copy;
}

struct attributes *attributes_intern(
	struct attributes_table *table, const struct attributes_spec *given) {
	struct attributes_spec spec = *given;

	assert(spec.as_count <= AS_PATH_MAX && spec.community_count <= COMMUNITIES_MAX);
	// A value behind an absent attribute must not tell two equal objects apart.
	if (!spec.has_med)
		spec.med = 0;
	if (!spec.has_local_preference)
		spec.local_preference = 0;
	uint64_t hash = spec_hash(&spec);
	for (struct attributes *at = table->buckets[hash & (table->bucket_count - 1)]; at;
		 at = at->next)
		if (at->hash == hash && specs_equal(&at->spec, &spec))
			return attributes_ref(at);
	if (table->count >= table->bucket_count)
		table_grow(table);
	struct attributes *fresh = attributes_copy(&spec);
	struct attributes **bucket = &table->buckets[hash & (table->bucket_count - 1)];
	fresh->hash = hash;
	fresh->references = 1;
	fresh->next = *bucket;
	*bucket = fresh;
	table->count++;
	return fresh;
}

struct attributes *attributes_ref(struct attributes *attributes) {
	assert(attributes->references > 0 && attributes->references < UINT32_MAX);
	attributes->references++;
	return attributes;
}

void attributes_unref(struct attributes_table *table, struct attributes *attributes) {
	if (!attributes)
		return;
	assert(attributes->references > 0);
	if (--attributes->references > 0)
		return;
	struct attributes **at = &table->buckets[attributes->hash & (table->bucket_count - 1)];
	while (*at != attributes)
		at = &(*at)->next;
	*at = attributes->next;
	table->count--;
	free(attributes);
}

unsigned as_path_length(const struct attributes *attributes) {
	const struct attributes_spec *spec = &attributes->spec;
	unsigned length = 0;

	for (size_t i = 0; i < spec->as_count; i++) {
		uint8_t set = spec->as_path[i].set;
		length += set == 0 || i == 0 || spec->as_path[i - 1].set != set;
	}
	return length;
}

unsigned as_path_occurrences(const struct attributes *attributes, uint32_t asn) {
	unsigned occurrences = 0;

	for (size_t i = 0; i < attributes->spec.as_count; i++)
		occurrences += attributes->spec.as_path[i].asn == asn;
	return occurrences;
}

bool as_path_contains(const struct attributes *attributes, uint32_t asn) {
	return as_path_occurrences(attributes, asn) > 0;
}

bool asn_is_private(uint32_t asn) {
	return (asn >= 64512 && asn <= 65534) || (asn >= 4200000000u && asn <= 4294967294u);
}

bool attributes_has_community(const struct attributes *attributes, uint32_t community) {
	for (size_t i = 0; i < attributes->spec.community_count; i++)
		if (attributes->spec.communities[i] == community)
			return true;
	return false;
}

void as_path_format(const struct attributes *attributes, const char *separator, struct text *out) {
	const struct attributes_spec *spec = &attributes->spec;

	for (size_t i = 0; i < spec->as_count; i++) {
		uint8_t set = spec->as_path[i].set;
		bool goes_on = set != 0 && i > 0 && spec->as_path[i - 1].set == set;
		bool ends = i + 1 == spec->as_count || spec->as_path[i + 1].set != set;
		if (i > 0)
			text_add(out, goes_on ? "," : separator);
		text_printf(out, "%s%u%s", set != 0 && !goes_on ? "{" : "", spec->as_path[i].asn,
			set != 0 && ends ? "}" : "");
	}
}

struct named_community {
	const char *name;
	uint32_t value;
};

static const struct named_community NAMED_COMMUNITIES[] = {
	// RFC 1997
	{"no-export", COMMUNITY_NO_EXPORT},
	{"no-advertise", COMMUNITY_NO_ADVERTISE},
};
#define NAMED_COMMUNITY_COUNT (sizeof(NAMED_COMMUNITIES) / sizeof(NAMED_COMMUNITIES[0]))

// Longest half: "65535".
#define COMMUNITY_HALF_CHARS 5

static int community_half(const char *text, size_t length, long long *out) {
	char half[COMMUNITY_HALF_CHARS + 1] = {0};

	if (length == 0 || length > COMMUNITY_HALF_CHARS)
		return -EINVAL;
	memcpy(half, text, length);
	return text_to_int(half, 0, UINT16_MAX, out) == 0 ? 0 : -EINVAL;
}

int community_parse(const char *text, uint32_t *out) {
	const char *colon = strchr(text, ':');
	long long high, low;

	for (size_t i = 0; i < NAMED_COMMUNITY_COUNT; i++)
		if (text_equal(NAMED_COMMUNITIES[i].name, text)) {
			*out = NAMED_COMMUNITIES[i].value;
			return 0;
		}
	if (!colon || community_half(text, (size_t)(colon - text), &high) < 0 ||
		community_half(colon + 1, strlen(colon + 1), &low) < 0)
		return -EINVAL;
	*out = (uint32_t)high << 16 | (uint32_t)low;
	return 0;
}

void community_format(uint32_t community, struct text *out) {
	for (size_t i = 0; i < NAMED_COMMUNITY_COUNT; i++)
		if (NAMED_COMMUNITIES[i].value == community) {
			text_add(out, NAMED_COMMUNITIES[i].name);
			return;
		}
	text_printf(out, "%u:%u", community >> 16, community & 0xffff);
}
