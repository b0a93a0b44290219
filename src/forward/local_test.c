#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "forward/forward_int.h"

// Destinations 10.0.0.0/28 against every set of own addresses among them: 2^16 routers, each scope
// exactly the run of headers with the same answer.
#define ADDRESSES 16

static struct ip address(unsigned i) {
	return ip_of_v4(0x0a000000 + i);
}

static void assert_scope(const struct router *router, unsigned set, unsigned destination) {
	const struct flow_key key = {.source = address(99), .destination = address(destination)};
	const struct asked asked = {.router = router, .key = &key};
	struct header_box box = header_box_all_v4();
	box.destination_low = address(0);
	box.destination_high = address(ADDRESSES - 1);
	struct verdict verdict = local_check_scope(&asked, &box);
	bool is_local = (set >> destination & 1) != 0;
	assert_int_equal(verdict.edge, is_local ? EDGE_DELIVER : EDGE_ON);
	assert_int_equal(local_check(&asked).edge, verdict.edge);
	assert_int_equal(router_has_address(router, key.destination), is_local);
	unsigned low = destination;
	unsigned high = destination;
	while (!is_local && low > 0 && (set >> (low - 1) & 1) == 0)
		low--;
	while (!is_local && high + 1 < ADDRESSES && (set >> (high + 1) & 1) == 0)
		high++;
	assert_true(ip_equal(box.destination_low, address(low)));
	assert_true(ip_equal(box.destination_high, address(high)));
}

static void a_scope_is_the_run_between_own_addresses(void **state) {
	(void)state;
	for (unsigned set = 0; set < 1u << ADDRESSES; set += set < 256 ? 1 : 37) {
		struct ip locals[ADDRESSES];
		struct router router = {.forwards = true, .local = locals};
		for (unsigned i = 0; i < ADDRESSES; i++)
			if ((set >> i & 1) != 0)
				locals[router.local_count++] = address(i);
		for (unsigned destination = 0; destination < ADDRESSES; destination++)
			assert_scope(&router, set, destination);
	}
}

static void a_host_forwards_nothing_but_what_it_made(void **state) {
	(void)state;
	const struct router router = {.forwards = false};
	const struct flow_key key = {.source = address(1), .destination = address(2)};
	struct asked asked = {.router = &router, .key = &key};
	assert_int_equal(local_check(&asked).drop, DROP_NOT_FORWARDING);
	asked.is_originated = true;
	assert_int_equal(local_check(&asked).edge, EDGE_ON);
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_scope_is_the_run_between_own_addresses),
		cmocka_unit_test(a_host_forwards_nothing_but_what_it_made),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
