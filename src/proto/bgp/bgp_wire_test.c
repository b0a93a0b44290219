#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "proto/bgp/bgp_wire.h"

static struct reader body_of(const uint8_t *message, size_t length) {
	return reader_of(message + BGP_HEADER_BYTES, length - BGP_HEADER_BYTES);
}

static struct prefix prefix(const char *text) {
	struct prefix out = {0};

	prefix_parse(text, &out);
	return out;
}

static void an_open_survives_the_round_trip(void **state) {
	const struct bgp_open cases[] = {
		{.asn = 65001, .router_id = 1, .hold_s = 180, .families = BGP_IPV4, .has_as4 = true},
		{.asn = 4200000001,
			.router_id = 7,
			.hold_s = 0,
			.families = BGP_IPV4 | BGP_IPV6,
			.has_refresh = true,
			.has_as4 = true},
		{.asn = 12076, .router_id = 9, .hold_s = 3, .families = BGP_IPV6},
	};
	uint8_t message[BGP_MESSAGE_MAX];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct bgp_header header;
		struct bgp_error error = {0};
		struct bgp_open open;
		size_t length = bgp_open_encode(&cases[i], message);
		assert_int_equal(bgp_header_decode(message, &header, &error), 0);
		assert_int_equal(header.length, length);
		assert_int_equal(bgp_open_decode(body_of(message, length), &open, &error), 0);
		assert_memory_equal(&open, &cases[i], sizeof(open));
		for (size_t cut = BGP_HEADER_BYTES; cut < length; cut++)
			assert_int_not_equal(bgp_open_decode(body_of(message, cut), &open, &error), 0);
	}
}

struct bad_open {
	size_t at; // offset into the body
	uint8_t byte;
	uint8_t subcode;
};

static void a_bad_open_is_refused_for_the_right_reason(void **state) {
	static const struct bad_open CASES[] = {
		{0, 3, BGP_OPEN_BAD_VERSION},
		{4, 1, BGP_OPEN_BAD_HOLD},
		{8, 0, BGP_OPEN_BAD_IDENTIFIER},
		{10, 9, BGP_OPEN_BAD_PARAMETER},
	};
	const struct bgp_open good = {.asn = 1, .router_id = 1, .families = BGP_IPV4};
	uint8_t message[BGP_MESSAGE_MAX];

	(void)state;
	for (size_t i = 0; i < sizeof(CASES) / sizeof(CASES[0]); i++) {
		struct bgp_error error = {0};
		struct bgp_open open;
		size_t length = bgp_open_encode(&good, message);
		message[BGP_HEADER_BYTES + CASES[i].at] = CASES[i].byte;
		assert_true(bgp_open_decode(body_of(message, length), &open, &error) < 0);
		assert_int_equal(error.code, BGP_ERROR_OPEN);
		assert_int_equal(error.subcode, CASES[i].subcode);
	}
}

static void the_small_messages_survive_the_round_trip(void **state) {
	const struct bgp_error said = {.code = 6, .subcode = 2, .length = 3, .data = {1, 2, 3}};
	uint8_t message[BGP_MESSAGE_MAX];
	struct bgp_error heard;
	uint8_t family;

	(void)state;
	size_t length = bgp_notification_encode(&said, message);
	assert_int_equal(bgp_notification_decode(body_of(message, length), &heard), 0);
	assert_memory_equal(&heard, &said, sizeof(said));
	assert_true(bgp_notification_decode(body_of(message, BGP_HEADER_BYTES + 1), &heard) < 0);
	length = bgp_refresh_encode(BGP_IPV6, message);
	assert_int_equal(bgp_refresh_decode(body_of(message, length), &family), 0);
	assert_int_equal(family, BGP_IPV6);
	assert_true(bgp_refresh_decode(body_of(message, length - 1), &family) < 0);
	assert_int_equal(bgp_keepalive_encode(message), BGP_HEADER_BYTES);
}

