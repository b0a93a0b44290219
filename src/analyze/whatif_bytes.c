// Results of one failure as bytes, so that they can cross a pipe.

#include "analyze/whatif.h"

#include <errno.h>
#include <string.h>

static void put(struct text *out, const void *bytes, size_t length) {
	if (length != 0)
		text_add_n(out, bytes, length);
}

static void put_list(struct text *out, const uint32_t *list, size_t count) {
	put(out, list, memory_product(count, sizeof(*list)));
}

// Names are the topo's own, which the reader has too: only numbers are passed on.
void whatif_encode(const struct whatif *whatif, struct text *out) {
	put(out, whatif, sizeof(*whatif));
	for (size_t i = 0; i < whatif->pair_count; i++) {
		const struct whatif_pair *pair = &whatif->pairs[i];
		put(out, pair, sizeof(*pair));
		put_list(out, pair->after.stops, pair->after.stop_count);
		put_list(out, pair->after.back, pair->after.back_count);
	}
}

void whatif_plan_encode(const struct whatif_plan *plan, struct text *out) {
	put(out, plan, sizeof(*plan));
	put_list(out, plan->rounds, plan->round_count);
	whatif_encode(&plan->rehearsed, out);
}

struct bytes {
	const char *at, *end;
};

static int take(struct bytes *in, void *out, size_t length) {
	if ((size_t)(in->end - in->at) < length)
		return -EBADMSG;
	if (length != 0)
		memcpy(out, in->at, length);
	in->at += length;
	return 0;
}

static int take_list(struct bytes *in, struct arena *arena, size_t count, uint32_t **out) {
	*out = ARENA_ARRAY(arena, uint32_t, count + 1);
	return take(in, *out, memory_product(count, sizeof(**out)));
}

static int take_pair(struct bytes *in, struct arena *arena, struct whatif_pair *pair) {
	if (take(in, pair, sizeof(*pair)) < 0)
		return -EBADMSG;
	pair->after.links = NULL;
	pair->after.link_count = 0;
	if (take_list(in, arena, pair->after.stop_count, &pair->after.stops) < 0)
		return -EBADMSG;
	return take_list(in, arena, pair->after.back_count, &pair->after.back);
}

int whatif_decode(const char *bytes, size_t length, struct arena *arena, struct whatif *out) {
	struct bytes in = {bytes, bytes + length};
	struct whatif whatif;

	if (take(&in, &whatif, sizeof(whatif)) < 0 ||
		whatif.pair_count > length / sizeof(struct whatif_pair))
		return -EBADMSG;
	// A forked process has its names at the same addresses; the caller's own are kept all the same.
	memcpy(whatif.failures, out->failures, sizeof(whatif.failures));
	whatif.failure_count = out->failure_count;
	whatif.pairs = ARENA_ARRAY(arena, struct whatif_pair, whatif.pair_count + 1);
	for (size_t i = 0; i < whatif.pair_count; i++) {
		if (take_pair(&in, arena, &whatif.pairs[i]) < 0)
			return -EBADMSG;
	}
	*out = whatif;
	return 0;
}

int whatif_plan_decode(
	const char *bytes, size_t length, struct arena *arena, struct whatif_plan *out) {
	struct bytes in = {bytes, bytes + length};
	struct whatif_plan plan;

	if (take(&in, &plan, sizeof(plan)) < 0 || plan.round_count > length / sizeof(*plan.rounds) ||
		take_list(&in, arena, plan.round_count, &plan.rounds) < 0)
		return -EBADMSG;
	plan.rehearsed = (struct whatif){0};
	if (whatif_decode(in.at, (size_t)(in.end - in.at), arena, &plan.rehearsed) < 0)
		return -EBADMSG;
	*out = plan;
	return 0;
}
