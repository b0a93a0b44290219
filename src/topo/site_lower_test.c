#include "topo/site.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/instant.h"
#include "base/names.h"
#include "topo/topo_build.h"

// Two CEs and a host on a LAN, one CE with a circuit, a public address and a tunnel.
#define INTERFACES_MAX 5

struct fixture {
	struct topo_address addresses[2][INTERFACES_MAX];
	struct site_interface interfaces[2][INTERFACES_MAX];
	struct site_neighbor neighbors[2][2];
	struct site_static statics[2];
	struct topo_address host_address;
	struct site_router routers[2];
	struct site_host host;
	struct site_segment segment;
	struct site_prefix_entry entries[3];
	struct site_prefix_list list;
	struct site_route_map_entry map_entries[2];
	struct site_route_map map;
	struct site site;
	struct topo *topo;
	struct names *ports;
	struct diagnostics *mistakes;
};

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

static struct site_interface *add_interface(
	struct fixture *f, size_t router, const char *name, const char *address) {
	size_t i = f->routers[router].interface_count++;
	struct site_interface *interface = &f->interfaces[router][i];
	struct topo_address *given = &f->addresses[router][i];

	assert_int_equal(prefix_parse_interface(address, &given->address, &given->network), 0);
	*interface = (struct site_interface){.name = name, .addresses = given, .address_count = 1};
	return interface;
}

static struct site_neighbor *add_neighbor(
	struct fixture *f, size_t router, const char *address, uint32_t asn) {
	struct site_bgp *bgp = &f->routers[router].bgp;
	struct site_neighbor *neighbor = &f->neighbors[router][bgp->neighbor_count++];

	*neighbor = (struct site_neighbor){
		.address = ip_from(address), .remote_asn = asn, .local_preference = -1, .weight = -1};
	return neighbor;
}

static struct fixture fixture(void) {
	struct fixture f = {0};

	f.topo = topo_new("x.yaml");
	f.ports = names_new();
	f.mistakes = diagnostics_new();
	return f;
}

// The fixture may not move from here on: its arrays point at each other.
static void fill(struct fixture *f) {
	static const char *names[] = {"ce1", "ce2"};

	for (size_t i = 0; i < 2; i++)
		f->routers[i] = (struct site_router){.name = names[i],
			.interfaces = f->interfaces[i],
			.bgp = {.given = true, .asn = 65021, .neighbors = f->neighbors[i]}};
	add_interface(f, 0, "lan", "10.2.30.1/25")->segment = "lan";
	add_interface(f, 0, "wan", "192.168.30.17/30")->circuit = "er1/primary";
	add_interface(f, 0, "inet", "203.0.113.1/32")->is_internet = true;
	add_interface(f, 0, "vpn", "10.2.30.125/32")->ipsec =
		(struct site_ipsec){.given = true, .connection = "c", .inner_ttl = "reset"};
	add_interface(f, 1, "lan", "10.2.30.2/25")->segment = "lan";
	f->statics[0] =
		(struct site_static){.prefix = prefix_from("10.10.30.254/32"), .interface = "vpn"};
	f->routers[0].statics = f->statics;
	f->routers[0].static_count = 1;
	f->host_address =
		(struct topo_address){ip_from("10.2.30.10"), prefix_host(ip_from("10.2.30.10"))};
	f->host = (struct site_host){.name = "vm",
		.addresses = &f->host_address,
		.address_count = 1,
		.segment = "lan",
		.gateway = ip_from("10.2.30.1")};
	f->segment = (struct site_segment){.name = "lan", .given = true, .delay_ns = 7};
	f->site = (struct site){.name = "loc1",
		.routers = f->routers,
		.router_count = 2,
		.hosts = &f->host,
		.host_count = 1,
		.segments = &f->segment,
		.segment_count = 1,
		.prefix_lists = &f->list,
		.route_maps = &f->map};
}

