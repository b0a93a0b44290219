// One face for the libraries, and which of them new keys go to.
#include "crypto/crypto.h"

#include <stdlib.h>

#include "base/assert.h"
#include "base/memory.h"
#include "crypto/aead_int.h"

struct aead {
	const struct aead_maker *maker;
	void *state;
};

static const struct aead_maker *const makers[AEAD_LIBRARY_COUNT] = {
	[AEAD_OPENSSL] = &aead_openssl,
	[AEAD_IPSEC_MB] = &aead_ipsec_mb,
};

// The folder's one variable. All libraries write the same bytes, so it can change how long
// something takes and nothing else.
static enum aead_library chosen = AEAD_OPENSSL;

bool aead_is_usable(enum aead_library library) {
	return makers[library]->is_usable();
}

const char *aead_library_name(enum aead_library library) {
	return makers[library]->name;
}

enum aead_library aead_library_chosen(void) {
	return chosen;
}

void aead_choose(enum aead_library library) {
	assert(aead_is_usable(library));
	chosen = library;
}

void aead_choose_fastest(void) {
	aead_choose(aead_is_usable(AEAD_IPSEC_MB) ? AEAD_IPSEC_MB : AEAD_OPENSSL);
}

struct aead *aead_new(const uint8_t key[AEAD_KEY_BYTES]) {
	struct aead *aead = memory_alloc(sizeof(*aead));
	aead->maker = makers[chosen];
	aead->state = aead->maker->new (key);
	return aead;
}

void aead_free(struct aead *aead) {
	if (aead == NULL)
		return;
	aead->maker->free(aead->state);
	free(aead);
}

void aead_seal(struct aead *aead, const struct aead_text *text) {
	aead->maker->seal(aead->state, text);
}

int aead_open(struct aead *aead, const struct aead_text *text) {
	return aead->maker->open(aead->state, text);
}
