#include "crypto/crypto.h"

#include <errno.h>
#include <limits.h>
#include <openssl/evp.h>
#include <stdbool.h>
#include <stdlib.h>

#include "base/assert.h"
#include "base/memory.h"

// The key schedule is made once; a packet only sets its nonce. A context keeps its direction, so
// there are two.
struct aead {
	EVP_CIPHER_CTX *seal;
	EVP_CIPHER_CTX *open;
};

static EVP_CIPHER_CTX *context_new(const uint8_t key[AEAD_KEY_BYTES], int is_seal) {
	EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new();
	assert(context != NULL);
	int done = EVP_CipherInit_ex(context, EVP_aes_256_gcm(), NULL, key, NULL, is_seal);
	assert(done == 1);
	return context;
}

struct aead *aead_new(const uint8_t key[AEAD_KEY_BYTES]) {
	struct aead *aead = memory_alloc(sizeof(*aead));
	aead->seal = context_new(key, 1);
	aead->open = context_new(key, 0);
	return aead;
}

void aead_free(struct aead *aead) {
	if (aead == NULL)
		return;
	EVP_CIPHER_CTX_free(aead->seal);
	EVP_CIPHER_CTX_free(aead->open);
	free(aead);
}

// Everything before the tag. libcrypto refuses none of this for lengths that fit an int.
static void aead_run(EVP_CIPHER_CTX *context, const struct aead_text *text, int is_seal) {
	assert(text->length <= INT_MAX && text->associated_bytes <= INT_MAX);
	int moved = 0;
	bool done = EVP_CipherInit_ex(context, NULL, NULL, NULL, text->nonce, is_seal) == 1;
	if (text->associated_bytes > 0)
		done &= EVP_CipherUpdate(
					context, NULL, &moved, text->associated, (int)text->associated_bytes) == 1;
	if (text->length > 0)
		done &= EVP_CipherUpdate(context, text->bytes, &moved, text->bytes, (int)text->length) == 1;
	assert(done);
}

void aead_seal(struct aead *aead, const struct aead_text *text) {
	aead_run(aead->seal, text, 1);
	uint8_t nothing[AEAD_TAG_BYTES];
	int moved = 0;
	bool done = EVP_CipherFinal_ex(aead->seal, nothing, &moved) == 1;
	done &= EVP_CIPHER_CTX_ctrl(aead->seal, EVP_CTRL_AEAD_GET_TAG, AEAD_TAG_BYTES, text->tag) == 1;
	assert(done);
}

int aead_open(struct aead *aead, const struct aead_text *text) {
	aead_run(aead->open, text, 0);
	uint8_t nothing[AEAD_TAG_BYTES];
	int moved = 0;
	int set = EVP_CIPHER_CTX_ctrl(aead->open, EVP_CTRL_AEAD_SET_TAG, AEAD_TAG_BYTES, text->tag);
	assert(set == 1);
	return EVP_CipherFinal_ex(aead->open, nothing, &moved) == 1 ? 0 : -EBADMSG;
}
