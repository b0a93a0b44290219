#include <stdlib.h>
#include <string.h>

#include "base/assert.h"
#include "base/memory.h"
#include "proto/bgp/bgp_int.h"

// A network is originated or not depending on plain routes alone, which no origination changes: the
// first round settles it.
#define ORIGINATION_ROUNDS_MAX 4

static void flush_fires(struct timer *timer, void *owner) {
	struct bgp_speaker *speaker = owner;

	(void)timer;
	rib_flush(speaker->config.rib);
	bgp_flush(speaker);
}

// What is heard at one instant is decided and passed on together.
void bgp_speaker_wake(struct bgp_speaker *speaker) {
	struct loop *loop = speaker->config.loop;
	instant now = loop_now(loop);

	if (speaker->is_flushing)
		return; // bgp_flush() looks again at its end
	if (timer_is_running(&speaker->flush) && instant_compare(speaker->flush.due, now) <= 0)
		return;
	instant due = instant_add(now, pace_next(&speaker->pace, now));
	if (!timer_is_running(&speaker->flush) || instant_compare(due, speaker->flush.due) < 0)
		timer_start_at(loop, &speaker->flush, due);
}

struct bgp_speaker *bgp_speaker_new(const struct bgp_speaker_config *config) {
	struct bgp_speaker *speaker = memory_alloc(sizeof(*speaker));

	assert(config->asn != 0 && config->router_id != 0);
	speaker->config = *config;
	speaker->name = memory_strdup(config->name);
	speaker->config.name = speaker->name;
	speaker->local = (struct route_source){
		.name = speaker->name,
		.kind = ROUTE_LOCAL,
		.router_id = config->router_id,
	};
	timer_init(&speaker->flush, TIMER_WORK, flush_fires, speaker);
	return speaker;
}

void bgp_speaker_free(struct bgp_speaker *speaker) {
	if (!speaker)
		return;
	speaker->config.peer_changed = NULL; // nobody is told of the end
	for (size_t i = 0; i < speaker->peer_count; i++)
		bgp_peer_free(speaker->peers[i]);
	rib_withdraw_source(speaker->config.rib, &speaker->local);
	timer_stop(speaker->config.loop, &speaker->flush);
	for (size_t i = 0; i < speaker->network_count; i++)
		free(speaker->networks[i].communities);
	bgp_prefixes_done(&speaker->prefixes);
	free(speaker->networks);
	free(speaker->peers);
	free(speaker->name);
	free(speaker);
}

struct bgp_peer *bgp_peer_add(struct bgp_speaker *speaker, const struct bgp_peer_config *config) {
	struct bgp_peer *peer = bgp_peer_new(speaker, config);

	speaker->peers = array_grow(
		speaker->peers, &speaker->peer_room, speaker->peer_count, sizeof(struct bgp_peer *));
	speaker->peers[speaker->peer_count++] = peer;
	return peer;
}

size_t bgp_peer_count(const struct bgp_speaker *speaker) {
	return speaker->peer_count;
}

struct bgp_peer *bgp_peer_at(const struct bgp_speaker *speaker, size_t index) {
	assert(index < speaker->peer_count);
	return speaker->peers[index];
}

static struct bgp_peer *peer_find(
	const struct bgp_speaker *speaker, struct ip local, struct ip remote) {
	for (size_t i = 0; i < speaker->peer_count; i++)
		if (ip_equal(speaker->peers[i]->config.local, local) &&
			ip_equal(speaker->peers[i]->config.remote, remote))
			return speaker->peers[i];
	return NULL;
}

void bgp_accept(
	struct bgp_speaker *speaker, struct stream *stream, struct ip local, struct ip remote) {
	struct bgp_peer *peer = peer_find(speaker, local, remote);
	struct bgp_connection *in = peer ? &peer->connections[BGP_INCOMING] : NULL;

	if (!in || in->state == BGP_IDLE) {
		stream->ops->reset(stream);
		return;
	}
	if (peer->established) {
		bgp_stream_refuse(stream);
		return;
	}
	// A second incoming connection means that the peer has given up the first.
	if (in->state != BGP_ACTIVE)
		bgp_connection_event(in, BGP_COLLISION_LOST);
	bgp_connection_adopt(in, stream);
}

