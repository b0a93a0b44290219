#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "proto/bgp/bgp_lab.h"

#define SECONDS(n) ((n)*SECOND_NS)

static struct bgp_peer_status status_of(const struct lab *lab, size_t node, size_t peer) {
	struct bgp_peer_status status;

	bgp_peer_status(bgp_peer_at(lab->nodes[node].speaker, peer), &status);
	return status;
}

// A line 0 - 1 - 2 with the given AS numbers.
static void line_of_three(struct lab *lab, const uint32_t asns[3]) {
	lab_init(lab);
	for (size_t i = 0; i < 3; i++)
		lab_add(lab, i, asns[i]);
	lab_join(lab, 0, 1);
	lab_join(lab, 1, 2);
}

static void a_route_travels_and_is_withdrawn(void **state) {
	struct lab lab;

	(void)state;
	line_of_three(&lab, (uint32_t[]){65001, 65002, 65003});
	lab_originate(&lab, 0, "10.1.0.0/16");
	lab_run(&lab, SECONDS(1));
	assert_string_equal(lab_path(&lab, 1, "10.1.0.0/16"), "65001");
	assert_string_equal(lab_path(&lab, 2, "10.1.0.0/16"), "65002 65001");
	assert_int_equal(status_of(&lab, 2, 0).routes_received, 1);
	assert_int_equal(status_of(&lab, 1, 1).routes_sent, 1);
	assert_int_equal(status_of(&lab, 1, 0).routes_sent, 0); // not back to where it came from
	bgp_network_remove(lab.nodes[0].speaker, lab_prefix("10.1.0.0/16"));
	lab_run(&lab, SECONDS(1));
	assert_string_equal(lab_path(&lab, 2, "10.1.0.0/16"), "-");
	assert_int_equal(status_of(&lab, 2, 0).routes_received, 0);
	assert_int_equal(loop_work_pending(lab.loop), 0);
	lab_done(&lab);
}

static void a_dead_session_takes_its_routes_along(void **state) {
	struct lab lab;

	(void)state;
	line_of_three(&lab, (uint32_t[]){65001, 65002, 65003});
	lab_originate(&lab, 0, "10.1.0.0/16");
	lab_run(&lab, SECONDS(1));
	bgp_peer_fail(bgp_peer_at(lab.nodes[1].speaker, 0), "port went down");
	lab_run(&lab, SECONDS(1));
	assert_string_equal(lab_path(&lab, 1, "10.1.0.0/16"), "-");
	assert_string_equal(lab_path(&lab, 2, "10.1.0.0/16"), "-");
	lab_run(&lab, SECONDS(31));
	assert_string_equal(lab_path(&lab, 2, "10.1.0.0/16"), "65002 65001");
	lab_done(&lab);
}

static void internal_routes_go_no_further_inside(void **state) {
	struct lab lab;

	(void)state;
	line_of_three(&lab, (uint32_t[]){65001, 65001, 65001});
	lab_originate(&lab, 0, "10.1.0.0/16");
	lab_run(&lab, SECONDS(1));
	assert_string_equal(lab_path(&lab, 1, "10.1.0.0/16"), "");
	assert_string_equal(lab_path(&lab, 2, "10.1.0.0/16"), "-");
	lab_done(&lab);
}

static const struct attributes *best(const struct lab *lab, size_t node, const char *prefix) {
	const struct rib_entry *entry = rib_find(lab->nodes[node].rib, lab_prefix(prefix));

	assert_non_null(entry);
	assert_true(entry->chosen > 0);
	return entry->paths[0]->attributes;
}

