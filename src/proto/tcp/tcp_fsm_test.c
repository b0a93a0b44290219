#include "proto/tcp/tcp_fsm.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

// A letter a state, a column an event in the order of enum tcp_event; '.' is "stays as it is".
//  C closed  S syn-sent  R syn-received  E established  1 fin-wait-1  2 fin-wait-2
//  G closing  L last-ack  T time-wait
static const char letters[] = "CSRE12GLT";
static const char *const expected[TCP_STATES] = {
	[TCP_CLOSED] = "SR..........",
	[TCP_SYN_SENT] = ".RE...CCCC.C",
	[TCP_SYN_RECEIVED] = "...E..CCCC.C",
	[TCP_ESTABLISHED] = "....L.C1CC.C",
	[TCP_FIN_WAIT_1] = "....G2C..C.C",
	[TCP_FIN_WAIT_2] = "....T.C...CC",
	[TCP_CLOSING] = ".....TC..C.C",
	[TCP_LAST_ACK] = ".....CC..C.C",
	[TCP_TIME_WAIT] = "....T.C...CC",
};

static const unsigned tells = TCP_DO_TELL_OPENED | TCP_DO_TELL_CLOSED | TCP_DO_TELL_RESET |
	TCP_DO_TELL_REFUSED | TCP_DO_TELL_TIMEOUT;

static bool is_known(int state, int event) {
	return expected[state][event] != '.';
}

static void every_cell_goes_where_the_rfc_says(void **unused) {
	(void)unused;
	for (int state = 0; state < TCP_STATES; state++) {
		for (int event = 0; event < TCP_EVENTS; event++) {
			struct tcp_step step = tcp_fsm_step((enum tcp_state)state, (enum tcp_event)event);
			char next = is_known(state, event) ? expected[state][event] : letters[state];
			if (letters[step.next] != next)
				fail_msg("state %d event %d: %c", state, event, letters[step.next]);
			if (!is_known(state, event))
				assert_int_equal(step.actions, 0);
		}
	}
}

static void a_connection_is_released_exactly_when_it_closes(void **unused) {
	(void)unused;
	for (int state = 0; state < TCP_STATES; state++) {
		for (int event = 0; event < TCP_EVENTS; event++) {
			struct tcp_step step = tcp_fsm_step((enum tcp_state)state, (enum tcp_event)event);
			bool closes = state != TCP_CLOSED && step.next == TCP_CLOSED;
			assert_int_equal(closes, (step.actions & TCP_DO_RELEASE) != 0);
		}
	}
}

// The states in which a stream has an owner end with one word to it, unless the owner itself did
// it.
static void an_owner_hears_exactly_one_end(void **unused) {
	static const enum tcp_state owned[] = {TCP_SYN_SENT, TCP_SYN_RECEIVED, TCP_ESTABLISHED};

	(void)unused;
	for (int state = 0; state < TCP_STATES; state++) {
		bool is_owned = false;
		for (size_t i = 0; i < sizeof(owned) / sizeof(owned[0]); i++)
			is_owned |= state == (int)owned[i];
		for (int event = 0; event < TCP_EVENTS; event++) {
			struct tcp_step step = tcp_fsm_step((enum tcp_state)state, (enum tcp_event)event);
			bool by_owner = event == TCP_GOT_CLOSE || event == TCP_GOT_ABORT;
			bool leaves = step.next == TCP_CLOSED || step.next > TCP_ESTABLISHED;
			unsigned told = step.actions & tells & ~(unsigned)TCP_DO_TELL_OPENED;
			int count = __builtin_popcount(told);
			assert_int_equal(count, is_owned && leaves && !by_owner ? 1 : 0);
		}
	}
}

static void opening_is_told_on_the_way_to_established(void **unused) {
	(void)unused;
	for (int state = 0; state < TCP_STATES; state++) {
		for (int event = 0; event < TCP_EVENTS; event++) {
			struct tcp_step step = tcp_fsm_step((enum tcp_state)state, (enum tcp_event)event);
			bool opens = state != TCP_ESTABLISHED && step.next == TCP_ESTABLISHED;
			assert_int_equal(opens, (step.actions & TCP_DO_TELL_OPENED) != 0);
		}
	}
}

static void actions_are_these(void **unused) {
	static const struct {
		enum tcp_state state;
		enum tcp_event event;
		unsigned actions;
	} cases[] = {
		{TCP_CLOSED, TCP_GOT_CONNECT, TCP_DO_SEND_SYN},
		{TCP_CLOSED, TCP_GOT_SYN, TCP_DO_SEND_SYN},
		{TCP_SYN_SENT, TCP_GOT_SYN_ACK, TCP_DO_SEND_ACK | TCP_DO_TELL_OPENED},
		{TCP_SYN_SENT, TCP_GOT_RESET, TCP_DO_RELEASE | TCP_DO_TELL_REFUSED},
		{TCP_SYN_SENT, TCP_GOT_GIVE_UP, TCP_DO_RELEASE | TCP_DO_TELL_TIMEOUT},
		{TCP_ESTABLISHED, TCP_GOT_CLOSE, TCP_DO_SEND_FIN},
		{TCP_ESTABLISHED, TCP_GOT_ABORT, TCP_DO_SEND_RESET | TCP_DO_RELEASE},
		{TCP_ESTABLISHED, TCP_GOT_FIN, TCP_DO_SEND_ACK | TCP_DO_SEND_FIN | TCP_DO_TELL_CLOSED},
		{TCP_FIN_WAIT_2, TCP_GOT_FIN, TCP_DO_SEND_ACK | TCP_DO_LINGER},
		{TCP_CLOSING, TCP_GOT_ACK_OF_FIN, TCP_DO_LINGER},
		{TCP_TIME_WAIT, TCP_GOT_FIN, TCP_DO_SEND_ACK | TCP_DO_LINGER},
	};

	(void)unused;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_int_equal(tcp_fsm_step(cases[i].state, cases[i].event).actions, cases[i].actions);
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_cell_goes_where_the_rfc_says),
		cmocka_unit_test(a_connection_is_released_exactly_when_it_closes),
		cmocka_unit_test(an_owner_hears_exactly_one_end),
		cmocka_unit_test(opening_is_told_on_the_way_to_established),
		cmocka_unit_test(actions_are_these),
	};
	return cmocka_run_group_tests_name("tcp_fsm", tests, NULL, NULL);
}
