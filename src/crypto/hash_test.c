#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "crypto/crypto.h"

// RFC 4231 4.3, 4.4 and 4.7: a short key, a longer text, a key longer than the block.
static void hmac_matches_rfc_4231(void **state) {
	(void)state;
	uint8_t long_key[131];
	memset(long_key, 0xaa, sizeof(long_key));
	uint8_t key_aa[20];
	memset(key_aa, 0xaa, sizeof(key_aa));
	uint8_t data_dd[50];
	memset(data_dd, 0xdd, sizeof(data_dd));
	const struct {
		const void *key;
		size_t key_bytes;
		const void *data;
		size_t data_bytes;
		uint8_t expected[HASH_BYTES];
	} cases[] = {
		{"Jefe", 4, "what do ya want for nothing?", 28,
			{0x5b, 0xdc, 0xc1, 0x46, 0xbf, 0x60, 0x75, 0x4e, 0x6a, 0x04, 0x24, 0x26, 0x08, 0x95,
				0x75, 0xc7, 0x5a, 0x00, 0x3f, 0x08, 0x9d, 0x27, 0x39, 0x83, 0x9d, 0xec, 0x58, 0xb9,
				0x64, 0xec, 0x38, 0x43}},
		{key_aa, sizeof(key_aa), data_dd, sizeof(data_dd),
			{0x77, 0x3e, 0xa9, 0x1e, 0x36, 0x80, 0x0e, 0x46, 0x85, 0x4d, 0xb8, 0xeb, 0xd0, 0x91,
				0x81, 0xa7, 0x29, 0x59, 0x09, 0x8b, 0x3e, 0xf8, 0xc1, 0x22, 0xd9, 0x63, 0x55, 0x14,
				0xce, 0xd5, 0x65, 0xfe}},
		{long_key, sizeof(long_key), "Test Using Larger Than Block-Size Key - Hash Key First", 54,
			{0x60, 0xe4, 0x31, 0x59, 0x1e, 0xe0, 0xb6, 0x7f, 0x0d, 0x8a, 0x26, 0xaa, 0xcb, 0xf5,
				0xb7, 0x7f, 0x8e, 0x0b, 0xc6, 0x21, 0x37, 0x28, 0xc5, 0x14, 0x05, 0x46, 0x04, 0x0f,
				0x0e, 0xe3, 0x7f, 0x54}},
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		uint8_t out[HASH_BYTES];
		hmac_sha256(cases[i].key, cases[i].key_bytes, cases[i].data, cases[i].data_bytes, out);
		assert_memory_equal(out, cases[i].expected, HASH_BYTES);
	}
}

// RFC 5869 A.1.
static void hkdf_matches_rfc_5869_with_salt(void **state) {
	(void)state;
	uint8_t secret[22];
	memset(secret, 0x0b, sizeof(secret));
	const uint8_t salt[13] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12};
	const uint8_t info[10] = {0xf0, 0xf1, 0xf2, 0xf3, 0xf4, 0xf5, 0xf6, 0xf7, 0xf8, 0xf9};
	const uint8_t expected[42] = {0x3c, 0xb2, 0x5f, 0x25, 0xfa, 0xac, 0xd5, 0x7a, 0x90, 0x43, 0x4f,
		0x64, 0xd0, 0x36, 0x2f, 0x2a, 0x2d, 0x2d, 0x0a, 0x90, 0xcf, 0x1a, 0x5a, 0x4c, 0x5d, 0xb0,
		0x2d, 0x56, 0xec, 0xc4, 0xc5, 0xbf, 0x34, 0x00, 0x72, 0x08, 0xd5, 0xb8, 0x87, 0x18, 0x58,
		0x65};
	uint8_t out[42];
	hkdf_sha256(&(struct hkdf_input){.salt = salt,
					.salt_bytes = sizeof(salt),
					.secret = secret,
					.secret_bytes = sizeof(secret),
					.info = info,
					.info_bytes = sizeof(info)},
		out, sizeof(out));
	assert_memory_equal(out, expected, sizeof(out));
}

// RFC 5869 A.3: neither salt nor info.
static void hkdf_matches_rfc_5869_without_salt(void **state) {
	(void)state;
	uint8_t secret[22];
	memset(secret, 0x0b, sizeof(secret));
	const uint8_t expected[42] = {0x8d, 0xa4, 0xe7, 0x75, 0xa5, 0x63, 0xc1, 0x8f, 0x71, 0x5f, 0x80,
		0x2a, 0x06, 0x3c, 0x5a, 0x31, 0xb8, 0xa1, 0x1f, 0x5c, 0x5e, 0xe1, 0x87, 0x9e, 0xc3, 0x45,
		0x4e, 0x5f, 0x3c, 0x73, 0x8d, 0x2d, 0x9d, 0x20, 0x13, 0x95, 0xfa, 0xa4, 0xb6, 0x1a, 0x96,
		0xc8};
	uint8_t out[42];
	hkdf_sha256(
		&(struct hkdf_input){.secret = secret, .secret_bytes = sizeof(secret)}, out, sizeof(out));
	assert_memory_equal(out, expected, sizeof(out));
}

static void a_shorter_output_is_the_start_of_a_longer_one(void **state) {
	(void)state;
	const struct hkdf_input input = {
		.secret = "s", .secret_bytes = 1, .info = "i", .info_bytes = 1};
	uint8_t whole[100];
	hkdf_sha256(&input, whole, sizeof(whole));
	for (size_t length = 0; length <= sizeof(whole); length++) {
		uint8_t out[101];
		memset(out, 0x5a, sizeof(out));
		hkdf_sha256(&input, out, length);
		assert_memory_equal(out, whole, length);
		assert_int_equal(out[length], 0x5a);
	}
}

static void secrets_compare_by_every_byte(void **state) {
	(void)state;
	uint8_t a[16] = {0};
	uint8_t b[16] = {0};
	assert_int_equal(secret_compare(a, b, sizeof(a)), 0);
	for (size_t i = 0; i < sizeof(b); i++) {
		b[i] = 1;
		assert_int_not_equal(secret_compare(a, b, sizeof(a)), 0);
		b[i] = 0;
	}
}

static void wiping_clears_exactly_the_secret(void **state) {
	(void)state;
	uint8_t bytes[4] = {1, 2, 3, 4};
	secret_wipe(bytes + 1, 2);
	assert_memory_equal(bytes, ((const uint8_t[]){1, 0, 0, 4}), 4);
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(hmac_matches_rfc_4231),
		cmocka_unit_test(hkdf_matches_rfc_5869_with_salt),
		cmocka_unit_test(hkdf_matches_rfc_5869_without_salt),
		cmocka_unit_test(a_shorter_output_is_the_start_of_a_longer_one),
		cmocka_unit_test(secrets_compare_by_every_byte),
		cmocka_unit_test(wiping_clears_exactly_the_secret),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
