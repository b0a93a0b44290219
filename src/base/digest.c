#include "base/digest.h"

#include <string.h>

#include "base/wire.h"

// FNV-1a with 64 bits: the offset basis and the prime of its definition.
#define FNV_BASIS UINT64_C(0xcbf29ce484222325)
#define FNV_PRIME UINT64_C(0x100000001b3)

void digest_init(struct digest *digest) {
	digest->value = FNV_BASIS;
}

void digest_add(struct digest *digest, const void *bytes, size_t length) {
	const uint8_t *at = bytes;
	uint64_t value = digest->value;

	for (size_t i = 0; i < length; i++)
		value = (value ^ at[i]) * FNV_PRIME;
	digest->value = value;
}

void digest_add_u64(struct digest *digest, uint64_t value) {
	uint8_t bytes[8];

	put_u64(bytes, value);
	digest_add(digest, bytes, sizeof(bytes));
}

void digest_add_text(struct digest *digest, const char *text) {
	digest_add(digest, text, strlen(text) + 1);
}

uint64_t digest_of(const void *bytes, size_t length) {
	struct digest digest;

	digest_init(&digest);
	digest_add(&digest, bytes, length);
	return digest.value;
}
