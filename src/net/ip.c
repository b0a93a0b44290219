#include "net/ip.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/assert.h"
#include "base/wire.h"

#define V6_GROUPS 8

struct ip ip_plus(struct ip a, uint64_t offset) {
	uint64_t lo = a.lo + offset;
	return (struct ip){a.hi + (lo < offset), lo};
}

struct ip ip_next(struct ip a) {
	return ip_plus(a, 1);
}

struct ip ip_previous(struct ip a) {
	return (struct ip){a.hi - (a.lo == 0), a.lo - 1};
}

bool ip_is_link_local(struct ip a) {
	return ip_is_v4(a) ? ip_v4(a) >> 16 == 0xa9fe : a.hi >> 54 == 0xfe80 >> 6;
}

bool ip_is_loopback(struct ip a) {
	return ip_is_v4(a) ? ip_v4(a) >> 24 == 127 : a.hi == 0 && a.lo == 1;
}

void ip_read_v4(struct ip *out, const uint8_t bytes[4]) {
	*out = ip_of_v4(get_u32(bytes));
}

void ip_read_v6(struct ip *out, const uint8_t bytes[16]) {
	*out = (struct ip){get_u64(bytes), get_u64(bytes + 8)};
}

void ip_write_v4(struct ip a, uint8_t bytes[4]) {
	put_u32(bytes, ip_v4(a));
}

void ip_write_v6(struct ip a, uint8_t bytes[16]) {
	put_u64(bytes, a.hi);
	put_u64(bytes + 8, a.lo);
}

// The read_ functions below move *at behind what they read, or leave it when they return false.

// A number of at most three digits without leading zeros.
static bool read_decimal(const char **at, unsigned max, unsigned *out) {
	unsigned value = 0;
	size_t digits = 0;

	for (; (*at)[digits] >= '0' && (*at)[digits] <= '9'; digits++) {
		if (digits == 3 || (digits == 1 && value == 0))
			return false;
		value = value * 10 + (unsigned)((*at)[digits] - '0');
	}
	if (digits == 0 || value > max)
		return false;
	*at += digits;
	*out = value;
	return true;
}

static bool read_v4_text(const char **at, uint32_t *out) {
	const char *p = *at;
	uint32_t address = 0;

	for (unsigned i = 0; i < 4; i++) {
		unsigned octet;
		if (i > 0 && *p++ != '.')
			return false;
		if (!read_decimal(&p, 255, &octet))
			return false;
		address = address << 8 | octet;
	}
	*at = p;
	*out = address;
	return true;
}

