#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "proto/bgp/bgp_fsm.h"

static bool does(const struct bgp_transition *transition, enum bgp_action action) {
	for (size_t i = 0; i < BGP_ACTIONS_MAX; i++)
		if (transition->actions[i] == action)
			return true;
	return false;
}

// One letter per cell: the next state (I C A S O E), small where it is "any other event".
static const char *const NEXT[BGP_STATES] = {
	// start, passive, stop, fail, retry, hold, keepalive timer, opened, tcp fails, open, bad,
	// collision, notification, keepalive, update, refresh
	[BGP_IDLE] = "CAiiiiiiiiiiiiii",
	[BGP_CONNECT] = "CCIACaaSAaaaaaaa",
	[BGP_ACTIVE] = "AAIACaaSAaaaaaaa",
	[BGP_OPEN_SENT] = "SSIAaAaaAOAAAaaa",
	[BGP_OPEN_CONFIRM] = "OOIAaAOaAaAAAEaa",
	[BGP_ESTABLISHED] = "EEIAaAEaAaAAAEEE",
};

static void every_cell_leads_where_the_rfc_says(void **state) {
	static const char LETTERS[BGP_STATES] = {'I', 'C', 'A', 'S', 'O', 'E'};

	(void)state;
	for (unsigned from = 0; from < BGP_STATES; from++)
		for (unsigned event = 0; event < BGP_EVENTS; event++) {
			bool is_own;
			const struct bgp_transition *transition = bgp_fsm_next(from, event, &is_own);
			char letter = LETTERS[transition->next];
			char expected = NEXT[from][event];
			if ((is_own ? letter : letter - 'A' + 'a') != expected)
				fail_msg("%s, event %u", bgp_state_name(from), event);
		}
}

// Whoever leaves a state with a stream for one without must have got rid of it.
static void no_stream_is_left_behind(void **state) {
	(void)state;
	for (unsigned from = BGP_CONNECT; from < BGP_STATES; from++)
		for (unsigned event = 0; event < BGP_EVENTS; event++) {
			const struct bgp_transition *transition = bgp_fsm_next(from, event, NULL);
			bool had_stream = from != BGP_ACTIVE;
			bool has_stream = transition->next != BGP_ACTIVE && transition->next != BGP_IDLE;
			bool drops = does(transition, BGP_DO_CLOSE) || does(transition, BGP_DO_RESET) ||
				does(transition, BGP_DO_FORGET);
			if (had_stream && !has_stream && !drops)
				fail_msg("%s, event %u", bgp_state_name(from), event);
			if (does(transition, BGP_DO_FORGET) && event != BGP_TCP_FAILS)
				fail_msg("%s forgets at event %u", bgp_state_name(from), event);
		}
}

static void any_other_message_with_a_session_is_answered(void **state) {
	(void)state;
	for (unsigned from = BGP_OPEN_SENT; from < BGP_STATES; from++)
		for (unsigned event = 0; event < BGP_EVENTS; event++) {
			bool is_own;
			const struct bgp_transition *transition = bgp_fsm_next(from, event, &is_own);
			if (!is_own)
				assert_true(does(transition, BGP_DO_NOTIFY_FSM));
		}
}

static void all_states_have_names(void **state) {
	(void)state;
	for (unsigned from = 0; from < BGP_STATES; from++)
		assert_non_null(bgp_state_name(from));
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_cell_leads_where_the_rfc_says),
		cmocka_unit_test(no_stream_is_left_behind),
		cmocka_unit_test(any_other_message_with_a_session_is_answered),
		cmocka_unit_test(all_states_have_names),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
