// One table of known answers and one set of properties, for each library; then one library against
// the other.
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/random.h"
#include "crypto/crypto.h"

#define TEXT_BYTES_MAX 2000
#define ASSOCIATED_BYTES_MAX 64

// In hexadecimal; what is left out is zero bytes or empty.
struct answer {
	const char *name;
	const char *key, *nonce, *associated, *plain, *sealed, *tag;
};

static const struct answer answers[] = {
	// McGrew and Viega, "The Galois/Counter Mode of Operation", appendix B.
	{"case 13", "", "", "", "", "", "530f8afbc74536b9a963b4f1c4cb738b"},
	{"case 14", "", "", "", "00000000000000000000000000000000", "cea7403d4d606b6e074ec5d3baf39d18",
		"d0d1c8a799996bf0265b98b5d48ab919"},
	{"case 15", "feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308",
		"cafebabefacedbaddecaf888", "",
		"d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72"
		"1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b391aafd255",
		"522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa"
		"8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662898015ad",
		"b094dac5d93471bdec1a502270e3cc6c"},
	{"case 16", "feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308",
		"cafebabefacedbaddecaf888", "feedfacedeadbeeffeedfacedeadbeefabaddad2",
		"d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72"
		"1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39",
		"522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa"
		"8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662",
		"76fc6ece0f4e1768cddf8853bb2d551b"},
	// The 256-bit keys of draft-mcgrew-gcm-test-01, section 4: ESP packets as RFC 4106 makes them.
	{"ESP with a short sequence number",
		"abbccddef00112233445566778899aababbccddef00112233445566778899aab",
		"112233440102030405060708", "4a2cbfe300000002",
		"4500003069a6400080062690c0a801029389155e0a9e008b2dc57ee000000000"
		"7002400020bf0000020405b40101040201020201",
		"ff425c9b724599df7a3bcd510194e00d6a78107f1b0b1cbf06efae9d65a5d763"
		"748a637985771d347f0545659f14e99def842d8e",
		"b335f4eecfdbf831824b4c4915956c96"},
	{"ESP with an extended sequence number",
		"abbccddef00112233445566778899aababbccddef00112233445566778899aab",
		"73616c74616e640169766563", "17405e67156f3126dd0db99b",
		"45080028732c00004006e9f90a0106120a01038f06b88023dd6bafbecb712602"
		"50101f646d540001",
		"f2d69ecdbd5a0d5b8d5ef38bad4da58d1f278fde98ef67549d524a3018d9a57f"
		"f4d3a31ce673119e",
		"451626c2415771e3b7eebca614c89b35"},
	{"ESP with words inside", "abbccddef00112233445566778899aababbccddef00112233445566778899aab",
		"73616c74616e640169766563", "17405e67156f3126dd0db99b",
		"636973636f0172756c657301746865016e6574776501646566696e6501746865"
		"746563686e6f6c6f67696573017468617477696c6c01646566696e65746f6d6f"
		"72726f7701020201",
		"d4b7ed86a1777f2ea13d6973d324c69e7b43f826fb56831226508bebd2dceb18"
		"d0a6df10e5487df074113e14c641024e3e6773d91a62ee429b043a10e3efe6b0"
		"12a49363412364f8",
		"c0cac587f249e56b11e24f30e44ccc76"},
	{"ESP with the last sequence number",
		"6c6567616c697a656d6172696a75616e61616e64646f69746265666f72656961",
		"7475726e333021696765746d", "796b6963ffffffffffffffff",
		"45000030da3a00008001df3bc0a80005c0a800010800c6cd0200070061626364"
		"65666768696a6b6c6d6e6f707172737401020201",
		"f97ab2aa356d8edce17644ac8c78e25dd24dedbb29ebf1b64a274b39b49c3a86"
		"4cd3d78ca4ae68a32b42458fb57dbe821dcc63b9",
		"d0937ba2945f669368661a329fb4c053"},
};

static unsigned digit(char letter) {
	return letter <= '9' ? (unsigned)letter - '0' : (unsigned)letter - 'a' + 10;
}

static size_t from_hex(const char *hex, uint8_t *out, size_t room) {
	size_t count = strlen(hex) / 2;
	assert_true(count <= room);
	for (size_t i = 0; i < count; i++)
		out[i] = (uint8_t)(digit(hex[2 * i]) << 4 | digit(hex[2 * i + 1]));
	return count;
}

static void need(enum aead_library library) {
	if (!aead_is_usable(library))
		skip();
}

