#include "net/ip.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

static struct ip ip_from(const char *text) {
	struct ip a = IP_NONE;
	if (ip_parse(text, &a) != 0)
		fail_msg("%s does not parse", text);
	return a;
}

static struct prefix prefix_from(const char *text) {
	struct prefix p = {IP_NONE, 0};
	if (prefix_parse(text, &p) != 0)
		fail_msg("%s does not parse", text);
	return p;
}

static void addresses_are_written_as_rfc_5952_wants(void **state) {
	static const struct {
		const char *text, *canonical;
	} cases[] = {
		{"0.0.0.0", "0.0.0.0"},
		{"10.10.30.4", "10.10.30.4"},
		{"255.255.255.255", "255.255.255.255"},
		{"::", "::"},
		{"::1", "::1"},
		{"1::", "1::"},
		{"2001:DB8::1", "2001:db8::1"},
		{"2001:0db8:0000:0000:0001:0000:0000:0001", "2001:db8::1:0:0:1"},
		{"2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1"},
		{"2001:db8::1:1:1:1:1", "2001:db8:0:1:1:1:1:1"},
		{"2001:0:0:1:0:0:0:1", "2001:0:0:1::1"},
		{"1:2:3:4:5:6:7::", "1:2:3:4:5:6:7:0"},
		{"::2:3:4:5:6:7:8", "0:2:3:4:5:6:7:8"},
		{"0:0:3:4:5:6:0:0", "::3:4:5:6:0:0"},
		{"fe80::abcd:0", "fe80::abcd:0"},
		{"64:ff9b::192.0.2.33", "64:ff9b::c000:221"},
		{"1:2:3:4:5:6:1.2.3.4", "1:2:3:4:5:6:102:304"},
		{"ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"},
	};
	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		char text[IP_TEXT_BYTES];
		struct ip a = ip_from(cases[i].text);
		assert_string_equal(ip_format(a, text), cases[i].canonical);
		assert_true(ip_equal(ip_from(text), a));
	}
}

static void text_that_is_no_address_is_refused(void **state) {
	static const char *const cases[] = {"", " ", "1", "1.2.3", "1.2.3.", "1.2.3.4.", "1.2.3.4.5",
		".1.2.3", "1..2.3", "256.1.1.1", "1.2.3.256", "1.2.3.1000", "01.2.3.4", "1.2.3.00",
		" 1.2.3.4", "1.2.3.4 ", "1.2.3.4x", "+1.2.3.4", "-1.2.3.4", "0x1.2.3.4", "1.2.3.4/24", ":",
		":::", "::1::", "1::2::3", "1:2:3:4:5:6:7", "1:2:3:4:5:6:7:8:", "1:2:3:4:5:6:7:8:9",
		":1:2:3:4:5:6:7", "1:2:3:4:5:6:7:", "::1:2:3:4:5:6:7:8",
		"1:2:3:4:5:6:7:8::", "1:2:3:4::5:6:7:8", "12345::", "00001::", "g::", "::g",
		"1::2:", "1:::2", "fe80::1%eth0", "[::1]", "::1 ", "1:2:3:4:5:6:7:1.2.3.4",
		"1.2.3.4::", "1.2.3.4:5::", "::1.2.3", "::1.2.3.04", "::1.2.3.4:5", "::ffff:10.0.0.1",
		"::ffff:a00:1", "0:0:0:0:0:ffff:a00:1"};
	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct ip a = {7, 7};
		if (ip_parse(cases[i], &a) != -EINVAL)
			fail_msg("\"%s\" was taken for an address", cases[i]);
		assert_true(ip_equal(a, (struct ip){7, 7}));
	}
}

static void the_families_are_told_apart(void **state) {
	(void)state;
	assert_true(ip_is_v4(ip_from("0.0.0.0")));
	assert_true(ip_is_v4(ip_from("255.255.255.255")));
	assert_int_equal(ip_v4(ip_from("10.1.2.3")), 0x0a010203);
	assert_false(ip_is_v4(ip_from("::")));
	assert_false(ip_is_v4(ip_from("::10.1.2.3")));
	assert_false(ip_is_v4(ip_from("::fffe:ffff:ffff")));
	assert_false(ip_is_v4(ip_from("0:0:0:1::")));
	assert_true(ip_is_none(ip_from("::")));
	assert_false(ip_is_none(ip_from("0.0.0.0")));
}

static void neighbours_carry_and_borrow(void **state) {
	static const struct {
		const char *low, *high;
	} cases[] = {
		{"10.0.0.255", "10.0.1.0"},
		{"9.255.255.255", "10.0.0.0"},
		{"2001:db8::ffff:ffff:ffff:ffff", "2001:db8:0:1::"},
		{"ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "::"},
	};
	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct ip low = ip_from(cases[i].low);
		struct ip high = ip_from(cases[i].high);
		assert_true(ip_equal(ip_next(low), high));
		assert_true(ip_equal(ip_previous(high), low));
	}
	assert_true(ip_equal(ip_plus(ip_from("10.0.0.250"), 10), ip_from("10.0.1.4")));
	assert_true(
		ip_equal(ip_plus(ip_from("1:0:0:0:ffff::"), UINT64_C(1) << 48), ip_from("1:0:0:1::")));
}