static void a_bad_header_is_refused_for_the_right_reason(void **state) {
	static const struct {
		size_t at;
		uint8_t byte, subcode;
	} CASES[] = {
		{0, 0, BGP_HEADER_NOT_SYNCHRONIZED}, {15, 254, BGP_HEADER_NOT_SYNCHRONIZED},
		{16, 17, BGP_HEADER_BAD_LENGTH}, {17, 18, BGP_HEADER_BAD_LENGTH},
		{17, 20, BGP_HEADER_BAD_LENGTH}, // a KEEPALIVE with a body
		{18, 0, BGP_HEADER_BAD_TYPE}, {18, 6, BGP_HEADER_BAD_TYPE},
		{18, BGP_UPDATE, BGP_HEADER_BAD_LENGTH}, // too short for one
	};
	uint8_t message[BGP_MESSAGE_MAX];

	(void)state;
	for (size_t i = 0; i < sizeof(CASES) / sizeof(CASES[0]); i++) {
		struct bgp_header header;
		struct bgp_error error = {0};
		bgp_keepalive_encode(message);
		message[CASES[i].at] = CASES[i].byte;
		assert_true(bgp_header_decode(message, &header, &error) < 0);
		assert_int_equal(error.code, BGP_ERROR_HEADER);
		assert_int_equal(error.subcode, CASES[i].subcode);
	}
}

struct sample {
	struct attributes_spec spec;
	struct as_hop path[4];
	uint32_t communities[2];
	uint8_t unknown[6];
};

static void sample_fill(struct sample *sample, bool is_v6) {
	static const uint8_t UNKNOWN[] = {0xe0, 99, 3, 'a', 'b', 'c'};
	*sample = (struct sample){
		.path = {{65001, 0}, {4200000000, 0}, {7, 1}, {8, 1}},
		.communities = {COMMUNITY_NO_EXPORT - 1, COMMUNITY_NO_EXPORT},
	};
	memcpy(sample->unknown, UNKNOWN, sizeof(UNKNOWN));
	ip_parse(is_v6 ? "fd00::1" : "10.0.0.1", &sample->spec.next_hop);
	sample->spec.origin = ORIGIN_EGP;
	sample->spec.has_med = sample->spec.has_local_preference = true;
	sample->spec.med = 50;
	sample->spec.local_preference = 200;
	sample->spec.atomic_aggregate = true;
	sample->spec.as_path = sample->path;
	sample->spec.as_count = 4;
	sample->spec.communities = sample->communities;
	sample->spec.community_count = 2;
	sample->spec.unknown = sample->unknown;
	sample->spec.unknown_bytes = sizeof(UNKNOWN);
}

static void expect_same(const struct attributes_spec *a, const struct attributes_spec *b) {
	struct attributes_table *table = attributes_table_new();
	struct attributes *x = attributes_intern(table, a);
	struct attributes *y = attributes_intern(table, b);

	assert_ptr_equal(x, y);
	attributes_unref(table, x);
	attributes_unref(table, y);
	attributes_table_free(table);
}

static void an_update_survives_the_round_trip(void **state) {
	uint8_t message[BGP_MESSAGE_MAX];

	(void)state;
	for (int form = 0; form < 4; form++) { // both families, both widths of an AS
		bool is_v6 = form & 1;
		struct bgp_codec codec = {.has_as4 = form & 2, .is_external = false};
		struct prefix prefixes[3] = {prefix(is_v6 ? "fd00::/8" : "0.0.0.0/0"),
			prefix(is_v6 ? "2001:db8::/33" : "10.128.0.0/9"),
			prefix(is_v6 ? "2001:db8::1/128" : "10.0.0.1/32")};
		struct sample sample;
		sample_fill(&sample, is_v6);
		struct bgp_update_out out = {&sample.spec, prefixes, 3, is_v6};
		size_t taken;
		size_t length = bgp_update_encode(&out, &codec, message, &taken);
		assert_int_equal(taken, 3);
		struct bgp_update update;
		struct bgp_error error = {0};
		assert_int_equal(bgp_update_decode(body_of(message, length), &codec, &update, &error), 0);
		assert_int_equal(update.treatment, BGP_TREAT_NORMAL);
		int part = is_v6 ? BGP_PART_MP : BGP_PART_CLASSIC;
		update.attributes.next_hop = update.next_hop[part];
		expect_same(&update.attributes, &sample.spec);
		struct prefix got;
		for (int i = 0; i < 3; i++) {
			assert_true(bgp_nlri_next(&update.reached[part], &got));
			assert_true(prefix_equal(got, prefixes[i]));
		}
		assert_false(bgp_nlri_next(&update.reached[part], &got));
	}
}

