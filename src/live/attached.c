#include "live/attached.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/memory.h"
#include "live/attached_int.h"
#include "live/netlink.h"
#include "live/netns.h"
#include "world/attach.h"

// Bytes that may wait in the kernel either way. The default holds three large segments.
#define SOCKET_BYTES (4 << 20)
// Changes come in groups: they are looked at together.
#define LOOK_NS (50 * MS_NS)

bool node_is_attached(const struct topo *topo, uint32_t number) {
	const struct topo_node *node = &topo->nodes[number];
	for (size_t i = 0; i < node->port_count; i++) {
		if (topo->ports[node->ports[i]].attach.interface != NULL)
			return true;
	}
	return false;
}

static int set(int fd, int option, int value) {
	return setsockopt(fd, SOL_PACKET, option, &value, sizeof(value)) < 0 ? -errno : 0;
}

// Nothing comes before the socket is bound to an interface.
static int open_packets(struct attached *attached) {
	int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return -errno;
	attached->source.fd = fd;
	int bytes = SOCKET_BYTES;
	int result = set(fd, PACKET_VNET_HDR, 1);
	if (result == 0)
		result = set(fd, PACKET_IGNORE_OUTGOING, 1);
	if (result == 0)
		result = set(fd, PACKET_AUXDATA, 1); // which has the VLAN tag that the kernel took off
	if (result == 0 &&
		(setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &bytes, sizeof(bytes)) < 0 ||
			setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &bytes, sizeof(bytes)) < 0))
		result = -errno;
	return result;
}

// Both in the namespace that the process is in.
static int open_questions(struct attached *attached) {
	attached->question = netlink_open();
	if (attached->question < 0)
		return attached->question;
	attached->watch.fd = interface_watch();
	return attached->watch.fd < 0 ? attached->watch.fd : 0;
}

static int open_sockets(struct attached *attached) {
	int result = open_packets(attached);
	return result == 0 ? open_questions(attached) : result;
}

// The sockets stay in the namespace where they were made.
static int open_in_space(struct attached *attached) {
	if (attached->name_space == NULL)
		return open_sockets(attached);
	int here = netns_here();
	if (here < 0)
		return here;
	int result = netns_enter(attached->name_space);
	if (result == 0)
		result = open_sockets(attached);
	int back = netns_return(here);
	return result < 0 ? result : back;
}

// The socket that the running lab has, in whichever namespace that is: names can have been deleted
// and made anew.
static int take_lent(struct attached *attached, struct attached_lent *lent) {
	struct sockaddr_ll address = {0};
	socklen_t length = sizeof(address);
	attached->source.fd = lent->fd;
	lent->fd = -1;
	if (getsockname(attached->source.fd, (struct sockaddr *)&address, &length) < 0)
		return -errno;
	attached->index = (uint32_t)address.sll_ifindex;
	int there = ioctl(attached->source.fd, SIOCGSKNS);
	if (there < 0)
		return -errno;
	int here = netns_here();
	int result = netns_return(there);
	if (result == 0)
		result = open_questions(attached);
	int back = here < 0 ? here : netns_return(here);
	return result < 0 ? result : back;
}

// Frames come from this interface from now on; promiscuous, because they are addressed to the
// fabric. Needs no rights: the socket was what needed them.
static int bind_to(struct attached *attached, uint32_t index) {
	struct sockaddr_ll address = {
		.sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ALL), .sll_ifindex = (int)index};
	struct packet_mreq membership = {.mr_ifindex = (int)index, .mr_type = PACKET_MR_PROMISC};
	if (bind(attached->source.fd, (struct sockaddr *)&address, sizeof(address)) < 0 ||
		setsockopt(attached->source.fd, SOL_PACKET, PACKET_ADD_MEMBERSHIP, &membership,
			sizeof(membership)) < 0)
		return -errno;
	attached->index = index;
	return 0;
}

static uint32_t mtu_of(const struct attached *attached) {
	uint32_t mtu = world_topo(attached->world)->ports[attached->port].mtu_bytes;
	return mtu != 0 ? mtu : ETH_DATA_LEN;
}

// Looks at what has become of the interface. A device that was unplugged may be another one when
// it comes back.
static void look(struct attached *attached) {
	struct interface interface;
	enum interface_state was = attached->state;
	text_clear(&attached->why);
	int result = interface_look(attached->question, attached->name, &interface);
	if (result < 0) {
		text_printf(&attached->why, "%s: %s", attached->name, strerror(-result));
		attached->state = INTERFACE_GONE;
	} else {
		attached->state =
			interface_judge(&interface, attached->name, mtu_of(attached), &attached->why);
	}
	if (attached->state == INTERFACE_UP && interface.index != attached->index) {
		result = bind_to(attached, interface.index);
		if (result < 0) {
			text_printf(&attached->why, "%s: %s", attached->name, strerror(-result));
			attached->state = INTERFACE_GONE;
		}
	}
	if (attached->state != was)
		resolve_forget(&attached->resolve);
}

static void look_due(struct timer *timer, void *owner) {
	(void)timer;
	look(owner);
}

static void changed(void *owner, uint32_t events) {
	struct attached *attached = owner;
	(void)events;
	interface_drain(attached->watch.fd);
	if (!timer_is_running(&attached->look))
		timer_start(world_loop(attached->world), &attached->look, LOOK_NS);
}