static int hex_digit(char c) {
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

// One to four hexadecimal digits (RFC 4291 2.2).
static bool read_group(const char **at, uint16_t *out) {
	unsigned value = 0;
	size_t digits = 0;

	for (; hex_digit((*at)[digits]) >= 0; digits++) {
		if (digits == 4)
			return false;
		value = value << 4 | (unsigned)hex_digit((*at)[digits]);
	}
	if (digits == 0)
		return false;
	*at += digits;
	*out = (uint16_t)value;
	return true;
}

// The groups of an IPv6 address as written, and before which of them the "::" stood.
struct group_list {
	uint16_t items[V6_GROUPS];
	unsigned count;
	unsigned gap;
	bool has_gap;
};

static bool read_groups(const char **at, struct group_list *list) {
	const char *p = *at;

	if (p[0] == ':' && p[1] == ':') {
		list->has_gap = true;
		p += 2;
	}
	while (list->count < V6_GROUPS) {
		uint32_t v4;
		if (list->count <= V6_GROUPS - 2 && read_v4_text(&p, &v4)) {
			list->items[list->count++] = (uint16_t)(v4 >> 16);
			list->items[list->count++] = (uint16_t)v4;
			break;
		}
		if (!read_group(&p, &list->items[list->count])) {
			// Only a "::" may end an address.
			if (!list->has_gap || list->gap != list->count)
				return false;
			break;
		}
		list->count++;
		if (list->count == V6_GROUPS || *p != ':')
			break;
		p++;
		if (*p == ':') {
			if (list->has_gap)
				return false;
			list->has_gap = true;
			list->gap = list->count;
			p++;
		}
	}
	*at = p;
	return true;
}

static bool read_v6_text(const char **at, struct ip *out) {
	struct group_list list = {0};
	const char *p = *at;
	uint8_t bytes[2 * V6_GROUPS] = {0};
	struct ip address;

	if (!read_groups(&p, &list))
		return false;
	// A "::" stands for at least one group; without it all eight are written.
	if (list.has_gap ? list.count == V6_GROUPS : list.count != V6_GROUPS)
		return false;
	unsigned missing = V6_GROUPS - list.count;
	for (unsigned i = 0; i < list.count; i++) {
		unsigned place = list.has_gap && i >= list.gap ? i + missing : i;
		put_u16(bytes + (size_t)2 * place, list.items[i]);
	}
	ip_read_v6(&address, bytes);
	if (ip_is_v4(address))
		return false;
	*at = p;
	*out = address;
	return true;
}

static bool read_ip_text(const char **at, struct ip *out) {
	uint32_t v4;

	if (read_v4_text(at, &v4)) {
		*out = ip_of_v4(v4);
		return true;
	}
	return read_v6_text(at, out);
}

int ip_parse(const char *text, struct ip *out) {
	struct ip address;

	if (!read_ip_text(&text, &address) || *text != '\0')
		return -EINVAL;
	*out = address;
	return 0;
}

// The longest run of at least two zero groups, the first of equal ones (RFC 5952 4.2); its length
// is 0 when there is none.
static unsigned longest_zero_run(const uint16_t groups[V6_GROUPS], unsigned *start) {
	unsigned best = 1;
	unsigned run = 0;

	for (unsigned i = 0; i < V6_GROUPS; i++) {
		run = groups[i] == 0 ? run + 1 : 0;
		if (run > best) {
			best = run;
			*start = i + 1 - run;
		}
	}
	return best > 1 ? best : 0;
}

const char *ip_format(struct ip a, char out[IP_TEXT_BYTES]) {
	if (ip_is_v4(a)) {
		uint32_t v4 = ip_v4(a);
		snprintf(out, IP_TEXT_BYTES, "%u.%u.%u.%u", v4 >> 24, (v4 >> 16) & 255, (v4 >> 8) & 255,
			v4 & 255);
		return out;
	}

	uint16_t groups[V6_GROUPS];
	for (unsigned i = 0; i < V6_GROUPS; i++)
		groups[i] = (uint16_t)((i < 4 ? a.hi : a.lo) >> (48 - i % 4 * 16));
	unsigned gap = V6_GROUPS;
	unsigned gap_length = longest_zero_run(groups, &gap);
	char *at = out;
	for (unsigned i = 0; i < V6_GROUPS; i++) {
		if (i == gap) {
			i += gap_length - 1;
			at = stpcpy(at, i == V6_GROUPS - 1 ? "::" : ":");
			continue;
		}
		at += sprintf(at, i == 0 ? "%x" : ":%x", groups[i]);
	}
	return out;
}

struct ip ip_mask(unsigned bits) {
	assert(bits <= 128);
	if (bits == 0)
		return IP_NONE;
	if (bits <= 64)
		return (struct ip){UINT64_MAX << (64 - bits), 0};
	return (struct ip){UINT64_MAX, UINT64_MAX << (128 - bits)};
}

struct prefix prefix_of(struct ip base, unsigned bits) {
	struct ip mask = ip_mask(bits);
	return (struct prefix){{base.hi & mask.hi, base.lo & mask.lo}, (uint8_t)bits};
}

struct prefix prefix_host(struct ip a) {
	return (struct prefix){a, 128};
}

struct prefix prefix_default_v4(void) {
	return (struct prefix){ip_of_v4(0), PREFIX_V4_BITS};
}

struct prefix prefix_default_v6(void) {
	return (struct prefix){IP_NONE, 0};
}

bool prefix_is_default(struct prefix p) {
	return prefix_length(p) == 0;
}

bool prefix_contains(struct prefix p, struct ip a) {
	struct ip mask = ip_mask(p.bits);

	return (a.hi & mask.hi) == p.base.hi && (a.lo & mask.lo) == p.base.lo &&
		ip_is_v4(a) == prefix_is_v4(p);
}

bool prefix_covers(struct prefix outer, struct prefix inner) {
	return outer.bits <= inner.bits && prefix_contains(outer, inner.base);
}

bool prefix_overlaps(struct prefix a, struct prefix b) {
	return prefix_covers(a, b) || prefix_covers(b, a);
}

bool prefix_equal(struct prefix a, struct prefix b) {
	return a.bits == b.bits && ip_equal(a.base, b.base);
}

int prefix_compare(struct prefix a, struct prefix b) {
	if (prefix_is_v4(a) != prefix_is_v4(b))
		return prefix_is_v4(a) ? -1 : 1;
	int order = ip_compare(a.base, b.base);
	return order != 0 ? order : (int)a.bits - (int)b.bits;
}

struct ip prefix_first(struct prefix p) {
	return p.base;
}

struct ip prefix_last(struct prefix p) {
	struct ip mask = ip_mask(p.bits);
	return (struct ip){p.base.hi | ~mask.hi, p.base.lo | ~mask.lo};
}

int prefix_parse_interface(const char *text, struct ip *address, struct prefix *network) {
	struct ip parsed;
	unsigned length;

	if (!read_ip_text(&text, &parsed))
		return -EINVAL;
	unsigned length_max = ip_is_v4(parsed) ? 128 - PREFIX_V4_BITS : 128;
	length = length_max;
	if (*text == '/') {
		text++;
		if (!read_decimal(&text, length_max, &length))
			return -EINVAL;
	}
	if (*text != '\0')
		return -EINVAL;
	*address = parsed;
	*network = prefix_of(parsed, length + 128 - length_max);
	return 0;
}

int prefix_parse(const char *text, struct prefix *out) {
	struct ip address;
	int error = prefix_parse_interface(text, &address, out);

	if (error != 0)
		return error;
	return ip_equal(address, out->base) ? 0 : -EDOM;
}

const char *prefix_format(struct prefix p, char out[PREFIX_TEXT_BYTES]) {
	ip_format(p.base, out);
	sprintf(out + strlen(out), "/%u", prefix_length(p));
	return out;
}
