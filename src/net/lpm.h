// Longest-prefix match over both families: prefixes to 32-bit values.
//
// Built for many reads: lookups touch a few cache lines, take no lock and allocate nothing. Every
// lookup exists twice, compiled from one body: the plain one for packets, and one that also
// narrows a scope to the box of destinations that get this same answer.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "net/ip.h"

struct lpm;

// A value no prefix may have: "nothing matches".
#define LPM_NONE UINT32_MAX

struct lpm *lpm_new(void);
void lpm_free(struct lpm *lpm); // NULL is fine

// Sets the value of a prefix, replacing an old one. value != LPM_NONE.
void lpm_insert(struct lpm *lpm, struct prefix prefix, uint32_t value);
// -ENOENT when the prefix was not there.
int lpm_remove(struct lpm *lpm, struct prefix prefix);
// The value of exactly this prefix, or LPM_NONE.
uint32_t lpm_get(const struct lpm *lpm, struct prefix prefix);

struct lpm_match {
	uint32_t value; // LPM_NONE when nothing matches
	uint8_t bits;   // length of the matched prefix in 128-bit terms, 0 when none
};

// The longest prefix that holds `address`. A 0.0.0.0/0 (bits 96) and a ::/0 are kept apart: ::/0
// never matches an IPv4 address.
struct lpm_match lpm_lookup(const struct lpm *lpm, struct ip address);

// The same, and *same becomes the largest prefix around `address`, inside the `*same` given, whose
// addresses all get this answer: same value, same bits. `address` lies in the `*same` given. As
// everywhere, an IPv6 prefix stands for its IPv6 addresses only.
struct lpm_match lpm_lookup_scope(const struct lpm *lpm, struct ip address, struct prefix *same);

// The longest of the prefixes that hold `address` and are at most `max_bits` long.
struct lpm_match lpm_lookup_at_most(const struct lpm *lpm, struct ip address, unsigned max_bits);

size_t lpm_count(const struct lpm *lpm);
// Heap bytes held: about 180 for an empty table, 70 to 100 a route in a large one.
size_t lpm_used_bytes(const struct lpm *lpm);

// Calls `visit` for each prefix in prefix_compare order; stops early when it returns false. The
// table must not change meanwhile.
typedef bool lpm_visit_fn(void *owner, struct prefix prefix, uint32_t value);
void lpm_walk(const struct lpm *lpm, lpm_visit_fn *visit, void *owner);