static void init(
	struct attached *attached, const struct attachments_place *place, uint32_t number) {
	const struct topo_port *port = &world_topo(place->world)->ports[number];
	*attached = (struct attached){
		.port = number,
		.name = port->attach.interface,
		.name_space = port->attach.name_space,
		.world = place->world,
		.clock = place->clock,
		.source = {-1, attached_read, attached},
		.watch = {-1, changed, attached},
		.question = -1,
		.state = INTERFACE_GONE,
	};
	attached->busy = (struct busy_source){.source = &attached->source, .events = EPOLLIN};
	attached->waiting_end = &attached->waiting;
	resolve_init(&attached->resolve, port->address_count);
	for (size_t i = 0; i < port->address_count; i++)
		attached->resolve.entries[i].address = port->addresses[i].address;
	timer_init(&attached->look, TIMER_PERIODIC, look_due, attached);
	timer_init(&attached->flush, TIMER_PERIODIC, attached_flush_due, attached);
	timer_init(&attached->ask_again, TIMER_PERIODIC, attached_ask_due, attached);
}

static bool has_carried(enum interface_state state) {
	return state == INTERFACE_UP || state == INTERFACE_NO_CARRIER;
}

static int start(struct attached *attached, struct attached_lent *lent, struct text *problem) {
	bool may_be_out_of_order = lent != NULL && !lent->is_in_order;
	int result = lent != NULL ? take_lent(attached, lent) : open_in_space(attached);
	if (result < 0) {
		text_printf(problem, "%s%s%s: %s", attached->name,
			attached->name_space != NULL ? " in namespace " : "",
			attached->name_space != NULL ? attached->name_space : "", strerror(-result));
		return result;
	}
	look(attached);
	if (!has_carried(attached->state) && !may_be_out_of_order) {
		text_add(problem, text_chars(&attached->why));
		return -EADDRNOTAVAIL;
	}
	return 0;
}

static struct attached_lent *find_lent(
	const struct attachments_place *place, const struct topo_port *port) {
	for (size_t i = 0; i < place->lent_count; i++) {
		struct attached_lent *lent = &place->lent[i];
		bool is_here = lent->name_space == NULL && port->attach.name_space == NULL;
		if (lent->fd >= 0 && text_equal(lent->name, port->attach.interface) &&
			(is_here || text_equal(lent->name_space, port->attach.name_space)))
			return lent;
	}
	return NULL;
}

int attachments_open(
	struct attachments *attachments, const struct attachments_place *place, struct text *problem) {
	const struct topo *topo = world_topo(place->world);
	*attachments = (struct attachments){0};
	for (uint32_t port = 0; port < topo->port_count; port++) {
		if (topo->ports[port].attach.interface == NULL)
			continue;
		struct attached *attached = memory_alloc(sizeof(*attached));
		init(attached, place, port);
		ARRAY_PUSH(attachments, attached);
		struct text why;
		text_init(&why);
		int result = start(attached, find_lent(place, &topo->ports[port]), &why);
		if (result < 0)
			text_printf(problem, "%s can't be attached: %s",
				topo->nodes[topo->ports[port].node].name, text_chars(&why));
		text_done(&why);
		if (result < 0)
			return result;
	}
	return 0;
}

static int resume(struct attached *attached) {
	attached->is_read = true;
	int result = clock_epoll_add(attached->clock, &attached->source, EPOLLIN);
	if (result == 0)
		result = clock_epoll_add(attached->clock, &attached->watch, EPOLLIN);
	return result;
}

static void pause_one(struct attached *attached) {
	attached->is_read = false;
	clock_epoll_remove(attached->clock, &attached->source);
	clock_epoll_remove(attached->clock, &attached->watch);
	timer_stop(world_loop(attached->world), &attached->look);
}

int attachments_attach(struct attachments *attachments) {
	int result = 0;
	for (size_t i = 0; result == 0 && i < attachments->count; i++) {
		struct attached *attached = attachments->items[i];
		attached->flows = true;
		world_attach(attached->world, attached->port, attached_take, attached);
		result = resume(attached);
	}
	return result;
}

void attachments_pause(struct attachments *attachments) {
	for (size_t i = 0; i < attachments->count; i++)
		pause_one(attachments->items[i]);
}

int attachments_resume(struct attachments *attachments) {
	int result = 0;
	for (size_t i = 0; i < attachments->count; i++) {
		int resumed = resume(attachments->items[i]);
		result = result < 0 ? result : resumed;
		// Whoever was to go on may have taken what the watch had to say.
		timer_start(world_loop(attachments->items[i]->world), &attachments->items[i]->look, 0);
	}
	return result;
}

static void close_one(struct attached *attached) {
	struct loop *loop = world_loop(attached->world);
	if (attached->flows) {
		world_attach(attached->world, attached->port, NULL, NULL);
		pause_one(attached);
	}
	timer_stop(loop, &attached->flush);
	timer_stop(loop, &attached->ask_again);
	attached_drop_packets(attached);
	const int fds[] = {attached->source.fd, attached->watch.fd, attached->question};
	for (size_t i = 0; i < sizeof(fds) / sizeof(fds[0]); i++) {
		if (fds[i] >= 0)
			close(fds[i]);
	}
	resolve_done(&attached->resolve);
	text_done(&attached->why);
	free(attached);
}

void attachments_close(struct attachments *attachments) {
	for (size_t i = 0; i < attachments->count; i++)
		close_one(attachments->items[i]);
	free(attachments->items);
	*attachments = (struct attachments){0};
}
