// One connection's life: opening, closing, giving up, and owners that act inside their callbacks.

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <errno.h>

#include "proto/tcp/tcp_pair.h"

static void both_ends_open_after_one_and_a_half_round_trips(void **state) {
	struct pair p;

	(void)state;
	pair_open(&p, 1);
	pair_connect(&p.a, 1460);
	assert_string_equal(p.a.log, ""); // nothing happens inside the call
	pair_run(&p, 10 * MS_NS);
	assert_string_equal(p.a.log, "O");
	assert_string_equal(p.b.log, "");
	pair_run(&p, 5 * MS_NS);
	assert_string_equal(p.b.log, "A");
	assert_int_equal(p.a.segments_sent, 2);
	assert_int_equal(p.b.segments_sent, 1);
	assert_int_equal(loop_work_pending(p.loop), 0);
	pair_close(&p);
}

static void the_source_port_is_ephemeral_and_changes_each_time(void **state) {
	struct pair p;

	(void)state;
	pair_open_connected(&p, 1);
	uint16_t first = p.a.last_sent.source_port;
	assert_true(first >= 49152);
	pair_connect(&p.a, 0);
	pair_run(&p, SECOND_NS);
	assert_int_equal(p.a.last_sent.source_port, first == 65535 ? 49152 : first + 1);
	pair_close(&p);
}

static void a_port_nobody_listens_on_refuses(void **state) {
	struct pair p;

	(void)state;
	pair_open(&p, 1);
	tcp_listen(p.b.stack, PAIR_PORT, NULL, NULL);
	pair_connect(&p.a, 0);
	pair_run(&p, SECOND_NS);
	assert_string_equal(p.a.log, "f");
	assert_int_equal(tcp_stack_counters(p.b.stack)->resets_out, 1);
	assert_int_equal(tcp_stack_counters(p.a.stack)->resets_in, 1);
	pair_close(&p);
}

static void connecting_into_silence_times_out_after_31_seconds(void **state) {
	struct pair p;

	(void)state;
	pair_open(&p, 1);
	p.b.is_silent = true;
	pair_connect(&p.a, 0);
	pair_run(&p, 31 * SECOND_NS - 1);
	assert_string_equal(p.a.log, "");
	assert_int_equal(p.a.segments_sent, 5);
	pair_run(&p, 1);
	assert_string_equal(p.a.log, "x");
	pair_run(&p, 60 * SECOND_NS);
	assert_string_equal(p.b.log, ""); // the half-open end forgets, too
	pair_close(&p);
}

static void a_lost_syn_is_sent_again(void **state) {
	struct pair p;

	(void)state;
	pair_open(&p, 1);
	p.a.is_silent = true;
	pair_connect(&p.a, 0);
	pair_run(&p, 500 * MS_NS);
	p.a.is_silent = false;
	pair_run(&p, SECOND_NS);
	assert_string_equal(p.a.log, "O");
	assert_int_equal(tcp_stack_counters(p.a.stack)->retransmissions, 1);
	pair_close(&p);
}

static void bytes_sent_before_opening_follow_the_handshake(void **state) {
	struct pair p;

	(void)state;
	pair_open(&p, 1);
	pair_connect(&p.a, 0);
	assert_int_equal(pair_say(&p.a, "OPEN"), 0);
	assert_int_equal(tcp_bytes_in_flight(p.a.stack), 4);
	assert_int_equal(p.a.stream->ops->unsent(p.a.stream), 4);
	pair_run(&p, SECOND_NS);
	assert_string_equal(p.b.log, "AD");
	assert_int_equal(p.b.digest.value, digest_of("OPEN", 4));
	assert_int_equal(p.a.stream->ops->unsent(p.a.stream), 0);
	pair_close(&p);
}