static void special_addresses_are_known(void **state) {
	enum { MULTICAST = 1, LINK_LOCAL = 2, LOOPBACK = 4, UNUSABLE = 8 };
	static const struct {
		const char *text;
		int kinds;
	} cases[] = {
		{"223.255.255.255", 0},
		{"224.0.0.0", MULTICAST},
		{"239.255.255.255", MULTICAST},
		{"240.0.0.0", 0},
		{"169.253.255.255", 0},
		{"169.254.0.0", LINK_LOCAL},
		{"169.254.169.254", LINK_LOCAL},
		{"169.255.0.0", 0},
		{"127.0.0.1", LOOPBACK},
		{"127.255.255.255", LOOPBACK},
		{"128.0.0.0", 0},
		{"0.0.0.0", UNUSABLE},
		{"0.0.0.1", 0},
		{"255.255.255.255", UNUSABLE},
		{"255.255.255.254", 0},
		{"::", UNUSABLE},
		{"::1", LOOPBACK},
		{"::2", 0},
		{"ff02::5", MULTICAST},
		{"feff::", 0},
		{"fe80::1", LINK_LOCAL},
		{"febf::1", LINK_LOCAL},
		{"fec0::1", 0},
		{"fe7f::1", 0},
		{"fd00::1", 0},
	};
	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct ip a = ip_from(cases[i].text);
		int kinds = (ip_is_multicast(a) ? MULTICAST : 0) | (ip_is_link_local(a) ? LINK_LOCAL : 0) |
			(ip_is_loopback(a) ? LOOPBACK : 0) | (ip_is_unusable_host(a) ? UNUSABLE : 0);
		if (kinds != cases[i].kinds)
			fail_msg("%s: kinds %d, expected %d", cases[i].text, kinds, cases[i].kinds);
	}
}

static void bytes_are_in_network_order(void **state) {
	uint8_t v4[4], v6[16];
	struct ip a;
	(void)state;
	ip_write_v4(ip_from("10.20.30.40"), v4);
	assert_memory_equal(v4, ((uint8_t[]){10, 20, 30, 40}), 4);
	ip_read_v4(&a, v4);
	assert_true(ip_equal(a, ip_from("10.20.30.40")));
	ip_write_v6(ip_from("2001:db8:1:2:3:4:5:6"), v6);
	assert_memory_equal(
		v6, ((uint8_t[]){0x20, 1, 0x0d, 0xb8, 0, 1, 0, 2, 0, 3, 0, 4, 0, 5, 0, 6}), 16);
	ip_read_v6(&a, v6);
	assert_true(ip_equal(a, ip_from("2001:db8:1:2:3:4:5:6")));
}

static void prefixes_are_read_and_written(void **state) {
	static const struct {
		const char *text;
		int result;
		const char *canonical; // NULL when nothing is given back
	} cases[] = {
		{"10.0.0.0/24", 0, "10.0.0.0/24"},
		{"0.0.0.0/0", 0, "0.0.0.0/0"},
		{"10.1.2.3", 0, "10.1.2.3/32"},
		{"10.1.2.3/32", 0, "10.1.2.3/32"},
		{"::/0", 0, "::/0"},
		{"::", 0, "::/128"},
		{"FD00::/8", 0, "fd00::/8"},
		{"2001:db8::/64", 0, "2001:db8::/64"},
		{"10.0.0.1/24", -EDOM, "10.0.0.0/24"},
		{"1.0.0.0/0", -EDOM, "0.0.0.0/0"},
		{"fd00::1/64", -EDOM, "fd00::/64"},
		{"10.0.0.0/33", -EINVAL, NULL},
		{"10.0.0.0/024", -EINVAL, NULL},
		{"10.0.0.0/", -EINVAL, NULL},
		{"10.0.0.0/-1", -EINVAL, NULL},
		{"10.0.0.0/24 ", -EINVAL, NULL},
		{"10.0.0.0/24/24", -EINVAL, NULL},
		{"10.0.0.0/4294967304", -EINVAL, NULL},
		{"10.0.0/24", -EINVAL, NULL},
		{"/24", -EINVAL, NULL},
		{"::/129", -EINVAL, NULL},
		{"", -EINVAL, NULL},
		{"::ffff:0:0/96", -EINVAL, NULL},
	};
	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		const struct prefix before = {{7, 7}, 7};
		struct prefix p = before;
		int result = prefix_parse(cases[i].text, &p);
		if (result != cases[i].result)
			fail_msg("\"%s\" gives %d", cases[i].text, result);
		char text[PREFIX_TEXT_BYTES];
		if (cases[i].canonical != NULL)
			assert_string_equal(prefix_format(p, text), cases[i].canonical);
		else
			assert_true(prefix_equal(p, before));
	}
}

