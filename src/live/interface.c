#include "live/interface.h"

#include <errno.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define ANSWER_BYTES (64 << 10)
#define ANSWERS_MAX 10000 // datagrams of one dump: a bound, not a limit anybody meets

// Takes one message of an answer.
typedef void take_fn(const struct nlmsghdr *message, void *owner);

struct request {
	struct nlmsghdr head;
	union {
		struct ifinfomsg link;
		struct ifaddrmsg address;
		struct rtmsg route;
	} body;
	struct rtattr name_head;
	char name[IFNAMSIZ];
};

// What is left of a list whose items begin with their length and are aligned to four bytes: 16 bits
// of attributes and next hops, 32 of messages. (The kernel's own macros for this run past the end
// of a list whose last item isn't padded.)
struct span {
	const uint8_t *at;
	size_t bytes;
};

// The next item, at least `least` bytes; NULL at the end.
static const void *next_of(struct span *left, size_t least) {
	uint32_t wide;
	uint16_t narrow;
	if (left->bytes < least || left->bytes < sizeof(wide))
		return NULL;
	memcpy(&wide, left->at, sizeof(wide));
	memcpy(&narrow, left->at, sizeof(narrow));
	size_t length = least == sizeof(struct nlmsghdr) ? wide : narrow;
	if (length < least || length > left->bytes)
		return NULL;
	const void *item = left->at;
	size_t aligned = NLMSG_ALIGN(length);
	if (aligned > left->bytes)
		aligned = left->bytes;
	left->at += aligned;
	left->bytes -= aligned;
	return item;
}

// 0 or -errno. A dump goes on until the kernel says that this was all.
static int ask(int fd, struct request *request, take_fn *take, void *owner) {
	static union {
		struct nlmsghdr head;
		uint8_t bytes[ANSWER_BYTES];
	} answer;
	bool is_dump = (request->head.nlmsg_flags & NLM_F_DUMP) == NLM_F_DUMP;
	static uint32_t sequence;
	request->head.nlmsg_seq = ++sequence;
	if (send(fd, request, request->head.nlmsg_len, 0) < 0)
		return -errno;
	for (int i = 0; i < ANSWERS_MAX; i++) {
		ssize_t got = recv(fd, &answer, sizeof(answer), 0);
		if (got < 0)
			return -errno;
		struct span left = {answer.bytes, (size_t)got};
		const struct nlmsghdr *at;
		while ((at = next_of(&left, sizeof(*at))) != NULL) {
			if (at->nlmsg_seq != sequence)
				continue; // of a question whose answer nobody waited for
			if (at->nlmsg_type == NLMSG_DONE)
				return 0;
			if (at->nlmsg_type == NLMSG_ERROR)
				return ((const struct nlmsgerr *)NLMSG_DATA(at))->error;
			take(at, owner);
			if (!is_dump)
				return 0;
		}
	}
	return -EMSGSIZE;
}

static const struct rtattr *find_attribute(
	const struct nlmsghdr *message, size_t body_bytes, unsigned type) {
	size_t front = NLMSG_LENGTH(NLMSG_ALIGN(body_bytes));
	if (message->nlmsg_len < front)
		return NULL;
	struct span left = {(const uint8_t *)message + front, message->nlmsg_len - front};
	const struct rtattr *at;
	while ((at = next_of(&left, sizeof(*at))) != NULL) {
		if ((at->rta_type & NLA_TYPE_MASK) == type)
			return at;
	}
	return NULL;
}

static uint32_t number_of(const struct rtattr *attribute) {
	uint32_t number = 0;
	if (attribute != NULL && RTA_PAYLOAD(attribute) >= sizeof(number))
		memcpy(&number, RTA_DATA(attribute), sizeof(number));
	return number;
}

static void take_link(const struct nlmsghdr *message, void *owner) {
	struct interface *out = owner;
	const struct ifinfomsg *info = NLMSG_DATA(message);
	if (message->nlmsg_type != RTM_NEWLINK)
		return;
	out->exists = true;
	out->index = (uint32_t)info->ifi_index;
	out->is_ethernet = info->ifi_type == ARPHRD_ETHER;
	out->is_up = (info->ifi_flags & IFF_UP) != 0;
	out->has_carrier = (info->ifi_flags & IFF_RUNNING) != 0;
	out->mtu_bytes = number_of(find_attribute(message, sizeof(*info), IFLA_MTU));
	out->is_member = number_of(find_attribute(message, sizeof(*info), IFLA_MASTER)) != 0;
}

static void take_address(const struct nlmsghdr *message, void *owner) {
	struct interface *out = owner;
	const struct ifaddrmsg *info = NLMSG_DATA(message);
	if (message->nlmsg_type != RTM_NEWADDR || info->ifa_index != out->index)
		return;
	const struct rtattr *found = find_attribute(message, sizeof(*info), IFA_LOCAL);
	if (found == NULL)
		found = find_attribute(message, sizeof(*info), IFA_ADDRESS);
	// Every interface that is up has an address of its own in fe80::/10: it disturbs nobody.
	if (found == NULL || (info->ifa_family == AF_INET6 && info->ifa_scope == RT_SCOPE_LINK))
		return;
	if (info->ifa_family == AF_INET && RTA_PAYLOAD(found) >= 4)
		ip_read_v4(&out->address, RTA_DATA(found));
	else if (info->ifa_family == AF_INET6 && RTA_PAYLOAD(found) >= 16)
		ip_read_v6(&out->address, RTA_DATA(found));
}