static void a_withdrawal_survives_the_round_trip(void **state) {
	uint8_t message[BGP_MESSAGE_MAX];

	(void)state;
	for (int is_v6 = 0; is_v6 < 2; is_v6++) {
		struct bgp_codec codec = {true, true};
		struct prefix only = prefix(is_v6 ? "fd00::/8" : "10.0.0.0/8");
		struct bgp_update_out out = {NULL, &only, 1, is_v6};
		struct bgp_update update;
		struct bgp_error error = {0};
		struct prefix got;
		size_t taken;
		size_t length = bgp_update_encode(&out, &codec, message, &taken);
		assert_int_equal(bgp_update_decode(body_of(message, length), &codec, &update, &error), 0);
		assert_int_equal(update.treatment, BGP_TREAT_NORMAL);
		assert_true(bgp_nlri_next(&update.withdrawn[is_v6], &got));
		assert_true(prefix_equal(got, only));
	}
}

static void a_full_message_says_how_many_it_took(void **state) {
	struct prefix prefixes[2000];
	uint8_t message[BGP_MESSAGE_MAX];
	struct bgp_codec codec = {true, true};

	(void)state;
	for (int is_v6 = 0; is_v6 < 2; is_v6++) {
		struct sample sample;
		sample_fill(&sample, is_v6);
		for (uint32_t i = 0; i < 2000; i++)
			prefixes[i] = is_v6 ? prefix_of((struct ip){UINT64_C(0xfd00) << 48 | i, 0}, 64)
								: prefix_of(ip_of_v4(0x0a000000 + i * 256), 120);
		struct bgp_update_out out = {&sample.spec, prefixes, 2000, is_v6};
		struct bgp_update update;
		struct bgp_error error = {0};
		struct prefix got;
		size_t taken, seen = 0;
		size_t length = bgp_update_encode(&out, &codec, message, &taken);
		assert_true(length <= BGP_MESSAGE_MAX && length > BGP_MESSAGE_MAX - 10);
		assert_int_equal(bgp_update_decode(body_of(message, length), &codec, &update, &error), 0);
		while (bgp_nlri_next(&update.reached[is_v6], &got))
			assert_true(prefix_equal(got, prefixes[seen++]));
		assert_int_equal(seen, taken);
	}
}

// Truncation must never read outside (the sanitizer sees to that) nor invent a prefix.
static void an_update_cut_at_any_byte_is_handled(void **state) {
	uint8_t message[BGP_MESSAGE_MAX];
	struct bgp_codec codec = {true, true};

	(void)state;
	for (int is_v6 = 0; is_v6 < 2; is_v6++) {
		struct prefix only = prefix(is_v6 ? "2001:db8::/32" : "10.1.2.0/24");
		struct sample sample;
		sample_fill(&sample, is_v6);
		struct bgp_update_out out = {&sample.spec, &only, 1, is_v6};
		size_t taken;
		size_t length = bgp_update_encode(&out, &codec, message, &taken);
		for (size_t cut = BGP_HEADER_BYTES; cut < length; cut++) {
			uint8_t exact[BGP_MESSAGE_MAX];
			struct bgp_update update;
			struct bgp_error error = {0};
			struct prefix got;
			memcpy(exact, message, cut);
			if (bgp_update_decode(body_of(exact, cut), &codec, &update, &error) < 0) {
				assert_int_equal(error.code, BGP_ERROR_UPDATE);
				continue;
			}
			for (int part = 0; part < BGP_PARTS; part++)
				assert_false(bgp_nlri_next(&update.reached[part], &got));
		}
	}
}

#define GOOD_ORIGIN 0x40, 1, 1, 0
#define GOOD_PATH 0x40, 2, 6, 2, 1, 0, 0, 0xfd, 0xe9
#define GOOD_NEXT_HOP 0x40, 3, 4, 10, 0, 0, 1
#define GOOD GOOD_ORIGIN, GOOD_PATH, GOOD_NEXT_HOP
#define NORMAL BGP_TREAT_NORMAL
#define DISCARD BGP_TREAT_DISCARD
#define WITHDRAW BGP_TREAT_WITHDRAW
#define RESET BGP_TREAT_RESET

struct attribute_case {
	const char *name;
	uint8_t bytes[48];
	uint8_t length;
	bool is_internal;
	enum bgp_treatment expected;
};

#define CASE(name, internal, expected, ...) \
	{ name, {__VA_ARGS__}, sizeof((uint8_t[]){__VA_ARGS__}), internal, expected }