static void lower(struct fixture *f) {
	site_lower(&f->site, 1, f->topo, f->ports, f->mistakes);
	site_lower_finish(f->topo, f->mistakes);
	topo_finish(f->topo);
}

static void done(struct fixture *f) {
	topo_free(f->topo);
	names_free(f->ports);
	diagnostics_free(f->mistakes);
}

static void no_mistakes(struct fixture *f) {
	if (diagnostics_count(f->mistakes))
		fail_msg("%s", diagnostics_at(f->mistakes, 0)->text);
}

static uint32_t port_of(const struct fixture *f, const char *name) {
	uint32_t port = names_find(f->ports, name);

	assert_int_not_equal(port, NAME_NONE);
	return port;
}

static void every_interface_is_found_by_its_name(void **state) {
	struct fixture f = fixture();
	(void)state;

	fill(&f);
	lower(&f);
	no_mistakes(&f);
	assert_string_equal(f.topo->ports[port_of(&f, "ce1/wan")].name, "wan");
	assert_int_equal(f.topo->ports[port_of(&f, "ce2/lan")].node, topo_find_node(f.topo, "ce2"));
	assert_int_equal(f.topo->ports[port_of(&f, "vm/eth0")].node, topo_find_node(f.topo, "vm"));
	done(&f);
}

static void three_on_a_segment_are_one_link_and_two_are_a_line(void **state) {
	struct fixture f = fixture();
	(void)state;

	fill(&f);
	lower(&f);
	const struct topo_link *link = &f.topo->links[topo_find_link(f.topo, "loc1/lan")];
	assert_int_equal(link->end_count, 3);
	assert_int_equal(link->delay_ns, 7);
	assert_false(link->can_fail); // the host would go with it
	done(&f);

	f = fixture();
	fill(&f);
	f.site.host_count = 0;
	lower(&f);
	link = &f.topo->links[topo_find_link(f.topo, "ce1--ce2")];
	assert_int_equal(link->end_count, 2);
	assert_true(link->can_fail);
	done(&f);
}

static void the_igp_runs_on_segments_only(void **state) {
	struct fixture f = fixture();
	(void)state;

	fill(&f);
	lower(&f);
	assert_int_equal(f.topo->ports[port_of(&f, "ce1/lan")].igp_cost, 1);
	assert_int_equal(f.topo->ports[port_of(&f, "ce1/wan")].igp_cost, 0);
	assert_int_equal(f.topo->ports[port_of(&f, "ce1/vpn")].igp_cost, 0);
	assert_int_equal(f.topo->ports[port_of(&f, "ce1/inet")].igp_cost, 0);
	assert_string_equal(f.topo->nodes[topo_find_node(f.topo, "ce1")].igp_site, "loc1");
	done(&f);
}

static void a_host_has_its_segments_network_and_a_default_route(void **state) {
	struct fixture f = fixture();
	(void)state;

	fill(&f);
	lower(&f);
	const struct topo_node *host = &f.topo->nodes[topo_find_node(f.topo, "vm")];
	const struct topo_port *port = &f.topo->ports[host->ports[0]];
	assert_false(host->forwards);
	assert_true(ip_equal(host->address, ip_from("10.2.30.10")));
	assert_true(prefix_equal(port->addresses[0].network, prefix_from("10.2.30.0/25")));
	assert_int_equal(host->route_count, 1);
	assert_true(ip_equal(host->routes[0].hops[0].via, ip_from("10.2.30.1")));
	done(&f);
}

static void the_only_router_is_the_hosts_gateway(void **state) {
	struct fixture f = fixture();
	(void)state;

	fill(&f);
	f.site.router_count = 1;
	f.host.gateway = IP_NONE;
	lower(&f);
	no_mistakes(&f);
	const struct topo_node *host = &f.topo->nodes[topo_find_node(f.topo, "vm")];
	assert_true(ip_equal(host->routes[0].hops[0].via, ip_from("10.2.30.1")));
	done(&f);
}

