// The cryptography interplane needs, and the only folder that sees a crypto library.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define AEAD_KEY_BYTES 32
#define AEAD_NONCE_BYTES 12
#define AEAD_TAG_BYTES 16
#define HASH_BYTES 32

// Whose AES-256-GCM it is. Both write the same bytes; intel-ipsec-mb is the faster one for packets
// and isn't everywhere. Whoever carries packets in real time chooses, before there are any keys;
// everybody else gets OpenSSL and pays for no other library.
enum aead_library {
	AEAD_OPENSSL,
	AEAD_IPSEC_MB,
	AEAD_LIBRARY_COUNT,
};
bool aead_is_usable(enum aead_library library); // opens it when asked for the first time
void aead_choose(enum aead_library library);    // for keys made from now on
void aead_choose_fastest(void);                 // of the usable ones
enum aead_library aead_library_chosen(void);
const char *aead_library_name(enum aead_library library);

// AES-256-GCM with one key, ready for many packets.
struct aead;
struct aead *aead_new(const uint8_t key[AEAD_KEY_BYTES]);
void aead_free(struct aead *aead);

struct aead_text {
	const uint8_t *nonce;      // AEAD_NONCE_BYTES
	const uint8_t *associated; // authenticated, not encrypted
	size_t associated_bytes;
	uint8_t *bytes; // in place
	size_t length;
	uint8_t *tag; // AEAD_TAG_BYTES, written by seal, read by open
};
void aead_seal(struct aead *aead, const struct aead_text *text);
// -EBADMSG when the tag does not verify; the bytes are then worthless.
int aead_open(struct aead *aead, const struct aead_text *text);

// HMAC-SHA-256 and HKDF over it (RFC 5869).
void hmac_sha256(
	const void *key, size_t key_bytes, const void *data, size_t length, uint8_t out[HASH_BYTES]);
struct hkdf_input {
	const void *salt, *secret, *info;
	size_t salt_bytes, secret_bytes, info_bytes;
};
void hkdf_sha256(const struct hkdf_input *input, uint8_t *out, size_t out_bytes);
// In time that does not depend on where they differ. 0 when equal.
int secret_compare(const void *a, const void *b, size_t length);
void secret_wipe(void *bytes, size_t length);