static void small_writes_of_one_event_share_a_segment(void **state) {
	struct pair p;

	(void)state;
	pair_open_connected(&p, 1);
	size_t before = p.a.segments_sent;
	for (int i = 0; i < 20; i++)
		pair_say(&p.a, "UPDATE");
	pair_run(&p, SECOND_NS);
	assert_int_equal(p.b.received_bytes, 120);
	assert_int_equal(p.a.segments_sent, before + 1);
	pair_close(&p);
}

static void closing_delivers_what_was_queued_and_lingers_without_work(void **state) {
	struct pair p;

	(void)state;
	pair_open_connected(&p, 1);
	pair_say(&p.a, "last words");
	pair_stream_close(&p.a);
	pair_run(&p, SECOND_NS);
	assert_string_equal(p.b.log, "ADc");
	assert_string_equal(p.a.log, "O");
	assert_int_equal(p.b.digest.value, digest_of("last words", 10));
	assert_int_equal(loop_work_pending(p.loop), 0);
	assert_true(loop_next_due(p.loop).ns != INSTANT_NEVER.ns); // TIME-WAIT
	pair_close(&p);
}

static void both_ends_may_close_at_once(void **state) {
	struct pair p;

	(void)state;
	pair_open_connected(&p, 1);
	pair_stream_close(&p.a);
	pair_stream_close(&p.b);
	pair_run(&p, SECOND_NS);
	assert_string_equal(p.a.log, "O");
	assert_string_equal(p.b.log, "A");
	assert_int_equal(tcp_stack_counters(p.a.stack)->resets_in, 0);
	pair_close(&p);
}

static void what_the_peer_had_queued_still_comes_out_when_it_is_closed(void **state) {
	struct pair p;

	(void)state;
	pair_open_connected(&p, 1);
	pair_say(&p.b, "too late for a");
	pair_stream_close(&p.a);
	pair_run(&p, SECOND_NS);
	assert_string_equal(p.a.log, "O"); // no event follows a close
	assert_string_equal(p.b.log, "Ac");
	pair_close(&p);
}

static void a_reset_ends_the_peer_at_once(void **state) {
	struct pair p;

	(void)state;
	pair_open_connected(&p, 1);
	pair_say(&p.a, "never sent");
	pair_stream_reset(&p.a);
	assert_int_equal(tcp_bytes_in_flight(p.a.stack), 0);
	pair_run(&p, SECOND_NS);
	assert_string_equal(p.b.log, "Ar");
	assert_int_equal(loop_next_due(p.loop).ns, INSTANT_NEVER.ns);
	pair_close(&p);
}

static void sending_after_the_end_is_refused(void **state) {
	struct pair p;

	(void)state;
	pair_open_connected(&p, 1);
	struct stream *stream = p.a.stream;
	pair_stream_close(&p.a);
	assert_int_equal(stream->ops->send(stream, "x", 1), -EPIPE);
	pair_close(&p);
}

static void data_into_silence_gives_up_only_after_several_minutes(void **state) {
	struct pair p;

	(void)state;
	pair_open_connected(&p, 1);
	p.b.is_silent = true;
	pair_say(&p.a, "KEEPALIVE");
	pair_run(&p, 200 * SECOND_NS);
	assert_string_equal(p.a.log, "O");
	pair_run(&p, 400 * SECOND_NS);
	assert_string_equal(p.a.log, "Ox");
	pair_close(&p);
}

static void a_closed_stream_gives_up_within_a_minute(void **state) {
	struct pair p;

	(void)state;
	pair_open_connected(&p, 1);
	p.a.is_silent = true;
	pair_say(&p.a, "NOTIFICATION");
	pair_stream_close(&p.a);
	pair_run(&p, 60 * SECOND_NS);
	assert_int_equal(loop_work_pending(p.loop), 0);
	assert_int_equal(tcp_bytes_in_flight(p.a.stack), 0);
	pair_close(&p);
}

static void a_vanished_address_ends_its_streams_in_silence(void **state) {
	struct pair p;

	(void)state;
	pair_open_connected(&p, 1);
	size_t before = p.a.segments_sent;
	tcp_drop_local(p.a.stack, p.b.ip); // not ours
	assert_string_equal(p.a.log, "O");
	tcp_drop_local(p.a.stack, p.a.ip);
	assert_string_equal(p.a.log, "Or");
	assert_int_equal(p.a.segments_sent, before);
	pair_close(&p);
}

