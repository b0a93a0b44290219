#include "proto/bfd/bfd_fsm.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

// A column an event in the order of enum bfd_event, '.' is "stays as it is". A admin-down, D down,
// I init, U up. The middle columns are the diagram of RFC 5880 6.2.
static const char letters[] = "ADIU";
static const char *const expected[BFD_STATES] = {
	[BFD_ADMIN_DOWN] = ".....D.",
	[BFD_DOWN] = ".IU...A",
	[BFD_INIT] = "D.UUD.A",
	[BFD_UP] = "DD..D.A",
};

static void every_cell_goes_where_the_rfc_says(void **unused) {
	(void)unused;
	for (int state = 0; state < BFD_STATES; state++) {
		for (int event = 0; event < BFD_EVENTS; event++) {
			struct bfd_step step = bfd_fsm_step((enum bfd_state)state, (enum bfd_event)event);
			char next = expected[state][event] == '.' ? letters[state] : expected[state][event];
			if (letters[step.next] != next)
				fail_msg("state %d event %d: %c", state, event, letters[step.next]);
			// A change is sent at once (6.8.7), and nothing else is done without one.
			assert_int_equal((step.actions & BFD_DO_SEND) != 0, (int)step.next != state);
			if ((int)step.next == state)
				assert_int_equal(step.actions, 0);
		}
	}
}

static void owners_hear_of_up_and_of_the_end_of_up(void **unused) {
	(void)unused;
	for (int state = 0; state < BFD_STATES; state++) {
		for (int event = 0; event < BFD_EVENTS; event++) {
			struct bfd_step step = bfd_fsm_step((enum bfd_state)state, (enum bfd_event)event);
			bool comes_up = state != BFD_UP && step.next == BFD_UP;
			bool fails = state == BFD_UP && step.next == BFD_DOWN;
			assert_int_equal((step.actions & BFD_DO_TELL_UP) != 0, comes_up);
			assert_int_equal((step.actions & BFD_DO_FAST) != 0, comes_up);
			assert_int_equal((step.actions & BFD_DO_TELL_DOWN) != 0, fails);
		}
	}
}

static void diagnostics_name_the_cause(void **unused) {
	static const struct {
		enum bfd_state state;
		enum bfd_event event;
		enum bfd_diagnostic diagnostic;
	} cases[] = {
		{BFD_UP, BFD_EXPIRED, BFD_DETECTION_EXPIRED},
		{BFD_INIT, BFD_EXPIRED, BFD_DETECTION_EXPIRED},
		{BFD_UP, BFD_HEARD_DOWN, BFD_NEIGHBOR_DOWN},
		{BFD_UP, BFD_HEARD_ADMIN_DOWN, BFD_NEIGHBOR_DOWN},
		{BFD_UP, BFD_STOPPED, BFD_ADMINISTRATIVELY_DOWN},
		{BFD_INIT, BFD_HEARD_UP, BFD_NO_DIAGNOSTIC},
		{BFD_ADMIN_DOWN, BFD_STARTED, BFD_NO_DIAGNOSTIC},
	};

	(void)unused;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_int_equal(
			bfd_fsm_step(cases[i].state, cases[i].event).diagnostic, cases[i].diagnostic);
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_cell_goes_where_the_rfc_says),
		cmocka_unit_test(owners_hear_of_up_and_of_the_end_of_up),
		cmocka_unit_test(diagnostics_name_the_cause),
	};
	return cmocka_run_group_tests_name("bfd_fsm", tests, NULL, NULL);
}
