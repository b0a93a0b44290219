#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "forward/forward_int.h"

static const char *const probes[] = {"::", "::1", "::2", "::fffe:ffff:ffff", "0.0.0.0", "0.0.0.1",
	"126.255.255.255", "127.0.0.0", "127.255.255.255", "128.0.0.0", "223.255.255.255", "224.0.0.0",
	"239.255.255.255", "240.0.0.0", "255.255.255.254", "255.255.255.255",
	"0:0:0:0:1::", "2001:db8::1", "fe80::1", "feff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
	"ff00::", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"};
#define PROBES (sizeof(probes) / sizeof(probes[0]))

static struct ip probe(size_t i) {
	struct ip address;
	assert_int_equal(ip_parse(probes[i], &address), 0);
	return address;
}

static int outcome(struct ip source, struct ip destination) {
	const struct flow_key key = {.source = source, .destination = destination};
	struct verdict verdict = address_check(&key);
	return verdict.edge == EDGE_DROP ? (int)verdict.drop : -1;
}

static struct header_box everything(void) {
	struct header_box box = header_box_all_v6();
	box.source_low = box.destination_low = IP_NONE;
	box.source_high = box.destination_high = (struct ip){UINT64_MAX, UINT64_MAX};
	return box;
}

// For every pair of addresses around every edge: the scope's ends get the same answer, and what
// lies just outside a source's or a destination's range does not, unless it is another family.
static void a_scope_reaches_exactly_to_the_edges(void **state) {
	(void)state;
	for (size_t s = 0; s < PROBES; s++)
		for (size_t d = 0; d < PROBES; d++) {
			const struct flow_key key = {.source = probe(s), .destination = probe(d)};
			int expected = outcome(key.source, key.destination);
			struct header_box box = everything();
			struct verdict verdict = address_check_scope(&key, &box);
			assert_int_equal(verdict.edge == EDGE_DROP ? (int)verdict.drop : -1, expected);
			assert_true(ip_compare(box.source_low, key.source) <= 0);
			assert_true(ip_compare(key.source, box.source_high) <= 0);
			assert_true(ip_compare(box.destination_low, key.destination) <= 0);
			assert_true(ip_compare(key.destination, box.destination_high) <= 0);
			assert_int_equal(outcome(box.source_low, box.destination_high), expected);
			assert_int_equal(outcome(box.source_high, box.destination_low), expected);
			assert_int_equal(ip_is_v4(box.source_low), ip_is_v4(key.source));
			assert_int_equal(ip_is_v4(box.source_high), ip_is_v4(key.source));
			if (expected < 0) {
				assert_true(outcome(ip_previous(box.source_low), key.destination) >= 0);
				assert_true(outcome(ip_next(box.source_high), key.destination) >= 0);
				assert_true(outcome(key.source, ip_previous(box.destination_low)) >= 0);
				assert_true(outcome(key.source, ip_next(box.destination_high)) >= 0);
			}
		}
}

static void multicast_is_told_from_malformed(void **state) {
	(void)state;
	const struct ip host = ip_of_v4(0x0a000001);
	assert_int_equal(outcome(host, ip_of_v4(0xe0000005)), DROP_MULTICAST);
	assert_int_equal(outcome(ip_of_v4(0xe0000005), host), DROP_MALFORMED);
	assert_int_equal(outcome(host, ip_of_v4(0xffffffff)), DROP_MULTICAST);
	assert_int_equal(outcome(host, ip_of_v4(0x7f000001)), DROP_MALFORMED);
	assert_int_equal(outcome(host, ip_of_v4(0xa9feaaaa)), -1); // APIPA is routed: AZ-VPN-4
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_scope_reaches_exactly_to_the_edges),
		cmocka_unit_test(multicast_is_told_from_malformed),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
