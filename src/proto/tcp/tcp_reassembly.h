// Bytes that arrived ahead of a gap, until the gap is filled. Pure.
#pragma once

#include <stddef.h>
#include <stdint.h>

// Holds what lies less than this ahead of the next expected byte: more than any window we offer.
#define TCP_REASSEMBLY_BYTES 65536U
// Pieces apart from each other; what would make one more is dropped and will be sent again.
#define TCP_REASSEMBLY_PIECES 64

// From `first` to before `end`.
struct tcp_piece {
	uint32_t first, end;
};

// All zero holds nothing. The pieces are in order and neither touch nor overlap.
struct tcp_reassembly {
	uint8_t *ring; // byte of sequence s at s % TCP_REASSEMBLY_BYTES
	struct tcp_piece pieces[TCP_REASSEMBLY_PIECES];
	size_t count;
};

void tcp_reassembly_done(struct tcp_reassembly *r);
// Adds bytes that begin at `sequence`, not before `next` and not reaching TCP_REASSEMBLY_BYTES
// behind it.
void tcp_reassembly_add(struct tcp_reassembly *r, uint32_t next, uint32_t sequence,
	const uint8_t *bytes, size_t length);
// How many bytes stand ready at `next`, and where: as many as lie together in memory. What lies
// before `next` is forgotten.
size_t tcp_reassembly_ready(struct tcp_reassembly *r, uint32_t next, const uint8_t **bytes);