static void a_full_send_queue_refuses_and_tells_when_it_has_drained(void **state) {
	struct pair p;
	static uint8_t bytes[1U << 20];
	size_t queued = 0;

	(void)state;
	pair_open_connected(&p, 1);
	while (p.a.stream->ops->send(p.a.stream, bytes, sizeof(bytes)) == 0)
		queued += sizeof(bytes);
	assert_true(queued >= sizeof(bytes));
	assert_int_equal(p.a.stream->ops->unsent(p.a.stream), queued);
	pair_run(&p, 60 * SECOND_NS);
	assert_string_equal(p.a.log, "OW");
	assert_int_equal(p.b.received_bytes, queued);
	pair_close(&p);
}

static void ends_that_connect_to_each_other_share_one_connection(void **state) {
	struct pair p;
	uint16_t ports[2];

	(void)state;
	// The ports that the stacks are going to pick are a function of seed and name.
	pair_open_connected(&p, 1);
	ports[0] = p.a.last_sent.source_port;
	pair_connect(&p.b, 0);
	pair_run(&p, SECOND_NS);
	ports[1] = p.b.last_sent.source_port;
	pair_close(&p);

	pair_open(&p, 1);
	const struct tcp_address to_b = {p.a.ip, p.b.ip, ports[1], 0};
	const struct tcp_address to_a = {p.b.ip, p.a.ip, ports[0], 0};
	p.a.stream = tcp_connect(p.a.stack, &to_b, &pair_events, &p.a);
	p.b.stream = tcp_connect(p.b.stack, &to_a, &pair_events, &p.b);
	pair_say(&p.a, "from a");
	pair_run(&p, SECOND_NS);
	assert_string_equal(p.a.log, "O");
	assert_string_equal(p.b.log, "OD");
	pair_close(&p);
}

// What owners may do inside their callbacks. Each case acts at one end when it sees `on`.
static void close_it(struct pair_end *end, char what, struct stream *stream) {
	(void)what;
	if (end->stream == stream)
		pair_stream_close(end);
}

static void reset_it(struct pair_end *end, char what, struct stream *stream) {
	(void)what;
	if (end->stream == stream)
		pair_stream_reset(end);
}

static void connect_again(struct pair_end *end, char what, struct stream *stream) {
	(void)stream;
	if (strchr("crxf", what) != NULL && strlen(end->log) < 8)
		pair_connect(end, 0);
}

static void answer_and_close(struct pair_end *end, char what, struct stream *stream) {
	(void)stream;
	if (what == 'D' && end->stream != NULL) {
		pair_say(end, "answer");
		pair_stream_close(end);
	}
}

static void drop_all_local(struct pair_end *end, char what, struct stream *stream) {
	(void)stream;
	if (what == 'D')
		tcp_drop_local(end->stack, end->ip);
}

