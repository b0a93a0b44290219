#include "proto/tcp/tcp_queue.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#include <errno.h>

// Byte number n of what goes through the queue.
static uint8_t nth(size_t n) {
	return (uint8_t)(n * 31 + n / 251);
}

static void bytes_come_out_as_they_went_in_while_the_ring_wraps_and_grows(void **state) {
	struct tcp_queue queue = {0};
	uint8_t bytes[700];
	size_t in = 0;
	size_t out = 0;

	(void)state;
	for (int round = 0; round < 300; round++) {
		size_t adds = (size_t)(round * 37 % 700);
		for (size_t i = 0; i < adds; i++)
			bytes[i] = nth(in + i);
		assert_int_equal(tcp_queue_add(&queue, bytes, adds), 0);
		in += adds;
		size_t takes = queue.length < 333 ? queue.length : 333;
		size_t offset = (queue.length - takes) / 2;
		tcp_queue_copy(&queue, offset, bytes, takes);
		for (size_t i = 0; i < takes; i++)
			assert_int_equal(bytes[i], nth(out + offset + i));
		tcp_queue_drop(&queue, takes);
		out += takes;
		assert_int_equal(queue.length, in - out);
	}
	tcp_queue_done(&queue);
}

static void what_exceeds_the_bound_is_refused_whole(void **state) {
	struct tcp_queue queue = {0};
	uint8_t *bytes = calloc(1, TCP_QUEUE_MAX_BYTES);

	(void)state;
	assert_int_equal(tcp_queue_add(&queue, bytes, TCP_QUEUE_MAX_BYTES - 1), 0);
	assert_int_equal(tcp_queue_add(&queue, bytes, 2), -ENOBUFS);
	assert_int_equal(tcp_queue_add(&queue, bytes, SIZE_MAX), -ENOBUFS);
	assert_int_equal(queue.length, TCP_QUEUE_MAX_BYTES - 1);
	assert_int_equal(tcp_queue_add(&queue, bytes, 1), 0);
	tcp_queue_drop(&queue, TCP_QUEUE_MAX_BYTES);
	assert_int_equal(queue.room, 0); // a burst's memory is given back
	assert_int_equal(tcp_queue_add(&queue, bytes, 1), 0);
	tcp_queue_done(&queue);
	free(bytes);
}

static void nothing_is_a_fine_amount(void **state) {
	struct tcp_queue queue = {0};

	(void)state;
	assert_int_equal(tcp_queue_add(&queue, NULL, 0), 0);
	tcp_queue_drop(&queue, 0);
	tcp_queue_copy(&queue, 0, NULL, 0);
	assert_int_equal(queue.length, 0);
	tcp_queue_done(&queue);
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bytes_come_out_as_they_went_in_while_the_ring_wraps_and_grows),
		cmocka_unit_test(what_exceeds_the_bound_is_refused_whole),
		cmocka_unit_test(nothing_is_a_fine_amount),
	};
	return cmocka_run_group_tests_name("tcp_queue", tests, NULL, NULL);
}
