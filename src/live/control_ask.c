#include "live/control.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/text.h"
#include "live/control_int.h"

// An answer is one line of at most so much.
#define ANSWER_BYTES_MAX (256 << 20)
// Descriptors that one message carries; the kernel takes 253.
#define LOT_MAX 200

static int send_line(int fd, const json_t *request) {
	struct text line;
	char *json = json_dumps(request, JSON_COMPACT);
	text_init(&line);
	text_add(&line, json != NULL ? json : "{}");
	text_add_char(&line, '\n');
	free(json);
	int result = 0;
	for (size_t at = 0; at < line.length && result == 0;) {
		ssize_t sent = send(fd, line.chars + at, line.length - at, MSG_NOSIGNAL);
		if (sent > 0)
			at += (size_t)sent;
		else if (errno != EINTR)
			result = -errno;
	}
	text_done(&line);
	return result;
}

// Looks at what came before taking it, so that nothing behind the line is taken.
static int receive_line(int fd, struct text *line) {
	for (;;) {
		char bytes[65536];
		ssize_t got = recv(fd, bytes, sizeof(bytes), MSG_PEEK);
		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return got < 0 ? -errno : -EPIPE;
		const char *end = memchr(bytes, '\n', (size_t)got);
		size_t length = end != NULL ? (size_t)(end - bytes) + 1 : (size_t)got;
		got = recv(fd, bytes, length, 0);
		if (got < 0)
			return -errno;
		text_add_n(line, bytes, (size_t)got);
		if (end != NULL)
			return 0;
		if (line->length > ANSWER_BYTES_MAX)
			return -EMSGSIZE;
	}
}

static int exchange(int fd, const json_t *request, json_t **answer) {
	struct text line;
	text_init(&line);
	int result = send_line(fd, request);
	if (result == 0)
		result = receive_line(fd, &line);
	if (result == 0) {
		json_t *document = json_loadb(line.chars, line.length, 0, NULL);
		if (json_is_object(document)) {
			*answer = document;
		} else {
			json_decref(document);
			result = -EBADMSG;
		}
	}
	text_done(&line);
	return result;
}

int control_ask_on(int stream, const json_t *request, json_t **answer) {
	return exchange(stream, request, answer);
}

// One byte carries each lot, and room for what a lot needs.
union lot {
	struct cmsghdr head;
	char bytes[CMSG_SPACE(LOT_MAX * sizeof(int))];
};

int control_pass_on(int stream, const int *descriptors, size_t count) {
	for (size_t at = 0; at < count;) {
		size_t lot = count - at < LOT_MAX ? count - at : LOT_MAX;
		char byte = 0;
		union lot control = {0};
		struct iovec part = {&byte, 1};
		struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};
		message.msg_control = control.bytes;
		message.msg_controllen = CMSG_SPACE(lot * sizeof(int));
		struct cmsghdr *head = CMSG_FIRSTHDR(&message);
		head->cmsg_level = SOL_SOCKET;
		head->cmsg_type = SCM_RIGHTS;
		head->cmsg_len = CMSG_LEN(lot * sizeof(int));
		memcpy(CMSG_DATA(head), descriptors + at, lot * sizeof(int));
		ssize_t sent = sendmsg(stream, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
		if (sent < 0 && errno == EINTR)
			continue;
		if (sent <= 0)
			return sent < 0 ? -errno : -EIO;
		at += lot;
	}
	return 0;
}

// How many came, or -errno.
static ssize_t receive_lot(int stream, int *descriptors, size_t room) {
	char byte;
	union lot control;
	struct iovec part = {&byte, 1};
	struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};
	message.msg_control = control.bytes;
	message.msg_controllen = sizeof(control);
	ssize_t got = recvmsg(stream, &message, MSG_CMSG_CLOEXEC);
	if (got <= 0)
		return got < 0 ? -errno : -EPIPE;
	struct cmsghdr *head = CMSG_FIRSTHDR(&message);
	if (head == NULL || head->cmsg_type != SCM_RIGHTS)
		return -EBADMSG;
	size_t count = (head->cmsg_len - CMSG_LEN(0)) / sizeof(int);
	// Fewer than were sent when this process may have no more.
	if (count > room || (message.msg_flags & MSG_CTRUNC) != 0)
		count = 0;
	memcpy(descriptors, CMSG_DATA(head), count * sizeof(int));
	return count != 0 ? (ssize_t)count : -EMFILE;
}

int control_receive(int stream, int *descriptors, size_t count) {
	for (size_t at = 0; at < count;) {
		ssize_t got = receive_lot(stream, descriptors + at, count - at);
		if (got == -EINTR)
			continue;
		if (got < 0) {
			while (at != 0)
				close(descriptors[--at]);
			return (int)got;
		}
		at += (size_t)got;
	}
	return 0;
}

int control_ask(const char *path, const json_t *request, json_t **answer, int *stream) {
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	if (strlen(path) >= sizeof(address.sun_path))
		return -ENAMETOOLONG;
	strcpy(address.sun_path, path);
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	int result = connect(fd, (struct sockaddr *)&address, sizeof(address)) < 0 ? -errno : 0;
	if (result == 0)
		result = exchange(fd, request, answer);
	if (result < 0 || stream == NULL)
		close(fd);
	else
		*stream = fd;
	return result;
}