static void an_interface_address_keeps_its_host_bits(void **state) {
	struct ip address;
	struct prefix network;
	(void)state;
	assert_int_equal(prefix_parse_interface("192.168.0.1/31", &address, &network), 0);
	assert_true(ip_equal(address, ip_from("192.168.0.1")));
	assert_true(prefix_equal(network, prefix_from("192.168.0.0/31")));
	assert_int_equal(prefix_parse_interface("fd00::7", &address, &network), 0);
	assert_true(prefix_equal(network, prefix_host(ip_from("fd00::7"))));
	assert_int_equal(prefix_parse_interface("192.168.0.1/", &address, &network), -EINVAL);
	assert_true(ip_equal(address, ip_from("fd00::7")));
}

static void prefixes_relate_within_their_family(void **state) {
	static const struct {
		const char *outer, *inner;
		bool covers, overlaps;
	} cases[] = {
		{"10.0.0.0/8", "10.1.0.0/16", true, true},
		{"10.1.0.0/16", "10.0.0.0/8", false, true},
		{"10.0.0.0/8", "10.0.0.0/8", true, true},
		{"10.0.0.0/8", "11.0.0.0/8", false, false},
		{"0.0.0.0/0", "255.255.255.255/32", true, true},
		{"::/0", "fd00::/8", true, true},
		{"::/0", "0.0.0.0/0", false, false},
		{"::/0", "10.0.0.0/8", false, false},
		{"::/80", "10.0.0.0/8", false, false},
		{"0.0.0.0/0", "::/0", false, false},
		{"2001:db8::/64", "2001:db8::8000:0:0:0/65", true, true},
		{"2001:db8::/64", "2001:db8:0:1::/64", false, false},
	};
	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct prefix outer = prefix_from(cases[i].outer);
		struct prefix inner = prefix_from(cases[i].inner);
		if (prefix_covers(outer, inner) != cases[i].covers ||
			prefix_overlaps(outer, inner) != cases[i].overlaps ||
			prefix_overlaps(inner, outer) != cases[i].overlaps)
			fail_msg("%s and %s", cases[i].outer, cases[i].inner);
	}
	assert_true(prefix_contains(prefix_from("10.0.0.0/30"), ip_from("10.0.0.3")));
	assert_false(prefix_contains(prefix_from("10.0.0.0/30"), ip_from("10.0.0.4")));
}

static void a_prefix_knows_its_ends_and_length(void **state) {
	static const struct {
		const char *text, *last;
		unsigned length;
	} cases[] = {
		{"10.0.0.0/23", "10.0.1.255", 23},
		{"0.0.0.0/0", "255.255.255.255", 0},
		{"10.0.0.1/32", "10.0.0.1", 32},
		{"::/0", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", 0},
		{"2001:db8::/63", "2001:db8:0:1:ffff:ffff:ffff:ffff", 63},
		{"2001:db8::/64", "2001:db8::ffff:ffff:ffff:ffff", 64},
		{"2001:db8::/65", "2001:db8::7fff:ffff:ffff:ffff", 65},
	};
	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct prefix p = prefix_from(cases[i].text);
		assert_true(ip_equal(prefix_first(p), p.base));
		assert_true(ip_equal(prefix_last(p), ip_from(cases[i].last)));
		assert_int_equal(prefix_length(p), cases[i].length);
		assert_int_equal(prefix_is_default(p), cases[i].length == 0);
	}
	assert_true(prefix_equal(prefix_default_v4(), prefix_from("0.0.0.0/0")));
	assert_true(prefix_equal(prefix_default_v6(), prefix_from("::/0")));
}

static void prefixes_sort_by_family_base_and_length(void **state) {
	static const char *const sorted[] = {"0.0.0.0/0", "9.0.0.0/8", "10.0.0.0/8", "10.0.0.0/24",
		"10.0.1.0/24", "255.255.255.255/32", "::/0", "::/8", "::1/128", "2001:db8::/32",
		"fd00::/8"};
	(void)state;
	for (size_t i = 0; i < COUNT(sorted); i++) {
		for (size_t j = 0; j < COUNT(sorted); j++) {
			int order = prefix_compare(prefix_from(sorted[i]), prefix_from(sorted[j]));
			assert_int_equal((order > 0) - (order < 0), (i > j) - (i < j));
		}
	}
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(addresses_are_written_as_rfc_5952_wants),
		cmocka_unit_test(text_that_is_no_address_is_refused),
		cmocka_unit_test(the_families_are_told_apart),
		cmocka_unit_test(neighbours_carry_and_borrow),
		cmocka_unit_test(special_addresses_are_known),
		cmocka_unit_test(bytes_are_in_network_order),
		cmocka_unit_test(prefixes_are_read_and_written),
		cmocka_unit_test(an_interface_address_keeps_its_host_bits),
		cmocka_unit_test(prefixes_relate_within_their_family),
		cmocka_unit_test(a_prefix_knows_its_ends_and_length),
		cmocka_unit_test(prefixes_sort_by_family_base_and_length),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
