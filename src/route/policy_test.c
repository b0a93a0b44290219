#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <string.h>

#include "route/policy.h"

#define KIND_EBGP 4

static struct prefix prefix(const char *text) {
	struct prefix out = {0};

	prefix_parse(text, &out);
	return out;
}

static struct policy *policy_of(
	const struct policy_term *terms, size_t count, enum policy_verdict fallback) {
	struct policy *policy = NULL;
	size_t bad;

	assert_int_equal(policy_new(terms, count, fallback, &policy, &bad), 0);
	return policy;
}

static void no_policy_accepts_everything(void **state) {
	struct policy_route route = {.prefix = prefix("10.0.0.0/8")};
	size_t term;

	(void)state;
	assert_int_equal(policy_apply(NULL, NULL, &route, &term), POLICY_ACCEPT);
	assert_null(policy_term_at(NULL, 0));
	policy_unref(NULL);
}

struct prefix_case {
	const char *list;
	uint8_t min, max;
	const char *prefix;
	bool matches;
};

static void prefix_lists_match_by_cover_and_length(void **state) {
	static const struct prefix_case CASES[] = {
		{"10.0.0.0/8", 8, 8, "10.0.0.0/8", true},
		{"10.0.0.0/8", 8, 8, "10.1.0.0/16", false},
		{"10.0.0.0/8", 8, 32, "10.1.0.0/16", true},
		{"10.0.0.0/8", 24, 32, "10.1.0.0/16", false},
		{"10.0.0.0/8", 8, 32, "11.0.0.0/8", false},
		{"10.0.0.0/8", 8, 32, "0.0.0.0/0", false},
		{"0.0.0.0/0", 0, 32, "10.0.0.0/8", true},
		{"0.0.0.0/0", 0, 0, "10.0.0.0/8", false},
		{"::/0", 0, 128, "10.0.0.0/8", false},
		{"fd00::/8", 8, 64, "fd00:1::/32", true},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(CASES) / sizeof(CASES[0]); i++) {
		struct policy_prefix list = {prefix(CASES[i].list), CASES[i].min, CASES[i].max};
		struct policy_term match = {.prefixes = &list, .prefix_count = 1};
		struct policy_term except = {.except_prefixes = &list, .except_prefix_count = 1};
		struct policy *policies[2] = {
			policy_of(&match, 1, POLICY_REJECT), policy_of(&except, 1, POLICY_REJECT)};
		struct policy_route route = {.prefix = prefix(CASES[i].prefix)};
		size_t term;
		bool accepts = policy_apply(policies[0], NULL, &route, &term) == POLICY_ACCEPT;
		bool excepts = policy_apply(policies[1], NULL, &route, &term) == POLICY_REJECT;
		if (accepts != CASES[i].matches || excepts != CASES[i].matches)
			fail_msg("%s in %s", CASES[i].prefix, CASES[i].list);
		policy_unref(policies[0]);
		policy_unref(policies[1]);
	}
}

struct regex_case {
	const char *regex;
	const char *path; // "1 2 {3,4}"
	bool matches;
};

static uint16_t path_parse(const char *text, struct as_hop *out) {
	uint16_t count = 0;
	uint8_t set = 0;

	for (const char *at = text; *at; at += strcspn(at, " ,{}")) {
		for (; *at && strchr(" ,{}", *at); at++)
			set = *at == '{' ? 1 : *at == '}' ? 0 : set;
		unsigned asn = 0;
		for (const char *digit = at; *digit >= '0' && *digit <= '9'; digit++)
			asn = asn * 10 + (unsigned)(*digit - '0');
		if (asn > 0)
			out[count++] = (struct as_hop){asn, set};
	}
	return count;
}