static struct aead *new_of(enum aead_library library, const uint8_t key[AEAD_KEY_BYTES]) {
	aead_choose(library);
	struct aead *aead = aead_new(key);
	aead_choose(AEAD_OPENSSL);
	return aead;
}

static void check_answer(enum aead_library library, const struct answer *answer) {
	uint8_t key[AEAD_KEY_BYTES] = {0}, nonce[AEAD_NONCE_BYTES] = {0};
	uint8_t associated[ASSOCIATED_BYTES_MAX], bytes[128], plain[128], sealed[128];
	uint8_t tag[AEAD_TAG_BYTES], right_tag[AEAD_TAG_BYTES];
	from_hex(answer->key, key, sizeof(key));
	from_hex(answer->nonce, nonce, sizeof(nonce));
	from_hex(answer->tag, right_tag, sizeof(right_tag));
	size_t length = from_hex(answer->plain, plain, sizeof(plain));
	assert_int_equal(from_hex(answer->sealed, sealed, sizeof(sealed)), length);
	memcpy(bytes, plain, length);
	struct aead_text text = {.nonce = nonce,
		.associated = associated,
		.associated_bytes = from_hex(answer->associated, associated, sizeof(associated)),
		.bytes = length > 0 ? bytes : NULL,
		.length = length,
		.tag = tag};
	if (text.associated_bytes == 0)
		text.associated = NULL;
	struct aead *aead = new_of(library, key);
	aead_seal(aead, &text);
	assert_memory_equal(bytes, sealed, length);
	assert_memory_equal(tag, right_tag, sizeof(tag));
	assert_int_equal(aead_open(aead, &text), 0);
	assert_memory_equal(bytes, plain, length);
	aead_free(aead);
}

static void known_answers_come_out(void **state) {
	enum aead_library library = *(enum aead_library *)*state;
	need(library);
	for (size_t i = 0; i < sizeof(answers) / sizeof(answers[0]); i++) {
		print_message("# %s\n", answers[i].name);
		check_answer(library, &answers[i]);
	}
}

