#include "cli/copies.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/memory.h"

struct copy {
	pid_t process;
	int pipe; // to read from
};

static void write_all(int file, const char *bytes, size_t length) {
	while (length != 0) {
		ssize_t written = write(file, bytes, length);
		if (written < 0 && errno == EINTR)
			continue;
		if (written <= 0)
			_exit(1);
		bytes += written;
		length -= (size_t)written;
	}
}

static int start(size_t index, copies_ask_fn *ask, void *owner, struct copy *out) {
	int ends[2];

	if (pipe(ends) < 0)
		return -errno;
	// What is buffered would be written twice.
	fflush(stdout);
	fflush(stderr);
	pid_t process = fork();
	if (process < 0) {
		int error = errno;
		close(ends[0]);
		close(ends[1]);
		return -error;
	}
	if (process == 0) {
		struct text answer;
		close(ends[0]);
		text_init(&answer);
		ask(owner, index, &answer);
		write_all(ends[1], text_chars(&answer), answer.length);
		fflush(stderr);
		_exit(0);
	}
	close(ends[1]);
	*out = (struct copy){process, ends[0]};
	return 0;
}

static int finish(const struct copy *copy, struct text *answer) {
	char buffer[65536];
	int status;
	ssize_t got;

	do {
		got = read(copy->pipe, buffer, sizeof(buffer));
		if (got > 0)
			text_add_n(answer, buffer, (size_t)got);
	} while (got > 0 || (got < 0 && errno == EINTR));
	close(copy->pipe);
	while (waitpid(copy->process, &status, 0) < 0) {
		if (errno != EINTR)
			return -errno;
	}
	return got == 0 && WIFEXITED(status) && WEXITSTATUS(status) == 0 ? 0 : -EIO;
}

int copies_ask(size_t count, copies_ask_fn *ask, copies_told_fn *told, void *owner) {
	struct copy running[COPIES_AT_ONCE];
	size_t started = 0;
	int result = 0;

	for (size_t i = 0; i < count; i++) {
		while (result == 0 && started < count && started < i + COPIES_AT_ONCE) {
			result = start(started, ask, owner, &running[started % COPIES_AT_ONCE]);
			if (result == 0)
				started++;
		}
		if (i >= started)
			break;
		struct text answer;
		text_init(&answer);
		int ended = finish(&running[i % COPIES_AT_ONCE], &answer);
		if (result == 0 && ended == 0)
			told(owner, i, text_chars(&answer), answer.length);
		else if (result == 0)
			result = ended;
		text_done(&answer);
	}
	return result;
}
