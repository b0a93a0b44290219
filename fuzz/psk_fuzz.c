// Whatever the decoder takes, the encoder writes back to something that reads the same.
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/assert.h"
#include "proto/psk/psk_int.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size_bytes);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size_bytes) {
	struct psk_message first, second;
	uint8_t bytes[2 * PSK_MESSAGE_MAX];
	memset(&first, 0, sizeof(first));
	memset(&second, 0, sizeof(second));
	if (psk_message_decode(data, size_bytes, &first) != 0)
		return 0;
	struct writer out = writer_of(bytes, sizeof(bytes));
	psk_message_encode(&out, &first);
	assert(!out.overflow && writer_length(&out) <= size_bytes);
	int decoded = psk_message_decode(bytes, writer_length(&out), &second);
	assert(decoded == 0);
	uint8_t again[2 * PSK_MESSAGE_MAX];
	struct writer twice = writer_of(again, sizeof(again));
	psk_message_encode(&twice, &second);
	assert(writer_length(&twice) == writer_length(&out));
	assert(memcmp(again, bytes, writer_length(&out)) == 0);
	return 0;
}
