#include "live/filter_names.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const struct filter_host some[] = {
	{"hub-vm", "10.0.0.4"},
	{"both", "10.1.0.4"},
	{"both", "fd00::4"},
	{"tcp", "10.2.0.4"},
	{"port", "10.3.0.4"},
};
static const struct filter_hosts hosts = {some, COUNT(some)};

static void names_become_addresses_where_hosts_may_stand(void **state) {
	static const char *const cases[][2] = {
		{"", ""},
		{"tcp port 179", "tcp port 179"},
		{"host hub-vm", "host 10.0.0.4"},
		{"icmp and host hub-vm", "icmp and host 10.0.0.4"},
		{"host both and udp", "host (10.1.0.4 or fd00::4) and udp"},
		{"src host hub-vm and dst both", "src host 10.0.0.4 and dst (10.1.0.4 or fd00::4)"},
		{"src hub-vm or 10.9.9.9", "src 10.0.0.4 or 10.9.9.9"},
		{"host hub-vm or not both", "host 10.0.0.4 or not (10.1.0.4 or fd00::4)"},
		{"not(host hub-vm)&&udp", "not(host 10.0.0.4)&&udp"},
		{"host (hub-vm or both)", "host (10.0.0.4 or (10.1.0.4 or fd00::4))"},
		// Elsewhere a word is libpcap's own, whoever is called so.
		{"tcp and src port 80", "tcp and src port 80"},
		{"dst net 10.0.0.0/8 and tcp", "dst net 10.0.0.0/8 and tcp"},
		{"host 10.0.0.4 and tcp", "host 10.0.0.4 and tcp"},
		{"host fd00::beef", "host fd00::beef"},
		{"udp[4:2] > 100 and hub-vm", "udp[4:2] > 100 and hub-vm"},
	};
	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct text out, problem;
		text_init(&out);
		text_init(&problem);
		assert_int_equal(filter_put_addresses(cases[i][0], &hosts, &out, &problem), 0);
		assert_string_equal(text_chars(&out), cases[i][1]);
		text_done(&out);
		text_done(&problem);
	}
}

static void a_name_nobody_has_is_told_with_the_nearest(void **state) {
	struct text out, problem;
	(void)state;
	text_init(&out);
	text_init(&problem);
	assert_int_equal(filter_put_addresses("icmp and host hub-mv", &hosts, &out, &problem), -EINVAL);
	assert_string_equal(text_chars(&problem),
		"filter: the network has no host \"hub-mv\"; did you mean \"hub-vm\"?");
	text_done(&out);
	text_done(&problem);
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_become_addresses_where_hosts_may_stand),
		cmocka_unit_test(a_name_nobody_has_is_told_with_the_nearest),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
