// An existing interface at a port: whatever is plugged in there, a real machine or router, takes
// the place that a node has in the file. Frames come and go by AF_PACKET, several in a system call.
//
// The fabric is next to the device as it is to a host behind a TAP: it answers what the device asks
// for, save the device's own addresses, and asks where the device is. Nobody else on the wire is
// answered, and only frames that are sent to the fabric are taken.
#pragma once

#include "base/text.h"
#include "forward/merge.h"
#include "live/clock_epoll.h"
#include "live/frame.h"
#include "live/interface.h"
#include "live/resolve.h"
#include "loop/loop.h"
#include "world/world.h"

#define ATTACHED_BATCH 32       // frames in a system call
#define ATTACHED_WAITING_MAX 64 // packets that wait until it is known where the device is

struct attached {
	uint32_t port;                 // of the world
	const char *name, *name_space; // of the interface; NULL: this machine's own network
	struct world *world;
	struct clock_epoll *clock;
	bool flows;           // packets do
	bool is_read;         // unless it is paused
	struct source source; // frames
	struct busy_source busy;
	struct source watch; // changes of interfaces
	int question;        // netlink
	struct timer look;   // after a change
	uint32_t index;      // that frames come from; 0: none
	enum interface_state state;
	struct text why; // it isn't up
	struct resolve resolve;
	struct timer flush, ask_again;
	struct packet *spare[ATTACHED_BATCH]; // to read into
	struct packet *out[ATTACHED_BATCH];   // with their headers in front
	unsigned out_count;
	struct merge sent, arrived; // what others may still be appended to
	struct packet *waiting, **waiting_end;
	unsigned waiting_count;
	struct frame_counts counts;
	uint64_t unanswered; // packets lost because nobody said where their address is
};

struct attachments {
	struct attached **items;
	size_t count, room;
};

// Is this node's place taken by something real?
bool node_is_attached(const struct topo *topo, uint32_t node);

// The socket that a running lab has at an interface, for the next one of that lab.
struct attached_lent {
	const char *name, *name_space;
	int fd; // -1 once it was taken
	bool is_in_order;
};

struct attachments_place {
	struct world *world;
	struct clock_epoll *clock;
	struct attached_lent *lent;
	size_t lent_count;
};

// All ports of the topo that are attached; what is lent of their interfaces is taken. Needs the
// rights that process_drop_privileges() takes. 0, or -errno after a line in `problem`: each
// interface has to be there, up and free, except those lent that were not so before.
// attachments_close() is due in either case.
int attachments_open(
	struct attachments *attachments, const struct attachments_place *place, struct text *problem);
int attachments_attach(struct attachments *attachments); // packets flow. 0 or -errno
// While paused, frames wait in the socket; what is under way still goes out.
void attachments_pause(struct attachments *attachments);
int attachments_resume(struct attachments *attachments); // 0 or -errno
void attachments_close(struct attachments *attachments);