static void what_was_sealed_opens_and_any_flipped_bit_does_not(void **state) {
	enum aead_library library = *(enum aead_library *)*state;
	need(library);
	uint8_t key[AEAD_KEY_BYTES];
	memset(key, 7, sizeof(key));
	const uint8_t nonce[AEAD_NONCE_BYTES] = {1, 2, 3};
	uint8_t associated[12] = {9, 8, 7};
	uint8_t bytes[33];
	uint8_t tag[AEAD_TAG_BYTES];
	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (uint8_t)i;
	struct aead *aead = new_of(library, key);
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

static void fill_randomly(struct random *random, uint8_t *bytes, size_t length) {
	for (size_t i = 0; i < length; i++)
		bytes[i] = (uint8_t)random_below(random, 256);
}

// What is sealed by the one is the same as what the other seals, and opens there; at odd addresses,
// and without a byte touched beside it.
static void compare_once(struct random *random, struct aead *a, struct aead *b, size_t length) {
	enum { GUARD = 32 };
	static uint8_t plain[TEXT_BYTES_MAX], mine[TEXT_BYTES_MAX + 2 * GUARD],
		other[TEXT_BYTES_MAX + 2 * GUARD];
	uint8_t nonce[AEAD_NONCE_BYTES], associated[ASSOCIATED_BYTES_MAX];
	uint8_t tag_a[AEAD_TAG_BYTES], tag_b[AEAD_TAG_BYTES];
	// Mostly SPI and extended sequence number, as ESP has it.
	size_t associated_bytes =
		random_below(random, 4) == 0 ? (size_t)random_below(random, ASSOCIATED_BYTES_MAX + 1) : 12;
	size_t shift = (size_t)random_below(random, 16);
	fill_randomly(random, plain, length);
	fill_randomly(random, nonce, sizeof(nonce));
	fill_randomly(random, associated, associated_bytes);
	memset(mine, 0xa5, sizeof(mine));
	memset(other, 0xa5, sizeof(other));
	uint8_t *at = mine + shift, *there = other + shift;
	memcpy(at, plain, length);
	memcpy(there, plain, length);
	struct aead_text text = {nonce, associated, associated_bytes, at, length, tag_a};
	aead_seal(a, &text);
	text.bytes = there;
	text.tag = tag_b;
	aead_seal(b, &text);
	assert_memory_equal(mine, other, sizeof(mine));
	assert_memory_equal(tag_a, tag_b, sizeof(tag_a));
	assert_int_equal(aead_open(a, &text), 0);
	assert_memory_equal(there, plain, length);
	text.bytes = at;
	assert_int_equal(aead_open(b, &text), 0);
	assert_memory_equal(mine, other, sizeof(mine));
	tag_b[random_below(random, sizeof(tag_b))] ^= (uint8_t)(1 << random_below(random, 8));
	assert_int_equal(aead_open(b, &text), -EBADMSG);
}

static void the_libraries_agree_at_every_length(void **state) {
	(void)state;
	struct random random;
	const uint64_t seed = 20;
	need(AEAD_IPSEC_MB);
	print_message("# seed %lu\n", (unsigned long)seed);
	random_init(&random, seed, "aead_test", "packets");
	struct aead *a = NULL, *b = NULL;
	for (size_t length = 0; length <= TEXT_BYTES_MAX; length++) {
		if (length % 50 == 0) {
			uint8_t key[AEAD_KEY_BYTES];
			fill_randomly(&random, key, sizeof(key));
			aead_free(a);
			aead_free(b);
			a = new_of(AEAD_OPENSSL, key);
			b = new_of(AEAD_IPSEC_MB, key);
		}
		compare_once(&random, a, b, length);
	}
	aead_free(a);
	aead_free(b);
}

// As the null cipher of ESP uses it: all is associated data, nothing is encrypted.
static void the_libraries_agree_on_long_associated_data(void **state) {
	(void)state;
	need(AEAD_IPSEC_MB);
	uint8_t key[AEAD_KEY_BYTES] = {3}, bytes[TEXT_BYTES_MAX];
	const uint8_t nonce[AEAD_NONCE_BYTES] = {1};
	uint8_t tag_a[AEAD_TAG_BYTES], tag_b[AEAD_TAG_BYTES];
	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (uint8_t)(i * 7);
	struct aead *a = new_of(AEAD_OPENSSL, key), *b = new_of(AEAD_IPSEC_MB, key);
	for (size_t length = 0; length <= sizeof(bytes); length++) {
		struct aead_text text = {
			.nonce = nonce, .associated = bytes, .associated_bytes = length, .tag = tag_a};
		aead_seal(a, &text);
		text.tag = tag_b;
		aead_seal(b, &text);
		assert_memory_equal(tag_a, tag_b, sizeof(tag_a));
		assert_int_equal(aead_open(a, &text), 0);
		assert_int_equal(aead_open(b, &text), 0);
	}
	aead_free(a);
	aead_free(b);
}

static void openssl_is_used_until_another_is_chosen(void **state) {
	(void)state;
	assert_int_equal(aead_library_chosen(), AEAD_OPENSSL);
	assert_string_equal(aead_library_name(AEAD_OPENSSL), "openssl");
	assert_string_equal(aead_library_name(AEAD_IPSEC_MB), "intel-ipsec-mb");
	assert_true(aead_is_usable(AEAD_OPENSSL));
	aead_choose_fastest();
	assert_int_equal(
		aead_library_chosen(), aead_is_usable(AEAD_IPSEC_MB) ? AEAD_IPSEC_MB : AEAD_OPENSSL);
	aead_choose(AEAD_OPENSSL);
}

static void freeing_nothing_is_fine(void **state) {
	(void)state;
	aead_free(NULL);
}

static enum aead_library openssl = AEAD_OPENSSL, ipsec_mb = AEAD_IPSEC_MB;

int main(void) {
	const struct CMUnitTest tests[] = {
		{"known_answers_come_out (openssl)", known_answers_come_out, NULL, NULL, &openssl},
		{"known_answers_come_out (intel-ipsec-mb)", known_answers_come_out, NULL, NULL, &ipsec_mb},
		{"what_was_sealed_opens_and_any_flipped_bit_does_not (openssl)",
			what_was_sealed_opens_and_any_flipped_bit_does_not, NULL, NULL, &openssl},
		{"what_was_sealed_opens_and_any_flipped_bit_does_not (intel-ipsec-mb)",
			what_was_sealed_opens_and_any_flipped_bit_does_not, NULL, NULL, &ipsec_mb},
		cmocka_unit_test(the_libraries_agree_at_every_length),
		cmocka_unit_test(the_libraries_agree_on_long_associated_data),
		cmocka_unit_test(openssl_is_used_until_another_is_chosen),
		cmocka_unit_test(freeing_nothing_is_fine),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
