// What a peer was sent and is still owed. Changes are packed: prefixes with the same attributes
// share messages (RFC 4271 9.2), withdrawals go first.

#include <stdlib.h>
#include <string.h>

#include "base/assert.h"
#include "base/memory.h"
#include "proto/bgp/bgp_int.h"

// Prefixes packed at a time: enough to fill messages, few enough to start anew when a stream is
// full.
#define BATCH_MAX 8192
#define SEEN_BUCKETS (2 * BATCH_MAX) // a power of two
#define MESSAGE_PREFIXES_MAX 1024

// One change: the prefix gets these attributes (a reference), or is withdrawn (NULL).
struct change {
	struct attributes *attributes;
	uint32_t number;
	uint32_t group; // changes of a group go together; groups in the order they turned up
};

struct batch {
	struct change *changes;
	size_t count;
	uint32_t *seen; // change that first had the attributes, plus one; by hash
};

static struct bgp_prefixes *prefixes_of(const struct bgp_peer *peer) {
	return &peer->speaker->prefixes;
}

static void out_make_room(struct bgp_out *out, uint32_t number) {
	size_t room = out->room ? out->room : 64;

	if (number < out->room)
		return;
	while (room <= number)
		room *= 2;
	out->sent = memory_realloc(out->sent, memory_product(room, sizeof(struct attributes *)));
	out->flags = memory_realloc(out->flags, room);
	memset(out->sent + out->room, 0, (room - out->room) * sizeof(struct attributes *));
	memset(out->flags + out->room, 0, room - out->room);
	out->room = room;
}

static bool is_held(const struct bgp_out *out, uint32_t number) {
	return out->sent[number] || out->flags[number];
}

void bgp_out_mark(struct bgp_peer *peer, uint32_t number, uint8_t flags) {
	struct bgp_out *out = &peer->out;

	out_make_room(out, number);
	if (!is_held(out, number))
		bgp_prefixes_ref_number(prefixes_of(peer), number);
	if (!(out->flags[number] & BGP_OUT_PENDING))
		ARRAY_PUSH(&out->pending, number);
	out->flags[number] |= flags | BGP_OUT_PENDING;
}

// The attributes become what was sent; the reference goes with them.
static void commit(struct bgp_peer *peer, uint32_t number, struct attributes *attributes) {
	struct bgp_out *out = &peer->out;

	out->sent_count += (attributes != NULL);
	out->sent_count -= (out->sent[number] != NULL);
	attributes_unref(peer->speaker->config.attributes, out->sent[number]);
	out->sent[number] = attributes;
	out->flags[number] = 0;
	if (!attributes)
		bgp_prefixes_unref(prefixes_of(peer), number);
}

void bgp_out_clear(struct bgp_peer *peer) {
	for (uint32_t number = 0; number < peer->out.room; number++)
		if (is_held(&peer->out, number))
			commit(peer, number, NULL);
	peer->out.pending.count = 0;
}

static void mark_prefix(struct bgp_peer *peer, struct prefix prefix, uint8_t flags) {
	uint32_t number = bgp_prefixes_ref(prefixes_of(peer), prefix);

	bgp_out_mark(peer, number, flags);
	bgp_prefixes_unref(prefixes_of(peer), number);
}

struct marking {
	struct bgp_peer *peer;
	uint8_t families, flags;
};

static bool mark_entry(void *owner, const struct rib_entry *entry) {
	const struct marking *marking = owner;
	uint8_t family = prefix_is_v4(entry->prefix) ? BGP_IPV4 : BGP_IPV6;

	if (marking->families & family)
		mark_prefix(marking->peer, entry->prefix, marking->flags);
	return true;
}

void bgp_out_mark_all(struct bgp_peer *peer, uint8_t families, uint8_t flags) {
	struct marking marking = {peer, families, flags};

	if (peer->config.default_originate && (families & BGP_IPV4))
		mark_prefix(peer, prefix_default_v4(), flags);
	if (peer->config.default_originate && (families & BGP_IPV6))
		mark_prefix(peer, prefix_default_v6(), flags);
	rib_walk(peer->speaker->config.rib, mark_entry, &marking);
	bgp_speaker_wake(peer->speaker);
}

static int compare_numbers(const void *a, const void *b, void *context) {
	const struct bgp_prefixes *prefixes = context;

	return prefix_compare(bgp_prefixes_at(prefixes, *(const uint32_t *)a),
		bgp_prefixes_at(prefixes, *(const uint32_t *)b));
}

// They mostly come in order.
static void sort_numbers(struct bgp_prefixes *prefixes, uint32_t *numbers, size_t count) {
	for (size_t i = 1; i < count; i++)
		if (compare_numbers(&numbers[i - 1], &numbers[i], prefixes) > 0) {
			qsort_r(numbers, count, sizeof(*numbers), compare_numbers, prefixes);
			return;
		}
}

// Withdrawals are group 0 and 1, by family; a family's attributes get a number of their own.
static uint32_t group_of(struct batch *batch, const struct attributes *attributes, bool is_v6) {
	if (!attributes)
		return is_v6;
	// A next hop has its prefix's family, so one set of attributes never serves both.
	size_t at = (size_t)attributes->hash & (SEEN_BUCKETS - 1);
	while (batch->seen[at] && batch->changes[batch->seen[at] - 1].attributes != attributes)
		at = (at + 1) & (SEEN_BUCKETS - 1);
	if (!batch->seen[at])
		batch->seen[at] = (uint32_t)batch->count + 1;
	return batch->seen[at] + 1;
}

