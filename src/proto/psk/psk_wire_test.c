#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "proto/psk/psk_int.h"

static const struct psk_message samples[] = {
	{.initiator_spi = 1,
		.exchange = PSK_EXCHANGE_INIT,
		.from_initiator = true,
		.has_nonce = true,
		.nonce = {1, 2, 3},
		.child_spi = 0x1234},
	{.initiator_spi = UINT64_MAX,
		.responder_spi = 2,
		.exchange = PSK_EXCHANGE_INIT,
		.is_response = true,
		.has_nonce = true,
		.child_spi = UINT32_MAX,
		.has_tag = true,
		.tag = {9}},
	{.initiator_spi = 1,
		.responder_spi = 2,
		.exchange = PSK_EXCHANGE_AUTH,
		.from_initiator = true,
		.message_id = 1,
		.has_tag = true},
	{.exchange = PSK_EXCHANGE_AUTH, .is_response = true, .is_refusal = true},
	{.exchange = PSK_EXCHANGE_INFORM, .message_id = 77, .is_delete = true, .has_tag = true},
	{.exchange = PSK_EXCHANGE_INFORM},
};
#define SAMPLE_COUNT (sizeof(samples) / sizeof(samples[0]))

static size_t write_sample(size_t i, uint8_t bytes[PSK_MESSAGE_MAX]) {
	struct writer out = writer_of(bytes, PSK_MESSAGE_MAX);
	psk_message_encode(&out, &samples[i]);
	assert_false(out.overflow);
	return writer_length(&out);
}

static void what_is_written_reads_back(void **state) {
	(void)state;
	for (size_t i = 0; i < SAMPLE_COUNT; i++) {
		uint8_t bytes[PSK_MESSAGE_MAX];
		size_t length = write_sample(i, bytes);
		struct psk_message read;
		memset(&read, 0, sizeof(read));
		assert_int_equal(psk_message_decode(bytes, length, &read), 0);
		assert_int_equal(read.initiator_spi, samples[i].initiator_spi);
		assert_int_equal(read.responder_spi, samples[i].responder_spi);
		assert_int_equal(read.exchange, samples[i].exchange);
		assert_int_equal(read.from_initiator, samples[i].from_initiator);
		assert_int_equal(read.is_response, samples[i].is_response);
		assert_int_equal(read.message_id, samples[i].message_id);
		assert_int_equal(read.has_nonce, samples[i].has_nonce);
		assert_int_equal(read.child_spi, samples[i].child_spi);
		assert_int_equal(read.is_refusal, samples[i].is_refusal);
		assert_int_equal(read.is_delete, samples[i].is_delete);
		assert_int_equal(read.has_tag, samples[i].has_tag);
		assert_memory_equal(read.nonce, samples[i].nonce, PSK_NONCE_BYTES);
		assert_memory_equal(read.tag, samples[i].tag, PSK_TAG_BYTES);
	}
}

static void a_message_cut_anywhere_is_refused_and_leaves_the_result_alone(void **state) {
	(void)state;
	for (size_t i = 0; i < SAMPLE_COUNT; i++) {
		uint8_t bytes[PSK_MESSAGE_MAX];
		size_t length = write_sample(i, bytes);
		for (size_t cut = 0; cut < length; cut++) {
			struct psk_message read = {.message_id = 4711};
			assert_int_equal(psk_message_decode(bytes, cut, &read), -EBADMSG);
			// A length field that agrees with the cut must not help.
			uint8_t shorter[PSK_MESSAGE_MAX];
			memcpy(shorter, bytes, cut);
			if (cut >= 28 && !(cut == 28 && bytes[16] == 0)) {
				put_u32(shorter + 24, (uint32_t)cut);
				assert_int_equal(psk_message_decode(shorter, cut, &read), -EBADMSG);
			}
			assert_int_equal(read.message_id, 4711);
		}
	}
}

static void a_message_with_bytes_behind_it_is_refused(void **state) {
	(void)state;
	uint8_t bytes[PSK_MESSAGE_MAX] = {0};
	size_t length = write_sample(0, bytes);
	struct psk_message read;
	assert_int_equal(psk_message_decode(bytes, length + 1, &read), -EBADMSG);
	put_u32(bytes + 24, (uint32_t)length + 1);
	assert_int_equal(psk_message_decode(bytes, length + 1, &read), -EBADMSG);
}

// Header fields that make it someone else's message: version, exchange type, flags.
static void foreign_headers_are_refused(void **state) {
	(void)state;
	const struct {
		size_t at;
		uint8_t value;
	} cases[] = {{17, 0x10}, {18, 34}, {18, 243}, {19, 0x10}, {19, 0x80}};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		uint8_t bytes[PSK_MESSAGE_MAX];
		size_t length = write_sample(0, bytes);
		struct psk_message read;
		bytes[cases[i].at] = cases[i].value;
		assert_int_equal(psk_message_decode(bytes, length, &read), -EBADMSG);
	}
}

// RFC 7296 2.5: an unknown payload is passed over unless it is critical.
static void unknown_payloads_are_passed_over_unless_critical(void **state) {
	(void)state;
	for (int critical = 0; critical <= 1; critical++) {
		uint8_t bytes[PSK_MESSAGE_MAX];
		struct writer out = writer_of(bytes, sizeof(bytes));
		psk_message_encode(&out, &samples[5]);
		bytes[16] = 43;
		write_u8(&out, 0);
		write_u8(&out, critical ? 0x80 : 0);
		write_u16(&out, 6);
		write_u16(&out, 0xabcd);
		put_u32(bytes + 24, (uint32_t)writer_length(&out));
		struct psk_message read;
		assert_int_equal(
			psk_message_decode(bytes, writer_length(&out), &read), critical ? -EBADMSG : 0);
	}
}

static void a_payload_that_comes_twice_is_refused(void **state) {
	(void)state;
	uint8_t bytes[PSK_MESSAGE_MAX];
	struct writer out = writer_of(bytes, sizeof(bytes));
	psk_message_encode(&out, &samples[3]);
	bytes[28] = 41;
	write_bytes(&out, ((const uint8_t[]){0, 0, 0, 8, 0, 0, 0, 24}), 8);
	put_u32(bytes + 24, (uint32_t)writer_length(&out));
	struct psk_message read;
	assert_int_equal(psk_message_decode(bytes, writer_length(&out), &read), -EBADMSG);
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_written_reads_back),
		cmocka_unit_test(a_message_cut_anywhere_is_refused_and_leaves_the_result_alone),
		cmocka_unit_test(a_message_with_bytes_behind_it_is_refused),
		cmocka_unit_test(foreign_headers_are_refused),
		cmocka_unit_test(unknown_payloads_are_passed_over_unless_critical),
		cmocka_unit_test(a_payload_that_comes_twice_is_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