// 0 (65001) - 1 (65002) - 2 (65002): what is learned outside keeps its next hop inside, unless
// told.
static void next_hop_and_local_preference_follow_the_kind_of_session(void **state) {
	(void)state;
	for (int is_self = 0; is_self < 2; is_self++) {
		struct lab lab;
		lab_init(&lab);
		lab_add(&lab, 0, 65001);
		lab_add(&lab, 1, 65002);
		lab_add(&lab, 2, 65002);
		lab_join(&lab, 0, 1);
		struct bgp_peer_config config = lab_peer(1, 2, 65002);
		config.next_hop_self = is_self;
		bgp_peer_start(bgp_peer_add(lab.nodes[1].speaker, &config));
		bgp_peer_start(lab_join_one(&lab, 2, 1));
		lab_originate(&lab, 0, "10.1.0.0/16");
		lab_originate(&lab, 1, "10.2.0.0/16");
		lab_run(&lab, SECONDS(1));
		const struct attributes *outside = best(&lab, 1, "10.1.0.0/16");
		assert_true(ip_equal(outside->spec.next_hop, lab_address(0)));
		assert_false(outside->spec.has_local_preference);
		const struct attributes *inside = best(&lab, 2, "10.1.0.0/16");
		assert_true(ip_equal(inside->spec.next_hop, lab_address(is_self ? 1 : 0)));
		assert_int_equal(inside->spec.local_preference, 100);
		assert_true(ip_equal(best(&lab, 2, "10.2.0.0/16")->spec.next_hop, lab_address(1)));
		lab_done(&lab);
	}
}

// The line 0 - 1 - 2 with what stands between 1 and 2 given by the test.
struct middle {
	struct lab lab;
	struct bgp_peer_config to_end;
};

static void middle_init(struct middle *middle, const uint32_t asns[3]) {
	lab_init(&middle->lab);
	for (size_t i = 0; i < 3; i++)
		lab_add(&middle->lab, i, asns[i]);
	lab_join(&middle->lab, 0, 1);
	middle->to_end = lab_peer(1, 2, asns[2]);
}

static void middle_run(struct middle *middle) {
	struct lab *lab = &middle->lab;

	bgp_peer_start(bgp_peer_add(lab->nodes[1].speaker, &middle->to_end));
	bgp_peer_start(lab_join_one(lab, 2, 1));
	lab_originate(lab, 0, "10.1.0.0/16");
	lab_run(lab, SECONDS(1));
}

