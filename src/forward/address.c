#include "forward/forward_int.h"

// Addresses that no packet between networks may bear (RFC 1812 5.3.7, RFC 4291 2.5.2 and 2.5.3),
// in order. The first and last IPv4 addresses are among them, so no gap between two rows reaches
// from one family into the other.
struct special {
	struct ip low, high;
	enum drop as_destination;
};

#define V4(address) \
	{ 0, IP_V4_MAPPED | (address) }
#define SPECIAL_COUNT 6

static const struct special specials[SPECIAL_COUNT] = {
	{{0, 0}, {0, 1}, DROP_MALFORMED},
	{V4(0), V4(0), DROP_MALFORMED},
	{V4(0x7f000000), V4(0x7fffffff), DROP_MALFORMED},
	{V4(0xe0000000), V4(0xefffffff), DROP_MULTICAST},
	{V4(0xffffffff), V4(0xffffffff), DROP_MULTICAST},
	{{UINT64_C(0xff00000000000000), 0}, {UINT64_MAX, UINT64_MAX}, DROP_MULTICAST},
};

// The first row that ends at the address or behind it; SPECIAL_COUNT when none does.
BODY size_t special_find(struct ip address) {
	size_t i = 0;
	while (i < SPECIAL_COUNT && ip_compare(specials[i].high, address) < 0)
		i++;
	return i;
}

BODY bool special_holds(size_t i, struct ip address) {
	return i < SPECIAL_COUNT && ip_compare(specials[i].low, address) <= 0;
}

// The row's range, or the gap before it.
static void special_range(size_t i, bool is_held, struct ip *low, struct ip *high) {
	if (is_held) {
		*low = specials[i].low;
		*high = specials[i].high;
		return;
	}
	*low = i > 0 ? ip_next(specials[i - 1].high) : IP_NONE;
	*high = i < SPECIAL_COUNT ? ip_previous(specials[i].low) : (struct ip){UINT64_MAX, UINT64_MAX};
}

BODY struct verdict address_body(const struct flow_key *key, struct header_box *scope) {
	struct ip low, high;
	size_t source = special_find(key->source);
	bool is_held = special_holds(source, key->source);
	if (scope != NULL) {
		special_range(source, is_held, &low, &high);
		box_narrow_source(scope, low, high);
	}
	if (UNLIKELY(is_held))
		return verdict_drop(DROP_MALFORMED, 0);
	size_t destination = special_find(key->destination);
	is_held = special_holds(destination, key->destination);
	if (scope != NULL) {
		special_range(destination, is_held, &low, &high);
		box_narrow_destination(scope, low, high);
	}
	if (UNLIKELY(is_held))
		return verdict_drop(specials[destination].as_destination, 0);
	return verdict_on();
}

struct verdict address_check(const struct flow_key *key) {
	return address_body(key, NULL);
}

struct verdict address_check_scope(const struct flow_key *key, struct header_box *scope) {
	return address_body(key, scope);
}

void box_narrow_source(struct header_box *box, struct ip low, struct ip high) {
	if (ip_compare(box->source_low, low) < 0)
		box->source_low = low;
	if (ip_compare(box->source_high, high) > 0)
		box->source_high = high;
}

void box_narrow_destination(struct header_box *box, struct ip low, struct ip high) {
	if (ip_compare(box->destination_low, low) < 0)
		box->destination_low = low;
	if (ip_compare(box->destination_high, high) > 0)
		box->destination_high = high;
}

// Where a scope's walk through a table begins: the whole family.
struct prefix family_prefix(struct ip address) {
	return ip_is_v4(address) ? prefix_default_v4() : prefix_default_v6();
}