static void ends_for_the_cloud_are_offered(void **state) {
	struct fixture f = fixture();
	(void)state;

	fill(&f);
	lower(&f);
	const struct topo_offer *circuit = topo_offer_find(f.topo, "circuit:er1/primary");
	const struct topo_offer *tunnel = topo_offer_find(f.topo, "connection:c");
	assert_non_null(circuit);
	assert_int_equal(circuit->port, port_of(&f, "ce1/wan"));
	assert_non_null(tunnel);
	assert_int_equal(tunnel->port, port_of(&f, "ce1/vpn"));
	assert_int_equal(tunnel->underlay_port, port_of(&f, "ce1/inet"));
	assert_true(ip_equal(tunnel->outer, ip_from("203.0.113.1")));
	assert_true(tunnel->inner_ttl_reset);
	assert_int_equal(f.topo->ports[tunnel->port].mtu_bytes, 1400);
	assert_null(topo_offer_find(f.topo, "connection:d"));
	done(&f);
}

static void a_session_to_the_own_subnet_hangs_on_its_port(void **state) {
	struct fixture f = fixture();
	(void)state;

	fill(&f);
	add_neighbor(&f, 0, "192.168.30.18", 12076);
	add_neighbor(&f, 0, "10.10.30.254", 65515);
	lower(&f);
	no_mistakes(&f);
	const struct topo_neighbor *msee = &f.topo->neighbors[0], *gateway = &f.topo->neighbors[1];
	assert_int_equal(msee->port, port_of(&f, "ce1/wan"));
	assert_true(ip_equal(msee->local, ip_from("192.168.30.17")));
	assert_true(msee->bfd_interval_ns == 300 * MS_NS && msee->bfd_multiplier == 3);
	// Behind the tunnel: several hops as far as BGP knows, from the tunnel's address, without BFD.
	assert_int_equal(gateway->port, TOPO_NONE);
	assert_true(ip_equal(gateway->local, ip_from("10.2.30.125")));
	assert_true(gateway->bfd_interval_ns == 0);
	done(&f);
}

static void bfd_is_where_the_file_says(void **state) {
	static const struct {
		const char *neighbor;
		bool given, on;
		int64_t interval_ns, expected_ns;
	} cases[] = {
		{"192.168.30.18", false, false, 0, 300 * MS_NS},
		{"192.168.30.18", true, false, 0, 0},
		{"192.168.30.18", true, true, 50 * MS_NS, 50 * MS_NS},
		{"10.2.30.2", false, false, 0, 0},
		{"10.2.30.2", true, true, 0, 300 * MS_NS},
	};
	(void)state;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct fixture f = fixture();
		fill(&f);
		struct site_neighbor *neighbor = add_neighbor(&f, 0, cases[i].neighbor, 1);
		neighbor->bfd_given = cases[i].given;
		neighbor->bfd = cases[i].on;
		neighbor->bfd_interval_ns = cases[i].interval_ns;
		lower(&f);
		assert_true(f.topo->neighbors[0].bfd_interval_ns == cases[i].expected_ns);
		done(&f);
	}
}

// What a policy does to a route, through the route layer itself.
static enum policy_verdict judge(const struct topo_neighbor *neighbor, const char *prefix,
	struct attributes_table *table, struct policy_route *route) {
	struct policy *policy = NULL;
	struct attributes_spec spec = {.next_hop = ip_of_v4(1)};
	size_t bad = 0, term = 0;

	enum policy_verdict fallback = neighbor->import_default_deny ? POLICY_REJECT : POLICY_ACCEPT;
	assert_int_equal(
		policy_new(neighbor->import, neighbor->import_count, fallback, &policy, &bad), 0);
	*route = (struct policy_route){
		.prefix = prefix_from(prefix), .attributes = attributes_intern(table, &spec)};
	enum policy_verdict verdict = policy_apply(policy, table, route, &term);
	policy_unref(policy);
	return verdict;
}