static void private_numbers_are_stripped_before_the_own_is_put_in_front(void **state) {
	static const struct {
		enum strip_private mode;
		uint32_t prepend[3];
		size_t prepend_count;
		const char *expected;
	} CASES[] = {
		{STRIP_PRIVATE_NONE, {0}, 0, "12076 65515"},
		{STRIP_PRIVATE_LEADING, {0}, 0, "12076"}, // AZ-ER-30
		{STRIP_PRIVATE_LEADING, {65001, 1234, 65111}, 3, "12076 1234 65111 65515"},
		{STRIP_PRIVATE_ALL, {65001, 1234, 65111}, 3, "12076 1234"},
		{STRIP_PRIVATE_ONLY_IF_ALL, {65001, 1234, 65111}, 3, "12076 65001 1234 65111 65515"},
		{STRIP_PRIVATE_ONLY_IF_ALL, {0}, 0, "12076"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(CASES) / sizeof(CASES[0]); i++) {
		struct middle middle;
		struct policy *policy;
		size_t bad;
		struct policy_term term = {
			.prepend = CASES[i].prepend, .prepend_count = CASES[i].prepend_count};
		middle_init(&middle, (uint32_t[]){65515, 12076, 65020});
		struct lab *lab = &middle.lab;
		middle.to_end.strip_private = CASES[i].mode;
		// The longer paths are made by the import policy of the middle.
		assert_int_equal(policy_new(&term, 1, POLICY_REJECT, &policy, &bad), 0);
		bgp_peer_at(lab->nodes[1].speaker, 0)->config.import = policy;
		middle_run(&middle);
		assert_string_equal(lab_path(lab, 2, "10.1.0.0/16"), CASES[i].expected);
		lab_done(lab);
	}
}

// AZ-X-2: two gateways of one AS learn of each other through an MSEE.
static void as_override_hides_the_peers_own_number(void **state) {
	struct middle middle;

	(void)state;
	middle_init(&middle, (uint32_t[]){65515, 12076, 65515});
	middle.to_end.as_override = true;
	middle_run(&middle);
	assert_string_equal(lab_path(&middle.lab, 2, "10.1.0.0/16"), "12076 12076");
	lab_done(&middle.lab);
}

// AZ-ER-31: an MSEE takes back a path that holds its own AS.
static void the_own_number_in_a_path_is_a_loop_unless_allowed(void **state) {
	(void)state;
	for (uint8_t allowed = 0; allowed < 2; allowed++) {
		struct lab lab;
		lab_init(&lab);
		lab_add(&lab, 0, 65515);
		lab_add(&lab, 1, 12076);
		lab_add(&lab, 2, 65515);
		lab_join(&lab, 0, 1);
		bgp_peer_start(lab_join_one(&lab, 1, 2));
		struct bgp_peer_config config = lab_peer(2, 1, 12076);
		config.allow_own_as = allowed;
		bgp_peer_start(bgp_peer_add(lab.nodes[2].speaker, &config));
		lab_originate(&lab, 0, "10.1.0.0/16");
		lab_run(&lab, SECONDS(1));
		assert_string_equal(lab_path(&lab, 2, "10.1.0.0/16"), allowed ? "12076 65515" : "-");
		lab_done(&lab);
	}
}

static void communities_go_only_where_they_are_to(void **state) {
	(void)state;
	for (int send = 0; send < 2; send++) {
		struct middle middle;
		const uint32_t community = 65517u << 16 | 65517u;
		middle_init(&middle, (uint32_t[]){65001, 65002, 65003});
		struct lab *lab = &middle.lab;
		middle.to_end.send_communities = send;
		bgp_peer_at(lab->nodes[0].speaker, 0)->config.send_communities = true;
		middle_run(&middle);
		struct bgp_network network = {.prefix = lab_prefix("10.9.0.0/16"),
			.always = true,
			.community_count = 1,
			.communities = &community};
		bgp_network_add(lab->nodes[0].speaker, &network);
		lab_run(lab, SECONDS(1));
		assert_true(attributes_has_community(best(lab, 1, "10.9.0.0/16"), community));
		assert_int_equal(best(lab, 2, "10.9.0.0/16")->spec.community_count, send);
		lab_done(lab);
	}
}

static void well_known_communities_stop_a_route(void **state) {
	static const struct {
		uint32_t community;
		uint32_t end_asn;
		const char *expected;
	} CASES[] = {
		{COMMUNITY_NO_EXPORT, 65003, "-"},
		{COMMUNITY_NO_EXPORT, 65002, "65001"},
		{COMMUNITY_NO_ADVERTISE, 65002, "-"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(CASES) / sizeof(CASES[0]); i++) {
		struct middle middle;
		middle_init(&middle, (uint32_t[]){65001, 65002, CASES[i].end_asn});
		struct lab *lab = &middle.lab;
		struct policy_term term = {
			.add_communities = &CASES[i].community, .add_community_count = 1};
		struct policy *policy;
		size_t bad;
		assert_int_equal(policy_new(&term, 1, POLICY_REJECT, &policy, &bad), 0);
		bgp_peer_at(lab->nodes[1].speaker, 0)->config.import = policy;
		middle_run(&middle);
		assert_string_equal(lab_path(lab, 1, "10.1.0.0/16"), "65001");
		assert_string_equal(lab_path(lab, 2, "10.1.0.0/16"), CASES[i].expected);
		lab_done(lab);
	}
}

static void a_med_goes_inside_but_not_to_the_next_as(void **state) {
	const struct policy_term term = {.set_flags = POLICY_SET_MED, .med = 7};

	(void)state;
	for (uint32_t end_asn = 65002; end_asn <= 65003; end_asn++) {
		struct middle middle;
		struct policy *policy;
		size_t bad;
		middle_init(&middle, (uint32_t[]){65001, 65002, end_asn});
		struct lab *lab = &middle.lab;
		assert_int_equal(policy_new(&term, 1, POLICY_REJECT, &policy, &bad), 0);
		bgp_peer_at(lab->nodes[0].speaker, 0)->config.export = policy;
		middle_run(&middle);
		assert_int_equal(best(lab, 1, "10.1.0.0/16")->spec.med, 7);
		assert_int_equal(best(lab, 2, "10.1.0.0/16")->spec.has_med, end_asn == 65002);
		lab_done(lab);
	}
}

// AZ-ER-22 with AZ-X-1: what a policy puts in front stays, although the private ASNs go.
static void a_prepend_and_a_next_hop_of_the_export_policy_stay(void **state) {
	static const uint32_t PREPEND[] = {12076};
	struct policy_term term = {.set_flags = POLICY_SET_NEXT_HOP,
		.next_hop = lab_address(3),
		.prepend = PREPEND,
		.prepend_count = 1};
	struct middle middle;
	size_t bad;

	(void)state;
	middle_init(&middle, (uint32_t[]){65515, 12076, 65020});
	middle.to_end.strip_private = STRIP_PRIVATE_LEADING;
	assert_int_equal(policy_new(&term, 1, POLICY_REJECT, &middle.to_end.export, &bad), 0);
	middle_run(&middle);
	policy_unref(middle.to_end.export);
	assert_string_equal(lab_path(&middle.lab, 2, "10.1.0.0/16"), "12076 12076");
	assert_true(ip_equal(best(&middle.lab, 2, "10.1.0.0/16")->spec.next_hop, lab_address(3)));
	lab_done(&middle.lab);
}

// Tags put on by an import policy choose what an export policy lets out.
static void a_tag_decides_what_leaves(void **state) {
	(void)state;
	for (uint32_t tag = 1; tag <= 2; tag++) {
		struct middle middle;
		struct policy_term in = {
			.set_flags = POLICY_SET_TAG | POLICY_SET_WEIGHT, .tag = tag, .weight = 32768};
		struct policy_term out = {.match_flags = POLICY_MATCH_TAG, .match_tag = 1};
		struct policy *import;
		size_t bad;
		middle_init(&middle, (uint32_t[]){65001, 65002, 65003});
		struct lab *lab = &middle.lab;
		assert_int_equal(policy_new(&in, 1, POLICY_REJECT, &import, &bad), 0);
		assert_int_equal(policy_new(&out, 1, POLICY_REJECT, &middle.to_end.export, &bad), 0);
		bgp_peer_at(lab->nodes[1].speaker, 0)->config.import = import;
		middle_run(&middle);
		policy_unref(middle.to_end.export); // the peer has its own reference
		assert_int_equal(
			rib_find(lab->nodes[1].rib, lab_prefix("10.1.0.0/16"))->paths[0]->weight, 32768);
		assert_string_equal(lab_path(lab, 2, "10.1.0.0/16"), tag == 1 ? "65002 65001" : "-");
		lab_done(lab);
	}
}

static void add_plain(
	struct lab *lab, size_t node, const char *prefix, struct route_source *source) {
	struct route_hop hop = {.port = 7};
	struct path_spec path = {.hops = &hop, .hop_count = 1};

	rib_update(lab->nodes[node].rib, lab_prefix(prefix), source, &path);
	rib_flush(lab->nodes[node].rib);
}

static void a_conditional_network_follows_its_plain_route(void **state) {
	struct route_source source = {.name = "static", .kind = ROUTE_STATIC, .distance = 1};
	struct bgp_network network = {.prefix = lab_prefix("10.1.0.0/16"), .weight = 32768};
	struct lab lab;

	(void)state;
	line_of_three(&lab, (uint32_t[]){65001, 65002, 65003});
	bgp_network_add(lab.nodes[0].speaker, &network);
	lab_run(&lab, SECONDS(1));
	assert_string_equal(lab_path(&lab, 2, "10.1.0.0/16"), "-");
	add_plain(&lab, 0, "10.1.0.0/16", &source);
	lab_run(&lab, SECONDS(1));
	assert_string_equal(lab_path(&lab, 2, "10.1.0.0/16"), "65002 65001");
	assert_int_equal(best(&lab, 2, "10.1.0.0/16")->spec.origin, ORIGIN_IGP);
	// Origination does not take the plain route out of forwarding.
	const struct rib_entry *entry = rib_find(lab.nodes[0].rib, lab_prefix("10.1.0.0/16"));
	struct route_hop hops[ROUTE_HOPS_MAX];
	assert_int_equal(entry->paths[0]->source->kind, ROUTE_LOCAL);
	assert_int_equal(rib_entry_hops(lab.nodes[0].rib, entry, hops), 1);
	assert_int_equal(hops[0].port, 7);
	rib_withdraw(lab.nodes[0].rib, lab_prefix("10.1.0.0/16"), &source);
	rib_flush(lab.nodes[0].rib);
	lab_run(&lab, SECONDS(1));
	assert_string_equal(lab_path(&lab, 2, "10.1.0.0/16"), "-");
	lab_done(&lab);
}

static void redistributed_routes_have_an_incomplete_origin(void **state) {
	struct lab lab;

	(void)state;
	lab_init(&lab);
	lab_add(&lab, 0, 65001);
	lab_add(&lab, 1, 65002);
	lab.nodes[0].speaker->config.redistribute = 1u << ROUTE_CONNECTED;
	struct route_source other = {.name = "static", .kind = ROUTE_STATIC, .distance = 1};
	add_plain(&lab, 0, "10.8.0.0/16", &lab.nodes[0].connected);
	add_plain(&lab, 0, "10.9.0.0/16", &other);
	lab_join(&lab, 0, 1);
	lab_run(&lab, SECONDS(1));
	assert_int_equal(best(&lab, 1, "10.8.0.0/16")->spec.origin, ORIGIN_INCOMPLETE);
	assert_string_equal(lab_path(&lab, 1, "10.9.0.0/16"), "-");
	// The network both are on comes too (AZ-X-4); it loses to the connected route there.
	assert_int_equal(rib_find(lab.nodes[1].rib, lab_prefix("10.0.0.0/24"))->path_count, 2);
	lab_done(&lab);
}

static void a_default_is_made_for_one_peer(void **state) {
	struct lab lab;

	(void)state;
	lab_init(&lab);
	lab_add(&lab, 0, 65001);
	lab_add(&lab, 1, 65002);
	struct bgp_peer_config config = lab_peer(0, 1, 65002);
	config.default_originate = true;
	bgp_peer_start(bgp_peer_add(lab.nodes[0].speaker, &config));
	bgp_peer_start(lab_join_one(&lab, 1, 0));
	lab_run(&lab, SECONDS(1));
	assert_string_equal(lab_path(&lab, 1, "0.0.0.0/0"), "65001");
	assert_null(rib_find(lab.nodes[0].rib, lab_prefix("0.0.0.0/0")));
	lab_done(&lab);
}

// AZ-VPN-11.
static void too_many_prefixes_end_the_session_for_good(void **state) {
	struct lab lab;

	(void)state;
	lab_init(&lab);
	lab_add(&lab, 0, 65001);
	lab_add(&lab, 1, 65002);
	struct bgp_peer_config config = lab_peer(0, 1, 65002);
	config.max_prefixes = 2;
	bgp_peer_start(bgp_peer_add(lab.nodes[0].speaker, &config));
	bgp_peer_start(lab_join_one(&lab, 1, 0));
	lab_originate(&lab, 1, "10.1.0.0/16");
	lab_originate(&lab, 1, "10.2.0.0/16");
	lab_run(&lab, SECONDS(1));
	assert_int_equal(status_of(&lab, 0, 0).state, BGP_ESTABLISHED);
	lab_originate(&lab, 1, "10.3.0.0/16");
	lab_run(&lab, SECONDS(200));
	assert_int_equal(status_of(&lab, 0, 0).state, BGP_IDLE);
	assert_string_equal(status_of(&lab, 0, 0).last_error, "more than 2 prefixes");
	assert_string_equal(lab_path(&lab, 0, "10.1.0.0/16"), "-");
	lab_done(&lab);
}

static void a_refresh_brings_everything_again(void **state) {
	struct lab lab;

	(void)state;
	line_of_three(&lab, (uint32_t[]){65001, 65002, 65003});
	for (int i = 0; i < 5; i++) {
		char prefix[32];
		snprintf(prefix, sizeof(prefix), "10.%d.0.0/16", i + 1);
		lab_originate(&lab, 0, prefix);
	}
	lab_run(&lab, SECONDS(1));
	uint64_t before = status_of(&lab, 1, 0).updates_in;
	assert_int_equal(before, 1); // five prefixes of one set of attributes share a message
	bgp_peer_ask_refresh(bgp_peer_at(lab.nodes[1].speaker, 0));
	lab_run(&lab, SECONDS(1));
	assert_int_equal(status_of(&lab, 1, 0).updates_in, before + 1);
	assert_int_equal(status_of(&lab, 1, 0).routes_received, 5);
	assert_int_equal(status_of(&lab, 0, 0).routes_sent, 5);
	lab_done(&lab);
}

static void a_full_stream_only_delays(void **state) {
	struct lab lab;

	(void)state;
	line_of_three(&lab, (uint32_t[]){65001, 65002, 65003});
	lab_run(&lab, SECONDS(1));
	lab.is_full = true;
	lab_originate(&lab, 0, "10.1.0.0/16");
	lab_originate(&lab, 0, "10.2.0.0/16");
	lab_run(&lab, SECONDS(2));
	assert_true(bgp_has_pending(lab.nodes[0].speaker));
	assert_true(loop_work_pending(lab.loop) > 0); // not converged
	assert_string_equal(lab_path(&lab, 1, "10.1.0.0/16"), "-");
	bgp_network_remove(lab.nodes[0].speaker, lab_prefix("10.2.0.0/16"));
	lab.is_full = false;
	lab_run(&lab, SECONDS(2));
	assert_string_equal(lab_path(&lab, 2, "10.1.0.0/16"), "65002 65001");
	assert_string_equal(lab_path(&lab, 2, "10.2.0.0/16"), "-");
	assert_int_equal(loop_work_pending(lab.loop), 0);
	lab_done(&lab);
}

// Node 3 hears of a prefix from 0, 1 and 2, which are alike; the order of their coming up differs.
static void ties_do_not_depend_on_the_order_of_arrival(void **state) {
	static const size_t ORDERS[6][3] = {
		{0, 1, 2}, {0, 2, 1}, {1, 0, 2}, {1, 2, 0}, {2, 0, 1}, {2, 1, 0}};

	(void)state;
	for (size_t order = 0; order < 6; order++) {
		struct lab lab;
		lab_init(&lab);
		lab.decision.max_paths = 2;
		for (size_t i = 0; i < 3; i++)
			lab_add(&lab, i, 65001 + (uint32_t)i);
		lab_add(&lab, 3, 65100);
		for (size_t i = 0; i < 3; i++) {
			lab_originate(&lab, i, "10.1.0.0/16");
			lab_join(&lab, ORDERS[order][i], 3);
			lab_run(&lab, SECONDS(1));
		}
		const struct rib_entry *entry = rib_find(lab.nodes[3].rib, lab_prefix("10.1.0.0/16"));
		struct route_hop hops[ROUTE_HOPS_MAX];
		assert_int_equal(entry->path_count, 3);
		assert_int_equal(entry->chosen, 2);
		for (size_t i = 0; i < 3; i++)
			assert_int_equal(entry->paths[i]->source->router_id, ip_v4(lab_address(i)));
		assert_int_equal(rib_entry_hops(lab.nodes[3].rib, entry, hops), 2);
		assert_true(ip_equal(hops[0].via, lab_address(0)));
		lab_done(&lab);
	}
}

static bool count_advertised(void *owner, struct prefix prefix, const struct attributes *as_sent) {
	struct prefix *last = owner;

	assert_non_null(as_sent);
	assert_true(last->bits == 0 || prefix_compare(*last, prefix) < 0);
	*last = prefix;
	return true;
}

static void what_was_advertised_is_listed_in_order(void **state) {
	struct prefix last = {0};
	struct lab lab;

	(void)state;
	line_of_three(&lab, (uint32_t[]){65001, 65002, 65003});
	lab_originate(&lab, 0, "10.9.0.0/16");
	lab_run(&lab, SECONDS(1));
	lab_originate(&lab, 0, "10.1.0.0/16");
	lab_run(&lab, SECONDS(1));
	bgp_peer_walk_advertised(bgp_peer_at(lab.nodes[0].speaker, 0), count_advertised, &last);
	assert_true(prefix_equal(last, lab_prefix("10.9.0.0/16")));
	lab_done(&lab);
}

static void an_ipv6_route_needs_the_family_and_a_next_hop(void **state) {
	(void)state;
	for (int has_self = 0; has_self < 2; has_self++) {
		struct lab lab;
		lab_init(&lab);
		lab_add(&lab, 0, 65001);
		lab_add(&lab, 1, 65002);
		if (has_self)
			ip_parse("fd00::1", &lab.nodes[0].speaker->config.self_v6);
		for (size_t i = 0; i < 2; i++) {
			struct bgp_peer_config config = lab_peer(i, 1 - i, 65002 - (uint32_t)i);
			config.ipv4 = config.ipv6 = true;
			bgp_peer_start(bgp_peer_add(lab.nodes[i].speaker, &config));
		}
		add_plain(&lab, 1, "fd00::/64", &lab.nodes[1].connected);
		lab_originate(&lab, 0, "2001:db8::/32");
		lab_run(&lab, SECONDS(1));
		assert_string_equal(lab_path(&lab, 1, "2001:db8::/32"), has_self ? "65001" : "-");
		lab_done(&lab);
	}
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_route_travels_and_is_withdrawn),
		cmocka_unit_test(a_dead_session_takes_its_routes_along),
		cmocka_unit_test(internal_routes_go_no_further_inside),
		cmocka_unit_test(next_hop_and_local_preference_follow_the_kind_of_session),
		cmocka_unit_test(private_numbers_are_stripped_before_the_own_is_put_in_front),
		cmocka_unit_test(as_override_hides_the_peers_own_number),
		cmocka_unit_test(the_own_number_in_a_path_is_a_loop_unless_allowed),
		cmocka_unit_test(communities_go_only_where_they_are_to),
		cmocka_unit_test(well_known_communities_stop_a_route),
		cmocka_unit_test(a_med_goes_inside_but_not_to_the_next_as),
		cmocka_unit_test(a_prepend_and_a_next_hop_of_the_export_policy_stay),
		cmocka_unit_test(a_tag_decides_what_leaves),
		cmocka_unit_test(a_conditional_network_follows_its_plain_route),
		cmocka_unit_test(redistributed_routes_have_an_incomplete_origin),
		cmocka_unit_test(a_default_is_made_for_one_peer),
		cmocka_unit_test(too_many_prefixes_end_the_session_for_good),
		cmocka_unit_test(a_refresh_brings_everything_again),
		cmocka_unit_test(a_full_stream_only_delays),
		cmocka_unit_test(ties_do_not_depend_on_the_order_of_arrival),
		cmocka_unit_test(what_was_advertised_is_listed_in_order),
		cmocka_unit_test(an_ipv6_route_needs_the_family_and_a_next_hop),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