static const struct attribute_case ATTRIBUTE_CASES[] = {
	CASE("all is well", false, NORMAL, GOOD),
	CASE("no origin", false, WITHDRAW, GOOD_PATH, GOOD_NEXT_HOP),
	CASE("no path", false, WITHDRAW, GOOD_ORIGIN, GOOD_NEXT_HOP),
	CASE("no next hop", false, WITHDRAW, GOOD_ORIGIN, GOOD_PATH),
	CASE("unknown origin", false, WITHDRAW, 0x40, 1, 1, 3, GOOD_PATH, GOOD_NEXT_HOP),
	CASE("long origin", false, WITHDRAW, 0x40, 1, 2, 0, 0, GOOD_PATH, GOOD_NEXT_HOP),
	CASE("optional origin", false, WITHDRAW, 0xc0, 1, 1, 0, GOOD_PATH, GOOD_NEXT_HOP),
	CASE("empty path", false, NORMAL, GOOD_ORIGIN, 0x40, 2, 0, GOOD_NEXT_HOP),
	CASE("empty segment", false, WITHDRAW, GOOD_ORIGIN, 0x40, 2, 2, 2, 0, GOOD_NEXT_HOP),
	CASE("segment of a kind unknown", false, WITHDRAW, GOOD_ORIGIN, 0x40, 2, 6, 5, 1, 0, 0, 0, 1,
		GOOD_NEXT_HOP),
	CASE(
		"confederation", false, WITHDRAW, GOOD_ORIGIN, 0x40, 2, 6, 3, 1, 0, 0, 0, 1, GOOD_NEXT_HOP),
	CASE("segment overrun", false, WITHDRAW, GOOD_ORIGIN, 0x40, 2, 6, 2, 2, 0, 0, 0, 1,
		GOOD_NEXT_HOP),
	CASE("AS 0", false, WITHDRAW, GOOD_ORIGIN, 0x40, 2, 6, 2, 1, 0, 0, 0, 0, GOOD_NEXT_HOP),
	CASE("short next hop", false, WITHDRAW, GOOD_ORIGIN, GOOD_PATH, 0x40, 3, 3, 10, 0, 0),
	CASE("multicast next hop", false, WITHDRAW, GOOD_ORIGIN, GOOD_PATH, 0x40, 3, 4, 224, 0, 0, 1),
	CASE("short MED", false, WITHDRAW, GOOD, 0x80, 4, 3, 0, 0, 0),
	CASE("local preference from outside", false, NORMAL, GOOD, 0x40, 5, 1, 9),
	CASE("short local preference from inside", true, WITHDRAW, GOOD, 0x40, 5, 1, 9),
	CASE("atomic aggregate with a body", false, DISCARD, GOOD, 0x40, 6, 1, 0),
	CASE("aggregator of 7", false, DISCARD, GOOD, 0xc0, 7, 7, 0, 0, 0, 1, 1, 1, 1),
	CASE("aggregator of an old speaker", false, DISCARD, GOOD, 0xc0, 7, 6, 0, 1, 1, 1, 1, 1),
	CASE("aggregator", false, NORMAL, GOOD, 0xc0, 7, 8, 0, 0, 0, 1, 1, 1, 1, 1),
	CASE("no community in communities", false, WITHDRAW, GOOD, 0xc0, 8, 0),
	CASE("half a community", false, WITHDRAW, GOOD, 0xc0, 8, 6, 0, 1, 0, 1, 0, 1),
	CASE("cluster list from outside", false, NORMAL, GOOD, 0x80, 10, 3, 0, 0, 0),
	CASE("bad cluster list from inside", true, WITHDRAW, GOOD, 0x80, 10, 3, 0, 0, 0),
	CASE("half an extended community", false, WITHDRAW, GOOD, 0xc0, 16, 4, 0, 0, 0, 0),
	CASE("half a large community", false, WITHDRAW, GOOD, 0xc0, 32, 4, 0, 0, 0, 0),
	CASE("AS4_PATH between new speakers", false, DISCARD, GOOD, 0xc0, 17, 0),
	CASE("unknown optional", false, NORMAL, GOOD, 0x80, 99, 1, 0),
	CASE("unknown transitive", false, NORMAL, GOOD, 0xc0, 99, 1, 0),
	CASE("unknown well-known", false, RESET, GOOD, 0x40, 99, 1, 0),
	CASE("origin twice", false, NORMAL, GOOD, 0x40, 1, 1, 7),
	CASE("attribute longer than the list", false, WITHDRAW, GOOD, 0x80, 4, 9, 0),
	CASE("attribute without a length", false, WITHDRAW, GOOD, 0x80, 4),
	CASE("MP_REACH cut short", false, RESET, GOOD, 0x80, 14, 5, 0, 2, 1, 16, 0),
	CASE("MP_REACH next hop of a wrong length", false, RESET, GOOD, 0x80, 14, 9, 0, 2, 1, 4, 1, 1,
		1, 1, 0),
	CASE("MP_REACH of a family unknown", false, NORMAL, GOOD, 0x80, 14, 5, 0, 9, 1, 0, 0),
	CASE("MP_UNREACH twice", false, RESET, GOOD, 0x80, 15, 3, 0, 2, 1, 0x80, 15, 3, 0, 2, 1),
	CASE("MP_UNREACH with a prefix too long", false, RESET, GOOD, 0x80, 15, 4, 0, 2, 1, 129),
};