static void owners_may_end_streams_inside_any_callback(void **state) {
	static const struct {
		void (*at_a)(struct pair_end *, char, struct stream *);
		void (*at_b)(struct pair_end *, char, struct stream *);
		const char *log_a, *log_b;
	} cases[] = {
		{close_it, NULL, "O", "ADc"},
		{reset_it, NULL, "O", ""},
		{NULL, close_it, "Oc", "A"},
		{NULL, reset_it, "Or", "A"},
		{close_it, close_it, "O", "A"},
		{reset_it, reset_it, "O", ""},
		{NULL, answer_and_close, "ODc", "AD"},
		{NULL, drop_all_local, "Or", "ADr"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct pair p;
		pair_open(&p, 1);
		p.a.also = cases[i].at_a;
		p.b.also = cases[i].at_b;
		pair_connect(&p.a, 0);
		pair_say(&p.a, "question");
		pair_run(&p, SECOND_NS);
		assert_string_equal(p.a.log, cases[i].log_a);
		assert_string_equal(p.b.log, cases[i].log_b);
		p.a.also = p.b.also = NULL;
		pair_close(&p);
	}
}

static void an_owner_may_connect_again_inside_ended(void **state) {
	struct pair p;

	(void)state;
	pair_open(&p, 1);
	tcp_listen(p.b.stack, PAIR_PORT, NULL, NULL);
	p.a.also = connect_again;
	pair_connect(&p.a, 0);
	pair_run(&p, SECOND_NS);
	assert_string_equal(p.a.log, "ffffffff");
	p.a.also = NULL;
	pair_close(&p);
}

static void dropping_an_address_spares_what_its_owners_start_anew(void **state) {
	struct pair p;

	(void)state;
	pair_open_connected(&p, 1);
	p.a.also = connect_again;
	tcp_drop_local(p.a.stack, p.a.ip);
	assert_string_equal(p.a.log, "Or");
	pair_run(&p, SECOND_NS);
	assert_string_equal(p.a.log, "OrO");
	p.a.also = NULL;
	pair_close(&p);
}

static void reset_first_data(struct pair_end *end, char what, struct stream *stream) {
	if (what == 'D' && end->stream == stream)
		pair_stream_reset(end);
}

// Pieces behind a gap wait in the reassembly; its owner resets while they are handed over.
static void an_owner_may_reset_while_held_pieces_are_delivered(void **state) {
	struct pair p;
	static uint8_t bytes[20000];

	(void)state;
	pair_open_connected(&p, 1);
	p.a.is_silent = true;
	p.a.stream->ops->send(p.a.stream, bytes, 1000);
	pair_run(&p, MS_NS);
	p.a.is_silent = false;
	p.a.stream->ops->send(p.a.stream, bytes, sizeof(bytes));
	pair_run(&p, 10 * MS_NS);
	assert_int_equal(p.b.received_bytes, 0);
	p.b.also = reset_first_data;
	pair_run(&p, SECOND_NS);
	assert_string_equal(p.b.log, "AD");
	assert_string_equal(p.a.log, "Or");
	pair_close(&p);
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(both_ends_open_after_one_and_a_half_round_trips),
		cmocka_unit_test(the_source_port_is_ephemeral_and_changes_each_time),
		cmocka_unit_test(a_port_nobody_listens_on_refuses),
		cmocka_unit_test(connecting_into_silence_times_out_after_31_seconds),
		cmocka_unit_test(a_lost_syn_is_sent_again),
		cmocka_unit_test(bytes_sent_before_opening_follow_the_handshake),
		cmocka_unit_test(small_writes_of_one_event_share_a_segment),
		cmocka_unit_test(closing_delivers_what_was_queued_and_lingers_without_work),
		cmocka_unit_test(both_ends_may_close_at_once),
		cmocka_unit_test(what_the_peer_had_queued_still_comes_out_when_it_is_closed),
		cmocka_unit_test(a_reset_ends_the_peer_at_once),
		cmocka_unit_test(sending_after_the_end_is_refused),
		cmocka_unit_test(data_into_silence_gives_up_only_after_several_minutes),
		cmocka_unit_test(a_closed_stream_gives_up_within_a_minute),
		cmocka_unit_test(a_vanished_address_ends_its_streams_in_silence),
		cmocka_unit_test(a_full_send_queue_refuses_and_tells_when_it_has_drained),
		cmocka_unit_test(ends_that_connect_to_each_other_share_one_connection),
		cmocka_unit_test(owners_may_end_streams_inside_any_callback),
		cmocka_unit_test(an_owner_may_connect_again_inside_ended),
		cmocka_unit_test(dropping_an_address_spares_what_its_owners_start_anew),
		cmocka_unit_test(an_owner_may_reset_while_held_pieces_are_delivered),
	};
	return cmocka_run_group_tests_name("tcp_session", tests, NULL, NULL);
}
