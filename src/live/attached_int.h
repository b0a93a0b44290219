// attached_frames.c: the way of frames through an attached interface.
#pragma once

#include "live/attached.h"

void attached_read(void *owner, uint32_t events);
void attached_take(void *owner, uint32_t port, struct packet *packet);
void attached_flush_due(struct timer *timer, void *owner);
void attached_ask_due(struct timer *timer, void *owner);
void attached_drop_packets(struct attached *attached); // all that it holds