static void path_lists_read_as_on_cisco(void **state) {
	static const struct regex_case CASES[] = {
		{"^$", "", true}, {"^$", "1", false}, {"^65001$", "65001", true},
		{"_65001_", "65001", true}, {"_65001_", "1 65001 2", true}, {"_65001_", "165001", false},
		{"_65001_", "65001 2", true}, {"_3_", "1 {2,3}", true}, {"^65001_", "65001 12076", true},
		{"^65001_", "650012", false}, {"_12076$", "1 12076", true}, {".*", "", true},
		{"^[0-9]+$", "65001", true}, {"^[0-9]+$", "65001 2", false},
		{"^(65001_)+$", "65001 65001", true}, {"{2,3}", "1 {2,3}", true},
		{"1{2}", "11", false}, // no repetition counts
	};
	struct attributes_table *table = attributes_table_new();

	(void)state;
	for (size_t i = 0; i < sizeof(CASES) / sizeof(CASES[0]); i++) {
		struct as_hop path[8];
		struct attributes_spec spec = {.as_path = path};
		struct policy_term match = {.as_path_regex = CASES[i].regex};
		struct policy *policy = policy_of(&match, 1, POLICY_REJECT);
		struct policy_route route = {.prefix = prefix("10.0.0.0/8")};
		size_t term;
		spec.as_count = path_parse(CASES[i].path, path);
		route.attributes = attributes_intern(table, &spec);
		bool matches = policy_apply(policy, table, &route, &term) == POLICY_ACCEPT;
		if (matches != CASES[i].matches)
			fail_msg("%s on \"%s\"", CASES[i].regex, CASES[i].path);
		attributes_unref(table, route.attributes);
		policy_unref(policy);
	}
	attributes_table_free(table);
}

static void a_broken_regex_names_its_term(void **state) {
	static const char *const BAD[] = {"(", "[1", "\\1", "1\\", "*("};

	(void)state;
	for (size_t i = 0; i < sizeof(BAD) / sizeof(BAD[0]); i++) {
		struct policy_term terms[3] = {
			{.as_path_regex = "1"}, {.as_path_regex = NULL}, {.as_path_regex = BAD[i]}};
		struct policy *policy = NULL;
		size_t bad = 0;
		assert_int_equal(policy_new(terms, 3, POLICY_ACCEPT, &policy, &bad), -EINVAL);
		assert_int_equal(bad, 2);
		assert_null(policy);
	}
}

static void sets_change_the_route(void **state) {
	static const struct as_hop PATH[] = {{65001, 0}, {65515, 0}, {65001, 0}, {7, 0}};
	static const uint32_t PREPEND[] = {9, 9};
	static const uint32_t STRIP[] = {65001};
	static const uint32_t OLD[] = {5};
	static const uint32_t ADD[] = {6, 3, 5};
	struct attributes_table *table = attributes_table_new();
	struct attributes_spec spec = {
		.as_path = PATH, .as_count = 4, .communities = OLD, .community_count = 1};
	struct policy_term set = {
		.set_flags = POLICY_SET_LOCAL_PREFERENCE | POLICY_SET_MED | POLICY_SET_WEIGHT |
			POLICY_SET_TAG | POLICY_SET_NEXT_HOP | POLICY_SET_NEVER_BEST | POLICY_SET_NO_FORWARDING,
		.local_preference = 200,
		.med = 20,
		.weight = 32769,
		.tag = 4,
		.next_hop = ip_of_v4(1),
		.prepend = PREPEND,
		.prepend_count = 2,
		.strip_asns = STRIP,
		.strip_asn_count = 1,
		.add_communities = ADD,
		.add_community_count = 3,
	};
	struct policy *policy = policy_of(&set, 1, POLICY_REJECT);
	struct policy_route route = {.attributes = attributes_intern(table, &spec)};
	struct text text;
	size_t term;

	(void)state;
	text_init(&text);
	assert_int_equal(policy_apply(policy, table, &route, &term), POLICY_ACCEPT);
	as_path_format(route.attributes, " ", &text);
	assert_string_equal(text_chars(&text), "9 9 65515 7");
	const struct attributes_spec *got = &route.attributes->spec;
	assert_true(got->has_med && got->med == 20 && got->local_preference == 200);
	assert_int_equal(ip_v4(got->next_hop), 1);
	assert_int_equal(got->community_count, 3);
	assert_true(got->communities[0] == 3 && got->communities[1] == 5 && got->communities[2] == 6);
	assert_true(route.weight == 32769 && route.tag == 4);
	assert_true(route.never_best && route.no_forwarding);
	assert_int_equal(attributes_table_count(table), 1); // the old ones were let go
	text_done(&text);
	attributes_unref(table, route.attributes);
	attributes_table_free(table);
	policy_unref(policy);
}