static void a_prefix_list_keeps_its_order(void **state) {
	static const struct {
		const char *prefix;
		enum policy_verdict verdict;
	} cases[] = {
		{"10.1.2.0/24", POLICY_ACCEPT}, // permitted by the first entry, before the denial
		{"10.1.3.0/24", POLICY_REJECT}, // denied by the second
		{"10.9.0.0/16", POLICY_ACCEPT}, // permitted by the third
		{"10.0.0.0/8", POLICY_ACCEPT},
		{"10.9.9.0/25", POLICY_REJECT}, // longer than the third allows
		{"192.168.0.0/16", POLICY_REJECT},
	};
	struct attributes_table *table = attributes_table_new();
	(void)state;

	for (int through_map = 0; through_map < 2; through_map++) {
		struct fixture f = fixture();
		fill(&f);
		f.entries[0] = (struct site_prefix_entry){.prefix = prefix_from("10.1.2.0/24")};
		f.entries[1] = (struct site_prefix_entry){
			.prefix = prefix_from("10.1.0.0/16"), .at_most = 32, .deny = true};
		f.entries[2] =
			(struct site_prefix_entry){.prefix = prefix_from("10.0.0.0/8"), .at_most = 24};
		f.list = (struct site_prefix_list){.name = "l", .entries = f.entries, .entry_count = 3};
		f.site.prefix_list_count = 1;
		f.map_entries[0] = (struct site_route_map_entry){
			.match_prefix_list = "l", .set_local_preference = 150, .set_weight = -1, .set_med = -1};
		f.map = (struct site_route_map){.name = "m", .entries = f.map_entries, .entry_count = 1};
		f.site.route_map_count = 1;
		struct site_neighbor *neighbor = add_neighbor(&f, 0, "192.168.30.18", 12076);
		if (through_map)
			neighbor->route_map_in = "m";
		else
			neighbor->prefix_list_in = "l";
		neighbor->local_preference = 200;
		lower(&f);
		no_mistakes(&f);
		const struct topo_neighbor *lowered = &f.topo->neighbors[0];
		for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
			struct policy_route route;
			enum policy_verdict verdict = judge(lowered, cases[i].prefix, table, &route);
			if (verdict != cases[i].verdict)
				fail_msg("%s", cases[i].prefix);
			if (verdict == POLICY_ACCEPT)
				assert_int_equal(route.attributes->spec.local_preference, through_map ? 150 : 200);
			attributes_unref(table, route.attributes);
		}
		done(&f);
	}
	attributes_table_free(table);
}

typedef void breakage(struct fixture *f);

static const char *bad_community[] = {"65000"};

static void two_purposes(struct fixture *f) {
	f->interfaces[0][0].circuit = "er1/secondary";
}

static void no_public_address(struct fixture *f) {
	f->interfaces[0][2].is_internet = false;
}

static void same_node_name(struct fixture *f) {
	f->host.name = "ce2";
}

static void same_address(struct fixture *f) {
	f->addresses[1][0].address = f->addresses[0][0].address;
}

static void same_circuit(struct fixture *f) {
	add_interface(f, 1, "wan", "192.168.30.21/30")->circuit = "er1/primary";
}

static void overlap(struct fixture *f) {
	f->addresses[0][1].network = prefix_from("10.2.0.0/16");
	f->addresses[0][1].address = ip_from("10.2.9.9");
}

static void broadcast(struct fixture *f) {
	f->addresses[0][1].address = ip_from("192.168.30.19");
}

static void host_outside(struct fixture *f) {
	f->host_address.address = ip_from("10.2.30.200");
}

static void host_wrong_network(struct fixture *f) {
	f->host_address.network = prefix_from("10.2.30.0/24");
}

