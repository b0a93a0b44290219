#include "topo/session_check.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/text.h"
#include "topo/topo_build.h"

#define A ip_of_v4(0x0a000001)
#define B ip_of_v4(0x0a000002)
#define LOOPBACK ip_of_v4(0x0a630001)

struct rig {
	struct topo *topo;
	uint32_t a, b;
};

static uint32_t router_new(
	struct topo *topo, const char *name, enum topo_kind kind, struct ip address) {
	uint32_t node = topo_node_add(topo, name, kind, 0);
	uint32_t port = topo_port_add(topo, node, "eth0", 0);
	struct topo_address own = {address, prefix_of(address, 24)};

	topo_port_set_addresses(topo, port, &own, 1);
	return node;
}

static struct rig rig_new(enum topo_kind kind_of_b) {
	struct rig rig = {.topo = topo_new("x.yaml")};

	rig.a = router_new(rig.topo, "a", TOPO_ROUTER, A);
	rig.b = router_new(rig.topo, "b", kind_of_b, B);
	topo_bgp_of(rig.topo, rig.a)->asn = 65001;
	topo_bgp_of(rig.topo, rig.b)->asn = 65002;
	return rig;
}

static void session(
	struct rig *rig, uint32_t node, struct ip local, struct ip remote, uint32_t asn) {
	uint32_t number = topo_neighbor_add(rig->topo, node, local, remote, 0);
	rig->topo->neighbors[number].remote_asn = asn;
}

// NULL: nothing.
static void assert_said(struct rig *rig, const char *words) {
	struct diagnostics *mistakes = diagnostics_new();
	struct text text;

	text_init(&text);
	topo_finish(rig->topo);
	topo_check_sessions(rig->topo, mistakes);
	diagnostics_format(mistakes, &text);
	assert_int_equal(diagnostics_error_count(mistakes), 0);
	if (words == NULL)
		assert_string_equal(text_chars(&text), "");
	else if (strstr(text_chars(&text), words) == NULL || diagnostics_count(mistakes) != 1)
		fail_msg("not \"%s\" alone: %s", words, text_chars(&text));
	text_done(&text);
	diagnostics_free(mistakes);
	topo_free(rig->topo);
}

static void two_sides_that_agree_are_fine(void **state) {
	(void)state;
	struct rig rig = rig_new(TOPO_ROUTER);
	session(&rig, rig.a, A, B, 65002);
	session(&rig, rig.b, B, A, 65001);
	assert_said(&rig, NULL);
}

static void an_address_nobody_has_is_told(void **state) {
	(void)state;
	struct rig rig = rig_new(TOPO_ROUTER);
	session(&rig, rig.a, A, ip_of_v4(0x0a000009), 65002);
	assert_said(&rig, "no node in this file has the address 10.0.0.9");
}

static void a_neighbor_without_a_session_back_is_told(void **state) {
	(void)state;
	struct rig rig = rig_new(TOPO_ROUTER);
	session(&rig, rig.a, A, B, 65002);
	assert_said(&rig, "b has the address 10.0.0.2, but no BGP session with 10.0.0.1");
}

static void a_session_from_another_address_than_expected_is_told(void **state) {
	(void)state;
	struct rig rig = rig_new(TOPO_GATEWAY);
	uint32_t lo = topo_port_add(rig.topo, rig.a, "lo", 0);
	struct topo_address own = {LOOPBACK, prefix_of(LOOPBACK, 32)};
	topo_port_set_addresses(rig.topo, lo, &own, 1);
	session(&rig, rig.a, A, B, 65002);
	session(&rig, rig.b, B, LOOPBACK, 65001);
	assert_said(
		&rig, "b at 10.0.0.2 expects this session from 10.99.0.1, and it comes from 10.0.0.1");
}

static void a_neighbor_in_another_as_is_told(void **state) {
	(void)state;
	struct rig rig = rig_new(TOPO_ROUTER);
	session(&rig, rig.a, A, B, 65099);
	session(&rig, rig.b, B, A, 65001);
	assert_said(&rig, "b is expected in AS 65099 and is in AS 65002");
}

static void a_gateway_that_expects_another_as_is_told_at_the_router(void **state) {
	(void)state;
	struct rig rig = rig_new(TOPO_GATEWAY);
	session(&rig, rig.a, A, B, 65002);
	session(&rig, rig.b, B, A, 65099);
	assert_said(&rig, "b expects AS 65099 here, and a is in AS 65001");
}

static void sessions_of_the_platform_are_not_the_users_to_mend(void **state) {
	(void)state;
	struct rig rig = rig_new(TOPO_EDGE);
	session(&rig, rig.b, B, ip_of_v4(0x0a000009), 65001); // a circuit's link without a CE
	assert_said(&rig, NULL);
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(two_sides_that_agree_are_fine),
		cmocka_unit_test(an_address_nobody_has_is_told),
		cmocka_unit_test(a_neighbor_without_a_session_back_is_told),
		cmocka_unit_test(a_session_from_another_address_than_expected_is_told),
		cmocka_unit_test(a_neighbor_in_another_as_is_told),
		cmocka_unit_test(a_gateway_that_expects_another_as_is_told_at_the_router),
		cmocka_unit_test(sessions_of_the_platform_are_not_the_users_to_mend),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
