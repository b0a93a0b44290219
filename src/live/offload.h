// What a host's kernel leaves to its network card, as TAP devices speak of it: large TCP segments
// and checksums that are only begun (linux/virtio_net.h). Pure.
#pragma once

#include <linux/virtio_net.h>

#include "forward/packet.h"

// Of the device's offloads: the TUN_F_ bits that these two understand.
unsigned offload_bits(void);
// Those that a kernel accepts which takes trains of datagrams (Linux 6.2).
unsigned offload_train_bits(void);

// Reads the header in front of a packet that a host sent into the packet. -EBADMSG: no kernel says
// such a thing, and the packet is to be ignored.
int offload_read(const struct virtio_net_hdr *header, struct packet *packet);
// The header for a packet that goes to a host.
void offload_write(const struct packet *packet, struct virtio_net_hdr *header);