static void wrong_gateway(struct fixture *f) {
	f->host.gateway = ip_from("10.2.30.3");
}

static void no_gateway(struct fixture *f) {
	f->host.gateway = IP_NONE;
}

static void static_nowhere(struct fixture *f) {
	f->statics[0].interface = NULL;
	f->statics[0].next_hop = ip_from("10.99.0.1");
}

static void static_no_interface(struct fixture *f) {
	f->statics[0].interface = "vpm";
}

static void static_two_minds(struct fixture *f) {
	f->statics[0].discard = true;
}

static void neighbor_self(struct fixture *f) {
	add_neighbor(f, 0, "192.168.30.17", 12076);
}

static void neighbor_far(struct fixture *f) {
	f->interfaces[1][0].is_internet = true;
	f->interfaces[1][0].segment = NULL;
	f->site.host_count = 0;
	add_neighbor(f, 1, "10.99.0.1", 12076);
}

static void unknown_list(struct fixture *f) {
	f->site.prefix_list_count = 1;
	f->list.name = "only-lan";
	add_neighbor(f, 0, "192.168.30.18", 12076)->prefix_list_out = "only-lam";
}

static void unknown_map(struct fixture *f) {
	add_neighbor(f, 0, "192.168.30.18", 12076)->route_map_in = "m";
}

static void ipsec_no_peer(struct fixture *f) {
	f->interfaces[0][3].ipsec.connection = NULL;
}

static void peer_not_there(struct fixture *f) {
	f->interfaces[0][3].ipsec.connection = NULL;
	f->interfaces[0][3].ipsec.remote_address = ip_from("203.0.113.9");
}

static void igp_on_circuit(struct fixture *f) {
	f->interfaces[0][1].igp_cost = 10;
}

static struct site_route_map_entry *with_map(struct fixture *f) {
	f->map_entries[0] =
		(struct site_route_map_entry){.set_local_preference = -1, .set_weight = -1, .set_med = -1};
	f->map = (struct site_route_map){.name = "m", .entries = f->map_entries, .entry_count = 1};
	f->site.route_map_count = 1;
	add_neighbor(f, 0, "192.168.30.18", 12076)->route_map_in = "m";
	return &f->map_entries[0];
}

static void bad_expression(struct fixture *f) {
	with_map(f)->match_as_path = "(";
}

static void bad_community_text(struct fixture *f) {
	struct site_route_map_entry *entry = with_map(f);

	entry->match_communities = bad_community;
	entry->match_community_count = 1;
}