static void next_goes_on_and_the_first_other_verdict_decides(void **state) {
	const struct policy_term terms[] = {
		{.match_flags = POLICY_MATCH_TAG,
			.match_tag = 1,
			.set_flags = POLICY_SET_TAG,
			.tag = 2,
			.verdict = POLICY_NEXT},
		{.match_flags = POLICY_MATCH_TAG, .match_tag = 2, .verdict = POLICY_REJECT},
		{.match_flags = POLICY_MATCH_SOURCES, .match_sources = 1u << KIND_EBGP},
	};
	static const struct {
		uint32_t tag, kind;
		enum policy_verdict verdict;
		size_t term;
	} CASES[] = {
		{1, KIND_EBGP, POLICY_REJECT, 1}, {3, KIND_EBGP, POLICY_ACCEPT, 2},
		{3, 0, POLICY_REJECT, 3}, // the default
	};
	struct policy *policy = policy_of(terms, 3, POLICY_REJECT);

	(void)state;
	for (size_t i = 0; i < sizeof(CASES) / sizeof(CASES[0]); i++) {
		struct policy_route route = {.tag = CASES[i].tag, .kind = CASES[i].kind};
		size_t term;
		assert_int_equal(policy_apply(policy, NULL, &route, &term), CASES[i].verdict);
		assert_int_equal(term, CASES[i].term);
	}
	assert_int_equal(policy_term_at(policy, 1)->verdict, POLICY_REJECT);
	assert_null(policy_term_at(policy, 3));
	policy_unref(policy);
}

static void any_listed_community_matches(void **state) {
	static const uint32_t WANTED[] = {8, 9};
	static const uint32_t HAS[] = {1, 9};
	struct attributes_table *table = attributes_table_new();
	struct policy_term match = {
		.communities = WANTED, .community_count = 2, .set_flags = POLICY_REPLACE_COMMUNITIES};
	struct policy *policy = policy_of(&match, 1, POLICY_REJECT);
	size_t term;

	(void)state;
	for (uint16_t count = 1; count <= 2; count++) {
		struct attributes_spec spec = {.communities = HAS, .community_count = count};
		struct policy_route route = {.attributes = attributes_intern(table, &spec)};
		assert_int_equal(
			policy_apply(policy, table, &route, &term), count == 2 ? POLICY_ACCEPT : POLICY_REJECT);
		assert_int_equal(route.attributes->spec.community_count, count == 2 ? 0 : 1);
		attributes_unref(table, route.attributes);
	}
	attributes_table_free(table);
	policy_unref(policy);
}

static void a_path_never_grows_beyond_its_bound(void **state) {
	static const uint32_t PREPEND[AS_PATH_MAX + 10] = {9};
	struct attributes_table *table = attributes_table_new();
	struct as_hop hop = {7, 0};
	struct attributes_spec spec = {.as_path = &hop, .as_count = 1};
	struct policy_term set = {.prepend = PREPEND, .prepend_count = AS_PATH_MAX + 10};
	struct policy *policy = policy_of(&set, 1, POLICY_REJECT);
	struct policy_route route = {.attributes = attributes_intern(table, &spec)};
	size_t term;

	(void)state;
	assert_int_equal(policy_apply(policy, table, &route, &term), POLICY_ACCEPT);
	assert_int_equal(route.attributes->spec.as_count, AS_PATH_MAX);
	attributes_unref(table, route.attributes);
	attributes_table_free(table);
	policy_unref(policy);
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_policy_accepts_everything),
		cmocka_unit_test(prefix_lists_match_by_cover_and_length),
		cmocka_unit_test(path_lists_read_as_on_cisco),
		cmocka_unit_test(a_broken_regex_names_its_term),
		cmocka_unit_test(sets_change_the_route),
		cmocka_unit_test(next_goes_on_and_the_first_other_verdict_decides),
		cmocka_unit_test(any_listed_community_matches),
		cmocka_unit_test(a_path_never_grows_beyond_its_bound),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
