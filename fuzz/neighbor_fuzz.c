// Any frame of a host: an answer has its fixed size, is addressed to whoever asked, and is itself
// no question.

#include <string.h>

#include "base/assert.h"
#include "live/neighbor.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size_bytes);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size_bytes) {
	uint8_t answer[NEIGHBOR_ANSWER_MAX], again[NEIGHBOR_ANSWER_MAX];
	size_t length = neighbor_answer(data, size_bytes, answer);
	struct neighbor_news news = neighbor_read(data, size_bytes);

	// Only a question that tells who asks has somebody it is about.
	assert(ip_is_none(news.target) || !ip_is_none(news.sender));
	if (length == 0)
		return 0;
	assert(frame_kind_of(data, size_bytes) == FRAME_QUESTION);
	assert(length <= sizeof(answer));
	assert(memcmp(answer + MAC_BYTES, neighbor_fabric_mac, MAC_BYTES) == 0);
	assert(neighbor_answer(answer, length, again) == 0);
	return 0;
}
