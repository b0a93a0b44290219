#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "proto/psk/psk_int.h"

// Every cell: what a state does with an event, by role. "." is "nothing changes".
struct cell {
	enum psk_role role;
	enum psk_state state;
	const char *row; // a letter per event, in the order of enum psk_event
};

// Letters: the next state. S stopped, I idle, i init sent, a auth sent, r init answered. Columns:
// start, stop, begin, retransmit, give up; INIT request, request again; INIT reply good, bad; AUTH
// request good, bad; AUTH reply good; refused; dead, deleted.
static const struct cell cells[] = {
	{PSK_INITIATOR, PSK_STOPPED, "i.............."},
	{PSK_INITIATOR, PSK_IDLE, ".Si..........iI"},
	{PSK_INITIATOR, PSK_INIT_SENT, ".S.i...aI....iI"},
	{PSK_INITIATOR, PSK_AUTH_SENT, ".S.ai......IIiI"},
	{PSK_RESPONDER, PSK_STOPPED, "I.............."},
	{PSK_RESPONDER, PSK_IDLE, ".S...rI......II"},
	{PSK_RESPONDER, PSK_INIT_ANSWERED, ".S...rr..II.Irr"},
};

static enum psk_state state_of(char letter, enum psk_state same) {
	switch (letter) {
	case 'S':
		return PSK_STOPPED;
	case 'I':
		return PSK_IDLE;
	case 'i':
		return PSK_INIT_SENT;
	case 'a':
		return PSK_AUTH_SENT;
	case 'r':
		return PSK_INIT_ANSWERED;
	default:
		return same;
	}
}

static const struct cell *cell_find(enum psk_role role, enum psk_state state) {
	for (size_t i = 0; i < sizeof(cells) / sizeof(cells[0]); i++)
		if (cells[i].role == role && cells[i].state == state)
			return &cells[i];
	return NULL;
}

static void every_cell_of_the_table_is_as_written(void **unused) {
	(void)unused;
	for (int role = PSK_INITIATOR; role <= PSK_RESPONDER; role++)
		for (int state = 0; state < PSK_STATE_COUNT; state++)
			for (int event = 0; event < PSK_EVENT_COUNT; event++) {
				struct psk_step step =
					psk_fsm_step((enum psk_role)role, (enum psk_state)state, (enum psk_event)event);
				const struct cell *cell = cell_find((enum psk_role)role, (enum psk_state)state);
				char letter = cell != NULL ? cell->row[event] : '.';
				assert_int_equal(step.next, state_of(letter, (enum psk_state)state));
				if (letter == '.')
					assert_int_equal(step.actions, 0);
			}
}

static void keys_are_ready_only_on_a_verified_proof(void **unused) {
	(void)unused;
	for (int role = PSK_INITIATOR; role <= PSK_RESPONDER; role++)
		for (int state = 0; state < PSK_STATE_COUNT; state++)
			for (int event = 0; event < PSK_EVENT_COUNT; event++) {
				struct psk_step step =
					psk_fsm_step((enum psk_role)role, (enum psk_state)state, (enum psk_event)event);
				if (step.actions & PSK_ACT_READY)
					assert_true(
						event == PSK_EVENT_AUTH_REQUEST_GOOD || event == PSK_EVENT_AUTH_REPLY_GOOD);
			}
}

static void every_state_but_stopped_can_be_stopped(void **unused) {
	(void)unused;
	for (size_t i = 0; i < sizeof(cells) / sizeof(cells[0]); i++) {
		struct psk_step step = psk_fsm_step(cells[i].role, cells[i].state, PSK_EVENT_STOP);
		assert_int_equal(step.next, PSK_STOPPED);
	}
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_cell_of_the_table_is_as_written),
		cmocka_unit_test(keys_are_ready_only_on_a_verified_proof),
		cmocka_unit_test(every_state_but_stopped_can_be_stopped),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
