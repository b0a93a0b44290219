// BGP path attributes as values: interned, counted, never changed once made.
//
// Two paths with the same attributes share one object, so comparing pointers compares attributes
// and a hundred thousand routes of one peer cost one AS path.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/text.h"
#include "net/ip.h"

enum route_origin { // RFC 4271 4.3
	ORIGIN_IGP = 0,
	ORIGIN_EGP = 1,
	ORIGIN_INCOMPLETE = 2,
};

#define AS_PATH_MAX 255 // ASNs a path may hold
#define COMMUNITIES_MAX 255
#define ATTRIBUTES_UNKNOWN_MAX 1024 // bytes of unknown attributes; with the rest they fit a message

// One AS of a path. Members of an AS_SET carry the same non-zero `set` number; they count as one
// hop together (RFC 4271 9.1.2.2 a).
struct as_hop {
	uint32_t asn;
	uint8_t set;
};

// What a caller fills in to ask for interned attributes.
struct attributes_spec {
	enum route_origin origin;
	struct ip next_hop; // IP_NONE: this speaker itself
	bool has_med, has_local_preference, atomic_aggregate;
	uint32_t med, local_preference;
	uint16_t as_count, community_count, unknown_bytes;
	const struct as_hop *as_path; // nearest AS first
	const uint32_t *communities;  // sorted, without duplicates: AS in the high half
	const uint8_t *unknown; // optional transitive attributes passed on as they came, wire form
};

struct attributes {
	struct attributes_spec spec; // its arrays belong to this object
	uint32_t references;
	uint64_t hash;
	struct attributes *next; // in the table
};

struct attributes_table;

struct attributes_table *attributes_table_new(void);
void attributes_table_free(struct attributes_table *table); // every reference must be gone

// A counted reference to attributes equal to `spec`, whose arrays are copied.
struct attributes *attributes_intern(
	struct attributes_table *table, const struct attributes_spec *spec);
struct attributes *attributes_ref(struct attributes *attributes);
void attributes_unref(
	struct attributes_table *table, struct attributes *attributes); // NULL is fine
size_t attributes_table_count(const struct attributes_table *table);

// Hops as the decision counts them.
unsigned as_path_length(const struct attributes *attributes);
bool as_path_contains(const struct attributes *attributes, uint32_t asn);
unsigned as_path_occurrences(const struct attributes *attributes, uint32_t asn);
// 64512..65534 and 4200000000..4294967294 (RFC 6996), which is what equipment strips.
bool asn_is_private(uint32_t asn);
bool attributes_has_community(const struct attributes *attributes, uint32_t community);
// ASNs joined by `separator`; sets as {a,b}.
void as_path_format(const struct attributes *attributes, const char *separator, struct text *out);

// "65000:100", "no-export", "no-advertise". -EINVAL otherwise.
int community_parse(const char *text, uint32_t *out);
void community_format(uint32_t community, struct text *out); // the inverse
#define COMMUNITY_NO_EXPORT 0xffffff01u
#define COMMUNITY_NO_ADVERTISE 0xffffff02u
