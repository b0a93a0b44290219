// A forwarding table: what one lookup answers. A small layer of the node's own over a shared one
// that many tables may refer to, so that a thousand subnets don't copy ten thousand routes.
//
// Between the layers the longer prefix wins and, at equal length, the lower preference. A route of
// the own layer that `holds` is not overridden by a longer one of the shared layer, unless another
// own route is at least as long as that one. Generic numbers: the cloud knows why (AZ-NIC-2, -5).
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "forward/drop.h"
#include "net/header.h"
#include "net/ip.h"

#define FIB_HOPS_MAX 64

struct fib_hop {
	uint32_t port;
	struct ip via; // IP_NONE: the packet's own destination
};

enum fib_action {
	FIB_FORWARD,
	FIB_DROP,
};

struct fib_route {
	enum fib_action action;
	enum drop drop;     // for FIB_DROP
	uint8_t preference; // lower wins at equal length, across layers
	bool holds;
	bool not_a_source; // a source check does not accept it
	uint16_t hop_count;
	uint32_t origin;
	const struct fib_hop *hops; // copied by fib_layer_set()
};

struct fib_layer; // reference-counted

struct fib_layer *fib_layer_new(void);
struct fib_layer *fib_layer_ref(struct fib_layer *layer);
void fib_layer_unref(struct fib_layer *layer); // NULL is fine
// Equal hop sets are kept once. Replaces an old route of the prefix.
void fib_layer_set(struct fib_layer *layer, struct prefix prefix, const struct fib_route *route);
void fib_layer_remove(struct fib_layer *layer, struct prefix prefix); // fine when absent
const struct fib_route *fib_layer_get(const struct fib_layer *layer, struct prefix prefix);
typedef bool fib_visit_fn(void *owner, struct prefix prefix, const struct fib_route *route);
void fib_layer_walk(const struct fib_layer *layer, fib_visit_fn *visit, void *owner);
size_t fib_layer_count(const struct fib_layer *layer);
size_t fib_layer_used_bytes(const struct fib_layer *layer);

struct fib {
	struct fib_layer *own;    // never NULL
	struct fib_layer *shared; // may be NULL
};

struct fib_match {
	const struct fib_route *route; // NULL when nothing matches
	struct prefix prefix;
	bool from_shared;
};

struct fib_match fib_lookup(const struct fib *fib, struct ip address);
// Also narrows *same to addresses that get this same answer.
struct fib_match fib_lookup_scope(const struct fib *fib, struct ip address, struct prefix *same);
