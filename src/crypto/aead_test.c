#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "crypto/crypto.h"

// Test cases 13 and 14 of McGrew and Viega's GCM specification: the all-zero key and nonce.
static void sealing_matches_the_gcm_specification(void **state) {
	(void)state;
	const uint8_t key[AEAD_KEY_BYTES] = {0};
	const uint8_t nonce[AEAD_NONCE_BYTES] = {0};
	const uint8_t empty_tag[AEAD_TAG_BYTES] = {0x53, 0x0f, 0x8a, 0xfb, 0xc7, 0x45, 0x36, 0xb9, 0xa9,
		0x63, 0xb4, 0xf1, 0xc4, 0xcb, 0x73, 0x8b};
	const uint8_t block_text[16] = {0xce, 0xa7, 0x40, 0x3d, 0x4d, 0x60, 0x6b, 0x6e, 0x07, 0x4e,
		0xc5, 0xd3, 0xba, 0xf3, 0x9d, 0x18};
	const uint8_t block_tag[AEAD_TAG_BYTES] = {0xd0, 0xd1, 0xc8, 0xa7, 0x99, 0x99, 0x6b, 0xf0, 0x26,
		0x5b, 0x98, 0xb5, 0xd4, 0x8a, 0xb9, 0x19};
	struct aead *aead = aead_new(key);
	uint8_t tag[AEAD_TAG_BYTES];
	uint8_t bytes[16] = {0};
	aead_seal(aead, &(struct aead_text){.nonce = nonce, .tag = tag});
	assert_memory_equal(tag, empty_tag, sizeof(tag));
	aead_seal(aead,
		&(struct aead_text){.nonce = nonce, .bytes = bytes, .length = sizeof(bytes), .tag = tag});
	assert_memory_equal(bytes, block_text, sizeof(bytes));
	assert_memory_equal(tag, block_tag, sizeof(tag));
	aead_free(aead);
}

static void what_was_sealed_opens_and_any_flipped_bit_does_not(void **state) {
	(void)state;
	uint8_t key[AEAD_KEY_BYTES];
	memset(key, 7, sizeof(key));
	const uint8_t nonce[AEAD_NONCE_BYTES] = {1, 2, 3};
	uint8_t associated[12] = {9, 8, 7};
	uint8_t bytes[33];
	uint8_t tag[AEAD_TAG_BYTES];
	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (uint8_t)i;
	struct aead *aead = aead_new(key);
	struct aead_text text = {nonce, associated, sizeof(associated), bytes, sizeof(bytes), tag};
	aead_seal(aead, &text);
	uint8_t sealed[sizeof(bytes)];
	memcpy(sealed, bytes, sizeof(bytes));

	assert_int_equal(aead_open(aead, &text), 0);
	for (size_t i = 0; i < sizeof(bytes); i++)
		assert_int_equal(bytes[i], i);

	struct {
		uint8_t *bytes;
		size_t length;
	} parts[] = {{associated, sizeof(associated)}, {sealed, sizeof(sealed)}, {tag, sizeof(tag)}};
	for (size_t part = 0; part < 3; part++)
		for (size_t bit = 0; bit < parts[part].length * 8; bit++) {
			parts[part].bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
			memcpy(bytes, sealed, sizeof(bytes));
			assert_int_equal(aead_open(aead, &text), -EBADMSG);
			parts[part].bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
		}
	memcpy(bytes, sealed, sizeof(bytes));
	assert_int_equal(aead_open(aead, &text), 0);
	aead_free(aead);
}

static void freeing_nothing_is_fine(void **state) {
	(void)state;
	aead_free(NULL);
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sealing_matches_the_gcm_specification),
		cmocka_unit_test(what_was_sealed_opens_and_any_flipped_bit_does_not),
		cmocka_unit_test(freeing_nothing_is_fine),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
