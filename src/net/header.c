#include "net/header.h"

#include "base/assert.h"

typedef unsigned __int128 u128;

// Odd constants without structure: the golden ratio and the two of SplitMix64's finalizer.
#define HASH_GOLDEN UINT64_C(0x9e3779b97f4a7c15)
#define HASH_MIX_A UINT64_C(0xbf58476d1ce4e5b9)
#define HASH_MIX_B UINT64_C(0x94d049bb133111eb)

// The multiplication carries a word's low bits up, the shift brings the high ones down.
static uint64_t hash_add(uint64_t hash, uint64_t word) {
	hash = (hash ^ word) * HASH_MIX_A;
	return hash ^ (hash >> 32);
}

static uint64_t hash_finish(uint64_t hash) {
	hash = (hash ^ (hash >> 30)) * HASH_MIX_A;
	hash = (hash ^ (hash >> 27)) * HASH_MIX_B;
	return hash ^ (hash >> 31);
}

uint64_t flow_hash(const struct flow_key *key, uint64_t seed) {
	bool has_ports = key->protocol == PROTOCOL_TCP || key->protocol == PROTOCOL_UDP;
	uint64_t rest = 0;

	if (!key->is_fragment) {
		// Bit 40 keeps "protocol 0" apart from a fragment.
		rest = UINT64_C(1) << 40 | (uint64_t)key->protocol << 32;
		if (has_ports)
			rest |= (uint64_t)key->source_port << 16 | key->destination_port;
	}

	// The seed is mixed first, so that neighbouring seeds choose independently: routers in a row
	// that hashed alike would use only some of their paths.
	uint64_t hash = hash_finish(seed + HASH_GOLDEN);
	if (ip_is_v4(key->source) && ip_is_v4(key->destination)) {
		hash = hash_add(hash, (uint64_t)ip_v4(key->source) << 32 | ip_v4(key->destination));
	} else {
		hash = hash_add(hash, key->source.hi);
		hash = hash_add(hash, key->source.lo);
		hash = hash_add(hash, key->destination.hi);
		hash = hash_add(hash, key->destination.lo);
	}
	return hash_finish(hash_add(hash, rest));
}

static struct header_box box_of_addresses(struct ip low, struct ip high) {
	return (struct header_box){
		.source_low = low,
		.source_high = high,
		.destination_low = low,
		.destination_high = high,
		.protocol_high = UINT8_MAX,
		.source_port_high = UINT16_MAX,
		.destination_port_high = UINT16_MAX,
	};
}

struct header_box header_box_all_v4(void) {
	return box_of_addresses(ip_of_v4(0), ip_of_v4(UINT32_MAX));
}

struct header_box header_box_all_v6(void) {
	struct ip first = {0, UINT64_C(1) << 48};
	return box_of_addresses(first, (struct ip){UINT64_MAX, UINT64_MAX});
}

struct header_box header_box_of(const struct flow_key *key) {
	return (struct header_box){
		.source_low = key->source,
		.source_high = key->source,
		.destination_low = key->destination,
		.destination_high = key->destination,
		.protocol_low = key->protocol,
		.protocol_high = key->protocol,
		.source_port_low = key->source_port,
		.source_port_high = key->source_port,
		.destination_port_low = key->destination_port,
		.destination_port_high = key->destination_port,
	};
}

static bool ip_is_between(struct ip a, struct ip low, struct ip high) {
	return ip_compare(a, low) >= 0 && ip_compare(a, high) <= 0;
}

bool header_box_contains(const struct header_box *box, const struct flow_key *key) {
	return key->destination_port >= box->destination_port_low &&
		key->destination_port <= box->destination_port_high && key->protocol >= box->protocol_low &&
		key->protocol <= box->protocol_high && key->source_port >= box->source_port_low &&
		key->source_port <= box->source_port_high &&
		ip_is_between(key->destination, box->destination_low, box->destination_high) &&
		ip_is_between(key->source, box->source_low, box->source_high);
}

static struct ip ip_larger(struct ip a, struct ip b) {
	return ip_compare(a, b) > 0 ? a : b;
}

static struct ip ip_smaller(struct ip a, struct ip b) {
	return ip_compare(a, b) < 0 ? a : b;
}

static uint16_t larger(uint16_t a, uint16_t b) {
	return a > b ? a : b;
}

static uint16_t smaller(uint16_t a, uint16_t b) {
	return a < b ? a : b;
}

bool header_box_intersect(
	const struct header_box *a, const struct header_box *b, struct header_box *out) {
	struct header_box box = {
		.source_low = ip_larger(a->source_low, b->source_low),
		.source_high = ip_smaller(a->source_high, b->source_high),
		.destination_low = ip_larger(a->destination_low, b->destination_low),
		.destination_high = ip_smaller(a->destination_high, b->destination_high),
		.protocol_low = (uint8_t)larger(a->protocol_low, b->protocol_low),
		.protocol_high = (uint8_t)smaller(a->protocol_high, b->protocol_high),
		.source_port_low = larger(a->source_port_low, b->source_port_low),
		.source_port_high = smaller(a->source_port_high, b->source_port_high),
		.destination_port_low = larger(a->destination_port_low, b->destination_port_low),
		.destination_port_high = smaller(a->destination_port_high, b->destination_port_high),
	};

	if (ip_compare(box.source_low, box.source_high) > 0 ||
		ip_compare(box.destination_low, box.destination_high) > 0 ||
		box.protocol_low > box.protocol_high || box.source_port_low > box.source_port_high ||
		box.destination_port_low > box.destination_port_high)
		return false;
	*out = box;
	return true;
}

