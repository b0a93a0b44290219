#include "proto/tcp/tcp_reassembly.h"

#include <stdlib.h>
#include <string.h>

#include "base/assert.h"
#include "base/memory.h"
#include "proto/tcp/tcp_wire.h"

#define RING_MASK (TCP_REASSEMBLY_BYTES - 1)

void tcp_reassembly_done(struct tcp_reassembly *r) {
	free(r->ring);
	r->ring = NULL;
	r->count = 0;
}

static void pieces_remove(struct tcp_reassembly *r, size_t index, size_t count) {
	memmove(&r->pieces[index], &r->pieces[index + count],
		(r->count - index - count) * sizeof(r->pieces[0]));
	r->count -= count;
}

// Adds a piece and joins it with those it touches. False when there is no place for it.
static bool pieces_add(struct tcp_reassembly *r, struct tcp_piece piece) {
	size_t low = 0; // the first that ends at or behind the new one's beginning
	size_t high;    // the first that begins behind the new one's end

	while (low < r->count && sequence_before(r->pieces[low].end, piece.first))
		low++;
	for (high = low; high < r->count && !sequence_before(piece.end, r->pieces[high].first);
		 high++) {
		if (sequence_before(r->pieces[high].first, piece.first))
			piece.first = r->pieces[high].first;
		if (sequence_before(piece.end, r->pieces[high].end))
			piece.end = r->pieces[high].end;
	}
	if (high == low) {
		if (r->count == TCP_REASSEMBLY_PIECES)
			return false;
		memmove(&r->pieces[low + 1], &r->pieces[low], (r->count - low) * sizeof(r->pieces[0]));
		r->count++;
	} else {
		pieces_remove(r, low + 1, high - low - 1);
	}
	r->pieces[low] = piece;
	return true;
}

void tcp_reassembly_add(struct tcp_reassembly *r, uint32_t next, uint32_t sequence,
	const uint8_t *bytes, size_t length) {
	assert(sequence - next + length < TCP_REASSEMBLY_BYTES);
	if (length == 0 || !pieces_add(r, (struct tcp_piece){sequence, sequence + (uint32_t)length}))
		return;
	if (r->ring == NULL)
		r->ring = memory_realloc(NULL, TCP_REASSEMBLY_BYTES);
	size_t at = sequence & RING_MASK;
	size_t until_end = TCP_REASSEMBLY_BYTES - at;
	size_t first = length < until_end ? length : until_end;

	memcpy(r->ring + at, bytes, first);
	memcpy(r->ring, bytes + first, length - first);
}

size_t tcp_reassembly_ready(struct tcp_reassembly *r, uint32_t next, const uint8_t **bytes) {
	size_t passed = 0;

	while (passed < r->count && !sequence_before(next, r->pieces[passed].end))
		passed++;
	pieces_remove(r, 0, passed);
	if (r->count == 0) {
		tcp_reassembly_done(r);
		return 0;
	}
	if (sequence_before(next, r->pieces[0].first))
		return 0;
	size_t at = next & RING_MASK;
	size_t until_end = TCP_REASSEMBLY_BYTES - at;
	size_t ready = r->pieces[0].end - next;
	*bytes = r->ring + at;
	return ready < until_end ? ready : until_end;
}
