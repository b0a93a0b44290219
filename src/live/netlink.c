#include "live/netlink.h"

#include <errno.h>
#include <linux/pkt_sched.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/assert.h"

// Requests here are small: a header, a handful of attributes.
#define REQUEST_BYTES 256
#define ANSWER_BYTES 4096

struct request {
	struct nlmsghdr head;
	uint8_t body[REQUEST_BYTES];
};

int netlink_open(void) {
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
	return fd < 0 ? -errno : fd;
}

static void request_init(
	struct request *request, uint16_t type, const void *body, size_t body_bytes) {
	*request = (struct request){.head = {
									.nlmsg_len = (uint32_t)NLMSG_LENGTH(body_bytes),
									.nlmsg_type = type,
									.nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK,
									.nlmsg_seq = 1,
								}};
	memcpy(request->body, body, body_bytes);
}

static void request_add(struct request *request, uint16_t type, const void *value, size_t bytes) {
	size_t at = NLMSG_ALIGN(request->head.nlmsg_len);
	assert(at + RTA_LENGTH(bytes) <= sizeof(*request));
	struct rtattr *attribute = (struct rtattr *)((uint8_t *)request + at);
	attribute->rta_type = type;
	attribute->rta_len = (uint16_t)RTA_LENGTH(bytes);
	memcpy(RTA_DATA(attribute), value, bytes);
	request->head.nlmsg_len = (uint32_t)(at + RTA_LENGTH(bytes));
}

static void request_add_ip(struct request *request, uint16_t type, struct ip address) {
	uint8_t bytes[16];
	if (ip_is_v4(address))
		ip_write_v4(address, bytes);
	else
		ip_write_v6(address, bytes);
	request_add(request, type, bytes, ip_is_v4(address) ? 4 : 16);
}

static int request_send(int fd, const struct request *request) {
	union {
		struct nlmsghdr head;
		uint8_t bytes[ANSWER_BYTES];
	} answer;
	if (send(fd, request, request->head.nlmsg_len, 0) < 0)
		return -errno;
	ssize_t got = recv(fd, &answer, sizeof(answer), 0);
	if (got < 0)
		return -errno;
	if ((size_t)got < NLMSG_LENGTH(sizeof(struct nlmsgerr)) ||
		answer.head.nlmsg_type != NLMSG_ERROR)
		return -EPROTO;
	const struct nlmsgerr *error = NLMSG_DATA(&answer.head);
	return error->error;
}

int netlink_link_up(int fd, const struct netlink_link *link) {
	struct ifinfomsg info = {.ifi_index = (int)if_nametoindex(link->name)};
	struct request request;
	info.ifi_flags = IFF_UP;
	info.ifi_change = IFF_UP;
	if (info.ifi_index == 0)
		return -ENODEV;
	request_init(&request, RTM_NEWLINK, &info, sizeof(info));
	if (link->mac != NULL)
		request_add(&request, IFLA_ADDRESS, link->mac, 6);
	if (link->mtu_bytes != 0)
		request_add(&request, IFLA_MTU, &link->mtu_bytes, sizeof(link->mtu_bytes));
	return request_send(fd, &request);
}

int netlink_queue_pass(int fd, const char *link) {
	static const char kind[] = "noqueue";
	struct tcmsg info = {.tcm_ifindex = (int)if_nametoindex(link), .tcm_parent = TC_H_ROOT};
	struct request request;
	if (info.tcm_ifindex == 0)
		return -ENODEV;
	request_init(&request, RTM_NEWQDISC, &info, sizeof(info));
	request.head.nlmsg_flags |= NLM_F_CREATE | NLM_F_REPLACE;
	request_add(&request, TCA_KIND, kind, sizeof(kind));
	return request_send(fd, &request);
}

static uint8_t family_of(struct ip address) {
	return ip_is_v4(address) ? AF_INET : AF_INET6;
}

static int change_address(
	int fd, uint16_t type, const char *link, struct ip address, unsigned length) {
	struct ifaddrmsg info = {
		.ifa_family = family_of(address),
		.ifa_prefixlen = (uint8_t)length,
		.ifa_index = if_nametoindex(link),
		// Nobody else can have it, so nothing is gained by waiting a second to find that out.
		.ifa_flags = IFA_F_NODAD,
	};
	struct request request;
	if (info.ifa_index == 0)
		return -ENODEV;
	request_init(&request, type, &info, sizeof(info));
	if (type == RTM_NEWADDR)
		request.head.nlmsg_flags |= NLM_F_CREATE | NLM_F_REPLACE;
	request_add_ip(&request, IFA_LOCAL, address);
	request_add_ip(&request, IFA_ADDRESS, address);
	return request_send(fd, &request);
}

int netlink_address_add(int fd, const char *link, struct ip address, unsigned length) {
	return change_address(fd, RTM_NEWADDR, link, address, length);
}

int netlink_address_remove(int fd, const char *link, struct ip address, unsigned length) {
	return change_address(fd, RTM_DELADDR, link, address, length);
}

static int change_route(int fd, uint16_t type, const struct netlink_route *route) {
	struct rtmsg info = {
		.rtm_family = prefix_is_v4(route->prefix) ? AF_INET : AF_INET6,
		.rtm_dst_len = (uint8_t)prefix_length(route->prefix),
		.rtm_table = RT_TABLE_MAIN,
		.rtm_protocol = RTPROT_STATIC,
		.rtm_scope = ip_is_none(route->via) ? RT_SCOPE_LINK : RT_SCOPE_UNIVERSE,
		.rtm_type = route->link != NULL ? RTN_UNICAST : RTN_BLACKHOLE,
	};
	struct request request;
	if (!ip_is_none(route->via))
		info.rtm_flags = RTNH_F_ONLINK;
	if (route->link == NULL)
		info.rtm_scope = RT_SCOPE_UNIVERSE;
	request_init(&request, type, &info, sizeof(info));
	if (type == RTM_NEWROUTE)
		request.head.nlmsg_flags |= NLM_F_CREATE | NLM_F_REPLACE;
	if (info.rtm_dst_len != 0)
		request_add_ip(&request, RTA_DST, route->prefix.base);
	if (route->link != NULL) {
		uint32_t index = if_nametoindex(route->link);
		if (index == 0)
			return -ENODEV;
		request_add(&request, RTA_OIF, &index, sizeof(index));
	}
	if (route->link != NULL && !ip_is_none(route->via))
		request_add_ip(&request, RTA_GATEWAY, route->via);
	return request_send(fd, &request);
}

int netlink_route_add(int fd, const struct netlink_route *route) {
	return change_route(fd, RTM_NEWROUTE, route);
}

int netlink_route_remove(int fd, const struct netlink_route *route) {
	return change_route(fd, RTM_DELROUTE, route);
}