// Where the prefix is, or would have to be put.
static size_t network_place(const struct bgp_speaker *speaker, struct prefix prefix) {
	size_t low = 0;
	size_t high = speaker->network_count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (prefix_compare(speaker->networks[middle].network.prefix, prefix) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static struct bgp_origination *network_find(
	const struct bgp_speaker *speaker, struct prefix prefix) {
	size_t at = network_place(speaker, prefix);

	if (at == speaker->network_count || !prefix_equal(speaker->networks[at].network.prefix, prefix))
		return NULL;
	return &speaker->networks[at];
}

static void network_touch(struct bgp_speaker *speaker, struct bgp_origination *origination) {
	origination->is_dirty = true;
	speaker->has_dirty_network = true;
	bgp_speaker_wake(speaker);
}

static int compare_communities(const void *a, const void *b) {
	const uint32_t *x = a;
	const uint32_t *y = b;

	return (*x > *y) - (*x < *y);
}

static void network_set(struct bgp_origination *origination, const struct bgp_network *network) {
	uint32_t kept = 0;

	assert(network->community_count <= COMMUNITIES_MAX);
	free(origination->communities);
	origination->network = *network;
	origination->communities = memory_alloc(network->community_count * sizeof(uint32_t));
	if (network->community_count > 0)
		memcpy(origination->communities, network->communities,
			network->community_count * sizeof(uint32_t));
	uint32_t *sorted = origination->communities;
	qsort(sorted, network->community_count, sizeof(*sorted), compare_communities);
	for (uint32_t i = 0; i < network->community_count; i++)
		if (i == 0 || sorted[i] != sorted[i - 1])
			sorted[kept++] = sorted[i];
	origination->network.communities = sorted;
	origination->network.community_count = kept;
}

void bgp_network_add(struct bgp_speaker *speaker, const struct bgp_network *network) {
	size_t at = network_place(speaker, network->prefix);

	if (!network_find(speaker, network->prefix)) {
		speaker->networks = array_grow(speaker->networks, &speaker->network_room,
			speaker->network_count, sizeof(*speaker->networks));
		memmove(&speaker->networks[at + 1], &speaker->networks[at],
			(speaker->network_count - at) * sizeof(*speaker->networks));
		speaker->networks[at] = (struct bgp_origination){.communities = NULL};
		speaker->network_count++;
	}
	network_set(&speaker->networks[at], network);
	network_touch(speaker, &speaker->networks[at]);
}

void bgp_network_remove(struct bgp_speaker *speaker, struct prefix prefix) {
	struct bgp_origination *origination = network_find(speaker, prefix);

	if (!origination)
		return;
	rib_withdraw(speaker->config.rib, prefix, &speaker->local);
	free(origination->communities);
	size_t behind = speaker->network_count - (size_t)(origination - speaker->networks) - 1;
	memmove(origination, origination + 1, behind * sizeof(*origination));
	speaker->network_count--;
	bgp_speaker_wake(speaker);
}

static bool has_plain_route(const struct rib_entry *entry) {
	for (uint16_t i = 0; entry && i < entry->path_count; i++)
		if (route_is_plain(entry->paths[i]->source->kind) && !entry->paths[i]->never_best)
			return true;
	return false;
}

static void network_apply(struct bgp_speaker *speaker, struct bgp_origination *origination) {
	const struct bgp_network *network = &origination->network;
	struct rib *rib = speaker->config.rib;

	if (!network->always && !has_plain_route(rib_find(rib, network->prefix))) {
		rib_withdraw(rib, network->prefix, &speaker->local);
		return;
	}
	struct attributes_spec spec = {
		.origin = ORIGIN_IGP,
		.communities = network->communities,
		.community_count = (uint16_t)network->community_count,
	};
	struct attributes *attributes = attributes_intern(speaker->config.attributes, &spec);
	struct path_spec path = {
		.attributes = attributes,
		.weight = network->weight,
		.tag = network->tag,
		.origin = network->origin,
	};
	rib_update(rib, network->prefix, &speaker->local, &path);
	attributes_unref(speaker->config.attributes, attributes);
}

static void networks_apply(struct bgp_speaker *speaker) {
	for (int round = 0; speaker->has_dirty_network && round < ORIGINATION_ROUNDS_MAX; round++) {
		speaker->has_dirty_network = false;
		for (size_t i = 0; i < speaker->network_count; i++)
			if (speaker->networks[i].is_dirty) {
				speaker->networks[i].is_dirty = false;
				network_apply(speaker, &speaker->networks[i]);
			}
		rib_flush(speaker->config.rib);
	}
}

void bgp_rib_changed(struct bgp_speaker *speaker, const struct rib_entry *entry) {
	struct bgp_origination *origination = network_find(speaker, entry->prefix);
	uint32_t number = bgp_prefixes_ref(&speaker->prefixes, entry->prefix);

	if (origination && !origination->network.always)
		network_touch(speaker, origination);
	for (size_t i = 0; i < speaker->peer_count; i++)
		if (speaker->peers[i]->established)
			bgp_out_mark(speaker->peers[i], number, 0);
	bgp_prefixes_unref(&speaker->prefixes, number);
	bgp_speaker_wake(speaker);
}

static bool peers_owe(const struct bgp_speaker *speaker) {
	for (size_t i = 0; i < speaker->peer_count; i++)
		if (speaker->peers[i]->out.pending.count > 0)
			return true;
	return false;
}

// Full streams are asked again, less and less often while nothing moves.
static void plan_next(struct bgp_speaker *speaker, bool moved) {
	timer_stop(speaker->config.loop, &speaker->flush);
	if (rib_has_pending(speaker->config.rib) || speaker->has_dirty_network) {
		bgp_speaker_wake(speaker);
		return;
	}
	if (!peers_owe(speaker)) {
		speaker->stall_ns = 0;
		return;
	}
	speaker->stall_ns =
		moved || speaker->stall_ns == 0 ? BGP_STALL_FIRST_NS : 2 * speaker->stall_ns;
	if (speaker->stall_ns > BGP_STALL_LAST_NS)
		speaker->stall_ns = BGP_STALL_LAST_NS;
	timer_start(speaker->config.loop, &speaker->flush, speaker->stall_ns);
}

void bgp_flush(struct bgp_speaker *speaker) {
	bool moved = false;

	assert(!speaker->is_flushing);
	speaker->is_flushing = true;
	networks_apply(speaker);
	for (size_t i = 0; i < speaker->peer_count; i++)
		moved |= bgp_out_flush(speaker->peers[i]);
	speaker->is_flushing = false;
	plan_next(speaker, moved);
}

bool bgp_has_pending(const struct bgp_speaker *speaker) {
	return speaker->has_dirty_network || peers_owe(speaker);
}