static void batch_add(struct bgp_peer *peer, struct batch *batch, uint32_t number) {
	struct prefix prefix = bgp_prefixes_at(prefixes_of(peer), number);
	struct attributes *attributes = bgp_export(peer, prefix);
	const struct attributes *sent = peer->out.sent[number];
	bool is_forced = attributes && (peer->out.flags[number] & BGP_OUT_RESEND);

	peer->out.flags[number] &= (uint8_t)~BGP_OUT_PENDING;
	if (attributes == sent && !is_forced) {
		commit(peer, number, attributes);
		return;
	}
	struct change *change = &batch->changes[batch->count];
	*change = (struct change){.attributes = attributes, .number = number};
	change->group = group_of(batch, attributes, !prefix_is_v4(prefix));
	batch->count++;
}

// Within a group, prefix order stays, as numbers were sorted before: position decides.
static int compare_changes(const void *a, const void *b, void *context) {
	const struct change *x = a;
	const struct change *y = b;

	if (x->group != y->group)
		return x->group < y->group ? -1 : 1;
	return compare_numbers(&x->number, &y->number, context);
}

static bool is_full(const struct bgp_peer *peer) {
	const struct stream *stream = peer->established->stream;

	return !stream || stream->ops->unsent(stream) > BGP_UNSENT_MAX;
}

// Sends one message of changes of one group. Returns how many it took; 0 when the stream is full.
static size_t send_message(struct bgp_peer *peer, struct change *changes, size_t count) {
	struct prefix prefixes[MESSAGE_PREFIXES_MAX];
	uint8_t message[BGP_MESSAGE_MAX];
	size_t taken;

	if (is_full(peer))
		return 0;
	count = count < MESSAGE_PREFIXES_MAX ? count : MESSAGE_PREFIXES_MAX;
	for (size_t i = 0; i < count; i++)
		prefixes[i] = bgp_prefixes_at(prefixes_of(peer), changes[i].number);
	struct bgp_update_out update = {
		.attributes = changes->attributes ? &changes->attributes->spec : NULL,
		.prefixes = prefixes,
		.count = count,
		.is_v6 = !prefix_is_v4(prefixes[0]),
	};
	size_t length = bgp_update_encode(&update, &peer->codec, message, &taken);
	if (length == 0) { // no message can hold these attributes: the peer must not know the prefix
		attributes_unref(peer->speaker->config.attributes, changes->attributes);
		changes->attributes = NULL;
		update.attributes = NULL;
		update.count = 1;
		length = bgp_update_encode(&update, &peer->codec, message, &taken);
	}
	if (!bgp_connection_send(peer->established, message, length))
		return 0;
	peer->updates_out++;
	return taken;
}

static size_t group_size(const struct batch *batch, size_t from) {
	size_t size = 1;

	while (from + size < batch->count &&
		batch->changes[from + size].group == batch->changes[from].group)
		size++;
	return size;
}

// Returns how many changes went out; the rest is owed again.
static size_t batch_send(struct bgp_peer *peer, struct batch *batch) {
	size_t at = 0;
	size_t taken;

	do {
		taken =
			at < batch->count ? send_message(peer, batch->changes + at, group_size(batch, at)) : 0;
		for (size_t i = 0; i < taken; i++, at++)
			commit(peer, batch->changes[at].number, batch->changes[at].attributes);
	} while (taken > 0);
	for (size_t i = at; i < batch->count; i++) {
		struct change *change = &batch->changes[i];
		attributes_unref(peer->speaker->config.attributes, change->attributes);
		peer->out.flags[change->number] |= BGP_OUT_PENDING;
		ARRAY_PUSH(&peer->out.pending, change->number);
	}
	return at;
}

// False when some of the batch had to stay.
static bool flush_batch(struct bgp_peer *peer, const uint32_t *numbers, size_t count, bool *moved) {
	struct batch batch = {0};

	batch.changes = memory_alloc(count * sizeof(*batch.changes));
	batch.seen = memory_alloc(SEEN_BUCKETS * sizeof(*batch.seen));
	for (size_t i = 0; i < count; i++)
		batch_add(peer, &batch, numbers[i]);
	qsort_r(batch.changes, batch.count, sizeof(*batch.changes), compare_changes, prefixes_of(peer));
	size_t sent = batch_send(peer, &batch);
	*moved |= sent > 0;
	free(batch.changes);
	free(batch.seen);
	return sent == batch.count;
}

bool bgp_out_flush(struct bgp_peer *peer) {
	struct bgp_number_list todo = peer->out.pending;
	bool moved = false;
	bool goes_on = true;
	size_t at = 0;

	if (!peer->established || todo.count == 0 || is_full(peer))
		return false;
	peer->out.pending = (struct bgp_number_list){0};
	sort_numbers(prefixes_of(peer), todo.items, todo.count);
	while (goes_on && at < todo.count) {
		size_t count = todo.count - at < BATCH_MAX ? todo.count - at : BATCH_MAX;
		goes_on = flush_batch(peer, todo.items + at, count, &moved);
		at += count;
	}
	for (; at < todo.count; at++)
		ARRAY_PUSH(&peer->out.pending, todo.items[at]);
	free(todo.items);
	return moved;
}

void bgp_peer_walk_advertised(const struct bgp_peer *peer, bgp_advertised_fn *visit, void *owner) {
	struct bgp_number_list list = {0};
	bool goes_on = true;

	for (uint32_t number = 0; number < peer->out.room; number++)
		if (peer->out.sent[number])
			ARRAY_PUSH(&list, number);
	sort_numbers(prefixes_of(peer), list.items, list.count);
	for (size_t i = 0; goes_on && i < list.count; i++)
		goes_on = visit(owner, bgp_prefixes_at(prefixes_of(peer), list.items[i]),
			peer->out.sent[list.items[i]]);
	free(list.items);
}