// RFC 7606 7, attribute by attribute.
static void malformed_attributes_are_treated_as_the_rfc_says(void **state) {
	(void)state;
	for (size_t i = 0; i < sizeof(ATTRIBUTE_CASES) / sizeof(ATTRIBUTE_CASES[0]); i++) {
		const struct attribute_case *test = &ATTRIBUTE_CASES[i];
		struct bgp_codec codec = {.has_as4 = true, .is_external = !test->is_internal};
		struct bgp_update update;
		struct bgp_error error = {0};
		uint8_t body[64] = {0, 0, 0, test->length};
		memcpy(body + 4, test->bytes, test->length);
		body[4 + test->length] = 8; // 10.0.0.0/8
		body[5 + test->length] = 10;
		int result = bgp_update_decode(reader_of(body, 6U + test->length), &codec, &update, &error);
		enum bgp_treatment got = result < 0 ? BGP_TREAT_RESET : update.treatment;
		if (got != test->expected)
			fail_msg("%s: %d instead of %d", test->name, got, test->expected);
	}
}

static void a_prefix_that_can_not_be_read_resets(void **state) {
	static const uint8_t BODIES[][8] = {
		{0, 2, 33, 10, 0, 0},      // withdrawn, longer than 32
		{0, 1, 8, 0, 0},           // withdrawn, cut short
		{0, 0, 0, 0, 33, 1, 1, 1}, // reached
		{0, 0, 0, 0, 24, 1, 1},
	};
	static const size_t LENGTHS[] = {6, 5, 8, 7};
	struct bgp_codec codec = {true, true};

	(void)state;
	for (size_t i = 0; i < sizeof(LENGTHS) / sizeof(LENGTHS[0]); i++) {
		struct bgp_update update;
		struct bgp_error error = {0};
		assert_true(
			bgp_update_decode(reader_of(BODIES[i], LENGTHS[i]), &codec, &update, &error) < 0);
		assert_int_equal(error.subcode, BGP_UPDATE_BAD_NETWORK);
	}
}

static void meaningless_prefixes_are_passed_over(void **state) {
	static const uint8_t V4[] = {8, 224, 8, 10};
	static const uint8_t V6[] = {104, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff,
		10, // ::ffff:10.0.0.0/104
		8, 0xfd};
	struct bgp_nlri v4 = {reader_of(V4, sizeof(V4)), false};
	struct bgp_nlri v6 = {reader_of(V6, sizeof(V6)), true};
	struct prefix got;

	(void)state;
	assert_true(bgp_nlri_next(&v4, &got) && prefix_equal(got, prefix("10.0.0.0/8")));
	assert_true(bgp_nlri_next(&v6, &got) && prefix_equal(got, prefix("fd00::/8")));
	assert_false(bgp_nlri_next(&v4, &got) || bgp_nlri_next(&v6, &got));
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_open_survives_the_round_trip),
		cmocka_unit_test(a_bad_open_is_refused_for_the_right_reason),
		cmocka_unit_test(the_small_messages_survive_the_round_trip),
		cmocka_unit_test(a_bad_header_is_refused_for_the_right_reason),
		cmocka_unit_test(an_update_survives_the_round_trip),
		cmocka_unit_test(a_withdrawal_survives_the_round_trip),
		cmocka_unit_test(a_full_message_says_how_many_it_took),
		cmocka_unit_test(an_update_cut_at_any_byte_is_handled),
		cmocka_unit_test(malformed_attributes_are_treated_as_the_rfc_says),
		cmocka_unit_test(a_prefix_that_can_not_be_read_resets),
		cmocka_unit_test(meaningless_prefixes_are_passed_over),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
