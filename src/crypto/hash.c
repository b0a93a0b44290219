#include "crypto/crypto.h"

#include <limits.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <string.h>

#include "base/assert.h"
#include "base/memory.h"

void hmac_sha256(
	const void *key, size_t key_bytes, const void *data, size_t length, uint8_t out[HASH_BYTES]) {
	assert(key_bytes <= INT_MAX);
	unsigned int out_bytes = 0;
	const void *not_null_key = key_bytes > 0 ? key : "";
	const void *not_null_data = length > 0 ? data : "";
	const unsigned char *made =
		HMAC(EVP_sha256(), not_null_key, (int)key_bytes, not_null_data, length, out, &out_bytes);
	assert(made != NULL && out_bytes == HASH_BYTES);
}

// RFC 5869 2.2 and 2.3. The info is small everywhere, so each block's input fits a local array.
#define HKDF_INFO_MAX 512
#define HKDF_BLOCKS_MAX 255

void hkdf_sha256(const struct hkdf_input *input, uint8_t *out, size_t out_bytes) {
	assert(input->info_bytes <= HKDF_INFO_MAX);
	assert(out_bytes <= (size_t)HKDF_BLOCKS_MAX * HASH_BYTES);
	static const uint8_t zero_salt[HASH_BYTES];
	const void *salt = input->salt_bytes > 0 ? input->salt : zero_salt;
	size_t salt_bytes = input->salt_bytes > 0 ? input->salt_bytes : HASH_BYTES;
	uint8_t extracted[HASH_BYTES];
	hmac_sha256(salt, salt_bytes, input->secret, input->secret_bytes, extracted);

	uint8_t block[HASH_BYTES] = {0};
	uint8_t text[HASH_BYTES + HKDF_INFO_MAX + 1];
	size_t block_bytes = 0; // T(0) is empty
	for (unsigned number = 1; out_bytes > 0; number++) {
		memcpy(text, block, block_bytes);
		if (input->info_bytes > 0)
			memcpy(text + block_bytes, input->info, input->info_bytes);
		text[block_bytes + input->info_bytes] = (uint8_t)number;
		hmac_sha256(extracted, HASH_BYTES, text, block_bytes + input->info_bytes + 1, block);
		block_bytes = HASH_BYTES;
		size_t taken = out_bytes < HASH_BYTES ? out_bytes : HASH_BYTES;
		memcpy(out, block, taken);
		out += taken;
		out_bytes -= taken;
	}
	secret_wipe(extracted, sizeof(extracted));
	secret_wipe(block, sizeof(block));
	secret_wipe(text, sizeof(text));
}

int secret_compare(const void *a, const void *b, size_t length) {
	return CRYPTO_memcmp(a, b, length);
}

void secret_wipe(void *bytes, size_t length) {
	OPENSSL_cleanse(bytes, length);
}
