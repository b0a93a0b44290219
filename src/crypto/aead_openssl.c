// AES-256-GCM by libcrypto.
#include <errno.h>
#include <limits.h>
#include <openssl/evp.h>
#include <stdlib.h>

#include "base/assert.h"
#include "base/memory.h"
#include "crypto/aead_int.h"

// The key schedule is made once; a packet only sets its nonce. A context keeps its direction, so
// there are two.
struct contexts {
	EVP_CIPHER_CTX *seal;
	EVP_CIPHER_CTX *open;
};

static bool always(void) {
	return true;
}

static EVP_CIPHER_CTX *context_new(const uint8_t key[AEAD_KEY_BYTES], int is_seal) {
	EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new();
	assert(context != NULL);
	int done = EVP_CipherInit_ex(context, EVP_aes_256_gcm(), NULL, key, NULL, is_seal);
	assert(done == 1);
	return context;
}

static void *contexts_new(const uint8_t key[AEAD_KEY_BYTES]) {
	struct contexts *contexts = memory_alloc(sizeof(*contexts));
	contexts->seal = context_new(key, 1);
	contexts->open = context_new(key, 0);
	return contexts;
}

static void contexts_free(void *state) {
	struct contexts *contexts = state;
	EVP_CIPHER_CTX_free(contexts->seal);
	EVP_CIPHER_CTX_free(contexts->open);
	free(contexts);
}

// Everything before the tag. libcrypto refuses none of this for lengths that fit an int.
static void run(EVP_CIPHER_CTX *context, const struct aead_text *text, int is_seal) {
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

static void contexts_seal(void *state, const struct aead_text *text) {
	EVP_CIPHER_CTX *context = ((struct contexts *)state)->seal;
	run(context, text, 1);
	uint8_t nothing[AEAD_TAG_BYTES];
	int moved = 0;
	bool done = EVP_CipherFinal_ex(context, nothing, &moved) == 1;
	done &= EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_GET_TAG, AEAD_TAG_BYTES, text->tag) == 1;
	assert(done);
}

static int contexts_open(void *state, const struct aead_text *text) {
	EVP_CIPHER_CTX *context = ((struct contexts *)state)->open;
	run(context, text, 0);
	uint8_t nothing[AEAD_TAG_BYTES];
	int moved = 0;
	int set = EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_SET_TAG, AEAD_TAG_BYTES, text->tag);
	assert(set == 1);
	return EVP_CipherFinal_ex(context, nothing, &moved) == 1 ? 0 : -EBADMSG;
}

const struct aead_maker aead_openssl = {
	.name = "openssl",
	.is_usable = always,
	.new = contexts_new,
	.free = contexts_free,
	.seal = contexts_seal,
	.open = contexts_open,
};
