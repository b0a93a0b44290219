#include "analyze/question.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "analyze/analyze_test_support.h"

static int begin(void **state) {
	static struct lab lab;

	diamond_begin(&lab);
	topo_finish(lab.topo);
	*state = &lab;
	return 0;
}

static int end(void **state) {
	struct lab *lab = *state;

	topo_free(lab->topo);
	return 0;
}

static struct ip ip(const char *text) {
	struct ip address;

	assert_int_equal(ip_parse(text, &address), 0);
	return address;
}

static void an_address_leads_to_its_owner(void **state) {
	struct lab *lab = *state;

	assert_int_equal(question_owner(lab->topo, ip("10.0.9.10")), diamond_node(lab, "b"));
	assert_int_equal(question_owner(lab->topo, ip("10.0.3.1")), diamond_node(lab, "r4"));
	assert_int_equal(question_owner(lab->topo, ip("10.0.9.11")), TOPO_NONE);
}

static void names_become_addresses_and_default_ports(void **state) {
	struct lab *lab = *state;
	static const struct {
		uint8_t protocol;
		uint16_t port, source_port, want_port, want_source_port;
	} cases[] = {
		{0, 0, 0, 0, 0},
		{PROTOCOL_ICMP, 80, 81, 0, 0},
		{PROTOCOL_TCP, 0, 0, QUESTION_TCP_PORT, QUESTION_SOURCE_PORT},
		{PROTOCOL_UDP, 0, 0, QUESTION_UDP_PORT, QUESTION_SOURCE_PORT},
		{PROTOCOL_UDP, 53, 5353, 53, 5353},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct question_flow flow = {cases[i].protocol, cases[i].port, cases[i].source_port, false};
		struct question question;
		assert_int_equal(question_between(lab->topo, diamond_node(lab, "a"), diamond_node(lab, "b"),
							 &flow, &question),
			0);
		assert_true(ip_equal(question.source, ip("10.0.0.10")));
		assert_true(ip_equal(question.destination, ip("10.0.9.10")));
		assert_int_equal(question.destination_port, cases[i].want_port);
		assert_int_equal(question.source_port, cases[i].want_source_port);
	}
}

static void ends_without_a_common_family_are_refused(void **state) {
	struct lab *lab = *state;
	struct question_flow flow = {0};
	struct question question;

	assert_int_equal(
		question_to_address(lab->topo, diamond_node(lab, "a"), ip("fd00::1"), &flow, &question),
		-EAFNOSUPPORT);
}

static void a_reply_turns_everything_round(void **state) {
	struct flow_key key = {ip("10.0.0.1"), ip("10.0.0.2"), PROTOCOL_TCP, false, 1000, 80};
	struct flow_key reply = question_reply_key(&key);

	(void)state;
	assert_true(ip_equal(reply.source, key.destination));
	assert_true(ip_equal(reply.destination, key.source));
	assert_int_equal(reply.source_port, 80);
	assert_int_equal(reply.destination_port, 1000);
}

static void only_hosts_are_hosts(void **state) {
	struct lab *lab = *state;
	struct arena *arena = arena_new();
	size_t count;
	uint32_t *hosts = question_hosts(lab->topo, arena, &count);

	assert_int_equal(count, 2);
	assert_int_equal(hosts[0], diamond_node(lab, "a"));
	assert_int_equal(hosts[1], diamond_node(lab, "b"));
	arena_free(arena);
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_address_leads_to_its_owner),
		cmocka_unit_test(names_become_addresses_and_default_ports),
		cmocka_unit_test(ends_without_a_common_family_are_refused),
		cmocka_unit_test(a_reply_turns_everything_round),
		cmocka_unit_test(only_hosts_are_hosts),
	};
	return cmocka_run_group_tests(tests, begin, end);
}
