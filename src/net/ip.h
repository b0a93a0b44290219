// Addresses and prefixes of both families, as values.
//
// An address is 128 bits; an IPv4 address is held as its IPv4-mapped form ::ffff:a.b.c.d
// (RFC 4291 2.5.5.2), so one lookup, one rule list and one header box serve both families.
// The all-zero value means "none"; `::` itself is never a host's address.
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct ip {
	uint64_t hi, lo; // host order: hi holds the first eight bytes
};

#define IP_NONE ((struct ip){0, 0})
#define IP_V4_MAPPED UINT64_C(0x0000ffff00000000)

static inline struct ip ip_of_v4(uint32_t address) {
	return (struct ip){0, IP_V4_MAPPED | address};
}

static inline bool ip_is_v4(struct ip a) {
	return a.hi == 0 && (a.lo >> 32) == 0xffff;
}

static inline uint32_t ip_v4(struct ip a) {
	return (uint32_t)a.lo;
}

static inline bool ip_equal(struct ip a, struct ip b) {
	return a.hi == b.hi && a.lo == b.lo;
}

static inline bool ip_is_none(struct ip a) {
	return a.hi == 0 && a.lo == 0;
}

static inline int ip_compare(struct ip a, struct ip b) {
	if (a.hi != b.hi)
		return a.hi < b.hi ? -1 : 1;
	return a.lo < b.lo ? -1 : a.lo > b.lo;
}

struct ip ip_next(struct ip a);     // a + 1, wraps
struct ip ip_previous(struct ip a); // a - 1, wraps
struct ip ip_plus(struct ip a, uint64_t offset);

static inline bool ip_is_multicast(struct ip a) {
	return ip_is_v4(a) ? ip_v4(a) >> 28 == 0xe : a.hi >> 56 == 0xff;
}

bool ip_is_link_local(struct ip a); // 169.254.0.0/16 and fe80::/10
bool ip_is_loopback(struct ip a);
// Broadcast 255.255.255.255 or an unspecified address (0.0.0.0, ::).
static inline bool ip_is_unusable_host(struct ip a) {
	return ip_is_none(a) || (ip_is_v4(a) && (ip_v4(a) == 0 || ip_v4(a) == UINT32_MAX));
}

// Network-order bytes, 4 or 16 by family.
void ip_read_v4(struct ip *out, const uint8_t bytes[4]);
void ip_read_v6(struct ip *out, const uint8_t bytes[16]);
void ip_write_v4(struct ip a, uint8_t bytes[4]);
void ip_write_v6(struct ip a, uint8_t bytes[16]);

// -EINVAL when the text is not an address of either family (no leading zeros, RFC 6943 3.1.1). An
// IPv4-mapped address has to be written as the IPv4 address it is, so that each has one spelling.
int ip_parse(const char *text, struct ip *out);

#define IP_TEXT_BYTES 48
// RFC 5952 form. Returns `out`.
const char *ip_format(struct ip a, char out[IP_TEXT_BYTES]);

// A prefix. `bits` counts in the 128-bit form: an IPv4 /24 has bits 120. Host bits are zero.
struct prefix {
	struct ip base;
	uint8_t bits;
};

#define PREFIX_V4_BITS 96 // what an IPv4 length adds up from

static inline bool prefix_is_v4(struct prefix p) {
	return p.bits >= PREFIX_V4_BITS && ip_is_v4(p.base);
}

// The family's own length: 24 for 10.0.0.0/24.
static inline unsigned prefix_length(struct prefix p) {
	return prefix_is_v4(p) ? p.bits - PREFIX_V4_BITS : p.bits;
}

struct ip ip_mask(unsigned bits);                       // the first `bits` bits set
struct prefix prefix_of(struct ip base, unsigned bits); // clears the host bits
struct prefix prefix_host(struct ip a);                 // /32 or /128
struct prefix prefix_default_v4(void);                  // 0.0.0.0/0
struct prefix prefix_default_v6(void);                  // ::/0
bool prefix_is_default(struct prefix p);
// A prefix holds addresses of its own family only: ::/0 contains no IPv4 address.
bool prefix_contains(struct prefix p, struct ip a);
// `inner` is equal to `outer` or lies inside it.
bool prefix_covers(struct prefix outer, struct prefix inner);
bool prefix_overlaps(struct prefix a, struct prefix b);
bool prefix_equal(struct prefix a, struct prefix b);
// By family, base, then length: the order tables are printed in.
int prefix_compare(struct prefix a, struct prefix b);
struct ip prefix_first(struct prefix p);
struct ip prefix_last(struct prefix p);

// "10.0.0.0/24", "fd00::/8"; a bare address is its host prefix. -EINVAL when it is not one, -EDOM
// when host bits are set (then *out is the prefix with them cleared, for the message).
int prefix_parse(const char *text, struct prefix *out);
// As above but host bits are the address: "192.168.0.1/31" gives both.
int prefix_parse_interface(const char *text, struct ip *address, struct prefix *network);

#define PREFIX_TEXT_BYTES (IP_TEXT_BYTES + 4)
const char *prefix_format(struct prefix p, char out[PREFIX_TEXT_BYTES]);