bool header_box_equal(const struct header_box *a, const struct header_box *b) {
	return ip_equal(a->source_low, b->source_low) && ip_equal(a->source_high, b->source_high) &&
		ip_equal(a->destination_low, b->destination_low) &&
		ip_equal(a->destination_high, b->destination_high) && a->protocol_low == b->protocol_low &&
		a->protocol_high == b->protocol_high && a->source_port_low == b->source_port_low &&
		a->source_port_high == b->source_port_high &&
		a->destination_port_low == b->destination_port_low &&
		a->destination_port_high == b->destination_port_high;
}

struct flow_key header_box_corner(const struct header_box *box) {
	return (struct flow_key){
		.source = box->source_low,
		.destination = box->destination_low,
		.protocol = box->protocol_low,
		.source_port = box->source_port_low,
		.destination_port = box->destination_port_low,
	};
}

// log2(difference + 1). The whole part by position, the rest by squaring, one binary digit each,
// so that no report needs the mathematics library.
static double log2_of_width(u128 difference) {
	if (difference == ~(u128)0)
		return 128;
	u128 width = difference + 1;
	double whole = 0;
	for (u128 left = width; left > 1; left >>= 1)
		whole++;
	double rest = (double)width;
	for (double i = whole; i > 0; i--)
		rest /= 2;
	double digit = 0.5;
	for (int i = 0; i < 40; i++, digit /= 2) {
		rest *= rest;
		if (rest >= 2) {
			rest /= 2;
			whole += digit;
		}
	}
	return whole;
}

static u128 ip_difference(struct ip high, struct ip low) {
	return ((u128)high.hi << 64 | high.lo) - ((u128)low.hi << 64 | low.lo);
}

double header_box_log2_size(const struct header_box *box) {
	return log2_of_width(ip_difference(box->source_high, box->source_low)) +
		log2_of_width(ip_difference(box->destination_high, box->destination_low)) +
		log2_of_width((u128)(box->protocol_high - box->protocol_low)) +
		log2_of_width((u128)(box->source_port_high - box->source_port_low)) +
		log2_of_width((u128)(box->destination_port_high - box->destination_port_low));
}

// Cuts from `rest` what lies below and above `inner` in one field, appending the pieces; `rest`
// then agrees with `inner` there. `up` and `down` give a value's neighbours.
#define CUT(field, is_less, up, down)                            \
	do {                                                         \
		if (is_less(rest.field##_low, inner.field##_low)) {      \
			out[count] = rest;                                   \
			out[count++].field##_high = down(inner.field##_low); \
			rest.field##_low = inner.field##_low;                \
		}                                                        \
		if (is_less(inner.field##_high, rest.field##_high)) {    \
			out[count] = rest;                                   \
			out[count++].field##_low = up(inner.field##_high);   \
			rest.field##_high = inner.field##_high;              \
		}                                                        \
	} while (0)

#define IP_LESS(a, b) (ip_compare((a), (b)) < 0)
#define LESS(a, b) ((a) < (b))
#define UP_8(a) ((uint8_t)((a) + 1))
#define DOWN_8(a) ((uint8_t)((a)-1))
#define UP_16(a) ((uint16_t)((a) + 1))
#define DOWN_16(a) ((uint16_t)((a)-1))

size_t header_box_subtract(const struct header_box *a, const struct header_box *b,
	struct header_box out[HEADER_BOX_PIECES]) {
	struct header_box rest = *a;
	struct header_box inner;
	size_t count = 0;

	if (!header_box_intersect(a, b, &inner)) {
		out[0] = rest;
		return 1;
	}
	CUT(destination, IP_LESS, ip_next, ip_previous);
	CUT(source, IP_LESS, ip_next, ip_previous);
	CUT(protocol, LESS, UP_8, DOWN_8);
	CUT(destination_port, LESS, UP_16, DOWN_16);
	CUT(source_port, LESS, UP_16, DOWN_16);
	return count;
}

static void narrow(struct ip *low, struct ip *high, struct prefix same) {
	*low = ip_larger(*low, prefix_first(same));
	*high = ip_smaller(*high, prefix_last(same));
	assert(ip_compare(*low, *high) <= 0);
}

void header_box_narrow_source(struct header_box *box, struct prefix same) {
	narrow(&box->source_low, &box->source_high, same);
}

void header_box_narrow_destination(struct header_box *box, struct prefix same) {
	narrow(&box->destination_low, &box->destination_high, same);
}
