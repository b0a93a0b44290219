#include "live/spaces.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/text.h"
#include "live/netns.h"

#define GONE '-'

static int append(int fd, const struct text *line) {
	ssize_t written = write(fd, line->chars, line->length);
	if (written < 0)
		return -errno;
	if ((size_t)written == line->length)
		return 0;
	// A full disk took a part, which the next line would be glued to.
	struct stat now;
	int result = fstat(fd, &now) < 0 || ftruncate(fd, now.st_size - written) < 0 ? -errno : -ENOSPC;
	return result;
}

static int note(int fd, const char *mark, const char *name_space) {
	struct text line;
	text_init(&line);
	text_printf(&line, "%s%s\n", mark, name_space);
	int result = append(fd, &line);
	text_done(&line);
	return result;
}

int spaces_add(int fd, const char *name_space) {
	return note(fd, "", name_space);
}

bool spaces_line_is_made(const char *line) {
	size_t length = strcspn(line, "\n");
	if (line[0] == GONE || length == 0 || line[length] == '\0')
		return false;
	for (const char *at = line + length + 1; *at != '\0'; at += strcspn(at, "\n")) {
		at += *at == '\n';
		if (at[0] == GONE && strncmp(at + 1, line, length + 1) == 0)
			return false;
	}
	return true;
}

static int read_file(int fd, struct text *text) {
	char chunk[4096];
	off_t at = 0;
	for (;;) {
		ssize_t got = pread(fd, chunk, sizeof(chunk), at);
		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return got < 0 ? -errno : 0;
		text_add_n(text, chunk, (size_t)got);
		at += got;
	}
}

static int retain_line(int fd, char *line, const struct names *kept) {
	line[strcspn(line, "\n")] = '\0';
	if (kept != NULL && names_find(kept, line) != NAME_NONE)
		return 0;
	int result = netns_remove(line);
	// On a full disk the line is missing: then the name is looked for once more, in vain.
	if (result == 0)
		note(fd, "-", line);
	return result;
}

int spaces_retain(int fd, const struct names *kept) {
	struct text text;
	text_init(&text);
	int result = read_file(fd, &text);
	char *line = result == 0 && text.length != 0 ? text.chars : NULL;
	while (line != NULL && *line != '\0') {
		char *next = line + strcspn(line, "\n");
		next += *next == '\n';
		int removed = spaces_line_is_made(line) ? retain_line(fd, line, kept) : 0;
		if (result == 0)
			result = removed;
		line = next;
	}
	text_done(&text);
	return result;
}