static void a_mistake_is_told_with_what_was_expected(void **state) {
	static const struct {
		breakage *breakage;
		const char *text;
	} cases[] = {
		{two_purposes,
			"interface \"lan\" has more than one of segment, circuit, internet and ipsec"},
		{no_public_address,
			"ce1 has no interface with \"internet: true\" for the tunnel vpn to start from"},
		{same_node_name,
			"the name \"ce2\" is taken by the router ce2 of line 0; names are unique "
			"in the whole file"},
		{same_address, "10.2.30.1 is already an address of ce1"},
		{same_circuit, "the circuit link er1/primary already has a customer edge"},
		{overlap, "10.2.0.0/16 overlaps 10.2.30.0/25 of interface \"lan\" of the same router"},
		{broadcast, "192.168.30.19 is the broadcast address of 192.168.30.16/30"},
		{host_outside, "10.2.30.200 is in no network of a router on segment \"lan\""},
		{host_wrong_network, "the host's network is not the segment's, 10.2.30.0/25"},
		{wrong_gateway,
			"no router on segment \"lan\" has the gateway's address 10.2.30.3; there "
			"is 10.2.30.1"},
		{no_gateway, "2 routers are on segment \"lan\": give the host a gateway"},
		{static_nowhere, "the next hop 10.99.0.1 is in no network of an interface of ce1"},
		{static_no_interface, "ce1 has no interface \"vpm\"; did you mean \"vpn\"?"},
		{static_two_minds,
			"a static route has a nextHop, an interface or both, or else discard: true"},
		{neighbor_self, "the neighbor 192.168.30.17 is an address of ce1 itself"},
		{neighbor_far,
			"ce2 has no interface from which to reach 10.99.0.1; give it a static route "
			"or localAddress"},
		{unknown_list, "site loc1 has no prefix list \"only-lam\"; did you mean \"only-lan\"?"},
		{unknown_map, "site loc1 has no route map \"m\""},
		{bad_expression, "\"(\" is not a regular expression for an AS path"},
		{bad_community_text,
			"\"65000\" is not a community; expected \"65000:100\", no-export or no-advertise"},
		{ipsec_no_peer,
			"ipsec needs either connection, for a tunnel to a gateway, or "
			"remoteAddress, for one to another site's router"},
		{peer_not_there, "no router has a tunnel interface at 203.0.113.9 that leads back to ce1"},
		{igp_on_circuit, "igpCost: the site's IGP runs on its own segments only"},
	};
	(void)state;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct fixture f = fixture();
		fill(&f);
		cases[i].breakage(&f);
		lower(&f);
		if (diagnostics_error_count(f.mistakes) == 0)
			fail_msg("nothing said of: %s", cases[i].text);
		assert_string_equal(diagnostics_at(f.mistakes, 0)->text, cases[i].text);
		done(&f);
	}
}

// A second router with a public address of its own, at the other end of a tunnel.
static void two_sites_are_joined_by_a_tunnel(void **state) {
	struct fixture f = fixture();
	(void)state;

	fill(&f);
	f.interfaces[0][3].ipsec = (struct site_ipsec){
		.given = true, .shared_key = "a", .remote_address = ip_from("203.0.113.2"), .delay_ns = 5};
	add_interface(&f, 1, "inet", "203.0.113.2/32")->is_internet = true;
	add_interface(&f, 1, "vpn", "10.9.9.9/32")->ipsec = (struct site_ipsec){
		.given = true, .shared_key = "b", .remote_address = ip_from("203.0.113.1")};
	lower(&f);
	no_mistakes(&f);
	assert_int_equal(f.topo->tunnel_count, 1);
	const struct topo_tunnel *tunnel = &f.topo->tunnels[0];
	assert_int_equal(tunnel->port[0], port_of(&f, "ce1/vpn"));
	assert_int_equal(tunnel->port[1], port_of(&f, "ce2/vpn"));
	assert_int_equal(tunnel->underlay_port[1], port_of(&f, "ce2/inet"));
	assert_string_equal(tunnel->shared_key[1], "b");
	assert_int_equal(f.topo->ports[tunnel->port[1]].tunnel, 0);
	uint32_t link = topo_find_link(f.topo, "ce2--ce1");
	assert_int_not_equal(link, TOPO_NONE);
	assert_int_equal(f.topo->links[link].delay_ns, 5);
	assert_int_equal(f.topo->ports[tunnel->underlay_port[0]].link, link);
	done(&f);
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_interface_is_found_by_its_name),
		cmocka_unit_test(three_on_a_segment_are_one_link_and_two_are_a_line),
		cmocka_unit_test(the_igp_runs_on_segments_only),
		cmocka_unit_test(a_host_has_its_segments_network_and_a_default_route),
		cmocka_unit_test(the_only_router_is_the_hosts_gateway),
		cmocka_unit_test(ends_for_the_cloud_are_offered),
		cmocka_unit_test(a_session_to_the_own_subnet_hangs_on_its_port),
		cmocka_unit_test(bfd_is_where_the_file_says),
		cmocka_unit_test(a_prefix_list_keeps_its_order),
		cmocka_unit_test(a_mistake_is_told_with_what_was_expected),
		cmocka_unit_test(two_sites_are_joined_by_a_tunnel),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