static bool leaves_by(const struct nlmsghdr *message, uint32_t index) {
	if (number_of(find_attribute(message, sizeof(struct rtmsg), RTA_OIF)) == index)
		return true;
	const struct rtattr *many = find_attribute(message, sizeof(struct rtmsg), RTA_MULTIPATH);
	if (many == NULL)
		return false;
	struct span left = {RTA_DATA(many), RTA_PAYLOAD(many)};
	const struct rtnexthop *hop;
	while ((hop = next_of(&left, sizeof(*hop))) != NULL) {
		if ((uint32_t)hop->rtnh_ifindex == index)
			return true;
	}
	return false;
}

static void take_route(const struct nlmsghdr *message, void *owner) {
	struct interface *out = owner;
	const struct rtmsg *info = NLMSG_DATA(message);
	if (message->nlmsg_type == RTM_NEWROUTE && info->rtm_dst_len == 0 &&
		info->rtm_type == RTN_UNICAST && leaves_by(message, out->index))
		out->has_default_route = true;
}

static int look_at_link(int fd, const char *name, struct interface *out) {
	struct request request = {.head = {.nlmsg_type = RTM_GETLINK, .nlmsg_flags = NLM_F_REQUEST}};
	size_t length = strlen(name) + 1;
	if (length > IFNAMSIZ)
		return -ENODEV;
	request.name_head = (struct rtattr){(uint16_t)RTA_LENGTH(length), IFLA_IFNAME};
	memcpy(request.name, name, length);
	// What the name stands behind is the largest of the bodies: a link's.
	_Static_assert(offsetof(struct request, name_head) == NLMSG_LENGTH(sizeof(struct ifinfomsg)),
		"the name follows the body");
	request.head.nlmsg_len =
		(uint32_t)(NLMSG_LENGTH(sizeof(struct ifinfomsg)) + RTA_LENGTH(length));
	return ask(fd, &request, take_link, out);
}

static int look_at_all(int fd, uint16_t type, size_t body_bytes, take_fn *take, void *owner) {
	struct request request = {.head = {
								  .nlmsg_len = (uint32_t)NLMSG_LENGTH(body_bytes),
								  .nlmsg_type = type,
								  .nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP,
							  }};
	return ask(fd, &request, take, owner);
}

int interface_look(int fd, const char *name, struct interface *out) {
	struct interface found = {.address = IP_NONE};
	int result = look_at_link(fd, name, &found);
	if (result == -ENODEV) {
		*out = found;
		return 0;
	}
	if (result == 0)
		result = look_at_all(fd, RTM_GETADDR, sizeof(struct ifaddrmsg), take_address, &found);
	if (result == 0)
		result = look_at_all(fd, RTM_GETROUTE, sizeof(struct rtmsg), take_route, &found);
	if (result == 0)
		*out = found;
	return result;
}

enum interface_state interface_judge(
	const struct interface *interface, const char *name, uint32_t mtu_bytes, struct text *why) {
	char address[IP_TEXT_BYTES];
	if (!interface->exists) {
		text_printf(why, "there is no interface %s", name);
		return INTERFACE_GONE;
	}
	if (!interface->is_ethernet)
		text_printf(why, "%s is no Ethernet interface", name);
	else if (interface->has_default_route)
		text_printf(why, "%s is the machine's way out: its default route leaves by it", name);
	else if (!ip_is_none(interface->address))
		text_printf(why,
			"%s has the machine's address %s, so the machine would answer beside the network; "
			"`ip addr flush dev %s` takes it away",
			name, ip_format(interface->address, address), name);
	else if (interface->is_member)
		text_printf(why, "%s is part of a bridge or bond, which would take what comes", name);
	else if (interface->mtu_bytes < mtu_bytes)
		text_printf(why,
			"%s carries packets of %lu bytes, the port has %lu; `ip link set %s mtu %lu`", name,
			(unsigned long)interface->mtu_bytes, (unsigned long)mtu_bytes, name,
			(unsigned long)mtu_bytes);
	if (why->length != 0)
		return INTERFACE_REFUSED;
	if (!interface->is_up) {
		text_printf(why, "%s is down; `ip link set %s up`", name, name);
		return INTERFACE_DOWN;
	}
	if (interface->has_carrier)
		return INTERFACE_UP;
	text_printf(why, "%s has no carrier: its other side is off or unplugged", name);
	return INTERFACE_NO_CARRIER;
}

const char *interface_state_name(enum interface_state state) {
	switch (state) {
	case INTERFACE_UP:
		return "up";
	case INTERFACE_NO_CARRIER:
		return "no carrier";
	case INTERFACE_DOWN:
		return "down";
	case INTERFACE_GONE:
		return "gone";
	case INTERFACE_REFUSED:
		return "refused";
	}
	return "";
}

int interface_watch(void) {
	struct sockaddr_nl address = {
		.nl_family = AF_NETLINK,
		.nl_groups = RTMGRP_LINK | RTMGRP_IPV4_IFADDR | RTMGRP_IPV6_IFADDR | RTMGRP_IPV4_ROUTE |
			RTMGRP_IPV6_ROUTE,
	};
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_ROUTE);
	if (fd < 0)
		return -errno;
	if (bind(fd, (struct sockaddr *)&address, sizeof(address)) == 0)
		return fd;
	int result = -errno;
	close(fd);
	return result;
}

void interface_drain(int watch) {
	uint8_t bytes[8192];
	// ENOBUFS says that some were lost, which changes nothing: everything is looked at anew.
	for (int i = 0; i < ANSWERS_MAX; i++) {
		if (recv(watch, bytes, sizeof(bytes), MSG_DONTWAIT) < 0 && errno != ENOBUFS)
			return;
	}
}
