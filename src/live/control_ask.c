#include "live/control.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/text.h"

// An answer is one line of at most so much.
#define ANSWER_BYTES_MAX (256 << 20)

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
