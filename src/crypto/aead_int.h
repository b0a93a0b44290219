// What stands behind struct aead: a library's AES-256-GCM, one key and both directions.
#pragma once

#include "crypto/crypto.h"

struct aead_maker {
	const char *name;
	// False when the library or what it needs of the processor is not there.
	bool (*is_usable)(void);
	void *(*new)(const uint8_t key[AEAD_KEY_BYTES]);
	void (*free)(void *state); // wipes the key
	void (*seal)(void *state, const struct aead_text *text);
	int (*open)(void *state, const struct aead_text *text);
};

extern const struct aead_maker aead_openssl;
extern const struct aead_maker aead_ipsec_mb;
