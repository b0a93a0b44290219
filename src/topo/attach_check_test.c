#include "topo/attach_check.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "topo/topo_build.h"

struct rig {
	struct topo *topo;
	struct diagnostics *mistakes;
	uint32_t a, b, port_a, port_b, port_c;
};

// a has two ports, b one, joined by two links with a third node.
static struct rig rig_new(void) {
	struct rig rig = {.topo = topo_new("x.yaml"), .mistakes = diagnostics_new()};
	rig.a = topo_node_add(rig.topo, "a", TOPO_HOST, 0);
	rig.b = topo_node_add(rig.topo, "b", TOPO_HOST, 0);
	uint32_t c = topo_node_add(rig.topo, "c", TOPO_ROUTER, 0);
	rig.port_a = topo_port_add(rig.topo, rig.a, "eth0", 0);
	rig.port_b = topo_port_add(rig.topo, rig.b, "eth0", 0);
	rig.port_c = topo_port_add(rig.topo, rig.a, "eth1", 0);
	const uint32_t ports[] = {rig.port_a, rig.port_b};
	for (size_t i = 0; i < 2; i++) {
		uint32_t link = topo_link_add(rig.topo, i == 0 ? "one" : "two", 0);
		topo_end_add(rig.topo, link, ports[i]);
		topo_end_add(rig.topo, link, topo_port_add(rig.topo, c, i == 0 ? "p" : "q", 0));
	}
	return rig;
}

static void attach(struct rig *rig, uint32_t port, const char *interface, const char *space) {
	rig->topo->ports[port].attach =
		(struct topo_attachment){.interface = interface, .name_space = space};
}

// NULL: no mistake.
static void assert_said(struct rig *rig, const char *words) {
	struct text text;
	text_init(&text);
	topo_check_attached(rig->topo, rig->mistakes);
	diagnostics_format(rig->mistakes, &text);
	if (words == NULL)
		assert_string_equal(text_chars(&text), "");
	else if (strstr(text_chars(&text), words) == NULL)
		fail_msg("%s not in: %s", words, text_chars(&text));
	text_done(&text);
	diagnostics_free(rig->mistakes);
	topo_free(rig->topo);
}

static void interfaces_of_their_own_are_fine(void **state) {
	(void)state;
	struct rig rig = rig_new();
	attach(&rig, rig.port_a, "eth1", NULL);
	attach(&rig, rig.port_b, "eth1", "other");
	assert_said(&rig, NULL);
}

static void an_interface_is_at_one_port(void **state) {
	(void)state;
	struct rig rig = rig_new();
	attach(&rig, rig.port_a, "eth1", NULL);
	attach(&rig, rig.port_b, "eth1", NULL);
	assert_said(&rig, "eth1 is already attached at a");
}

static void a_name_that_linux_would_not_take_is_a_mistake(void **state) {
	static const char *const names[] = {"", "sixteen-letters-", "a/b", "a b", ".."};
	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		struct rig rig = rig_new();
		attach(&rig, rig.port_a, names[i], NULL);
		assert_said(&rig, "is no name of an interface");
	}
	struct rig rig = rig_new();
	attach(&rig, rig.port_a, "eth1", "../x");
	assert_said(&rig, "is no name of a network namespace");
}

static void a_node_is_attached_as_a_whole(void **state) {
	(void)state;
	struct rig rig = rig_new();
	uint32_t link = topo_link_add(rig.topo, "three", 0);
	topo_end_add(rig.topo, link, rig.port_c);
	attach(&rig, rig.port_a, "eth1", NULL);
	assert_said(&rig, "a is attached at eth0 but not at eth1");
}

static void what_holds_sessions_stays_inside(void **state) {
	(void)state;
	struct rig bgp = rig_new();
	attach(&bgp, bgp.port_a, "eth1", NULL);
	topo_bgp_of(bgp.topo, bgp.a);
	assert_said(&bgp, "it speaks BGP");
	struct rig igp = rig_new();
	attach(&igp, igp.port_a, "eth1", NULL);
	igp.topo->nodes[igp.a].igp_site = "site";
	assert_said(&igp, "`igp: false`");
	struct rig tunnel = rig_new();
	attach(&tunnel, tunnel.port_a, "eth1", NULL);
	tunnel.topo->ports[tunnel.port_c].tunnel = topo_tunnel_add(tunnel.topo, "t", 0);
	assert_said(&tunnel, "it ends a tunnel");
}

static void a_loopback_has_nowhere_to_be_plugged_into(void **state) {
	(void)state;
	struct rig rig = rig_new();
	attach(&rig, rig.port_a, "eth1", NULL);
	attach(&rig, rig.port_c, "eth2", NULL);
	assert_said(&rig, "eth1 of a is plugged into nothing");
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(interfaces_of_their_own_are_fine),
		cmocka_unit_test(an_interface_is_at_one_port),
		cmocka_unit_test(a_name_that_linux_would_not_take_is_a_mistake),
		cmocka_unit_test(a_node_is_attached_as_a_whole),
		cmocka_unit_test(what_holds_sessions_stays_inside),
		cmocka_unit_test(a_loopback_has_nowhere_to_be_plugged_into),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
