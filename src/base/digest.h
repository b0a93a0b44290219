// A running 64-bit FNV-1a digest, for run digests, hash tables and per-node seeds. Not a
// cryptographic hash.
#pragma once

#include <stddef.h>
#include <stdint.h>

struct digest {
	uint64_t value;
};

void digest_init(struct digest *digest);
void digest_add(struct digest *digest, const void *bytes, size_t length);
void digest_add_u64(struct digest *digest, uint64_t value);    // as eight big-endian bytes
void digest_add_text(struct digest *digest, const char *text); // with its terminating NUL

uint64_t digest_of(const void *bytes, size_t length);
