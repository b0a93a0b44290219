// Several reads or writes in one system call: io_uring(7), where the kernel has it and lets us.
#pragma once

#include <stddef.h>
#include <sys/types.h>

#define BATCH_MAX 32

struct batch;

struct batch_item {
	int fd;
	void *bytes; // room for what is read, or what is written
	size_t length;
	ssize_t done; // what read() or write() would return; -errno instead of -1
};

// NULL where there is no io_uring, or it is not for us: read() and write() do the same, one by one.
struct batch *batch_new(void);
void batch_free(struct batch *batch); // NULL is fine

// Does 1 to BATCH_MAX of them, in this order. The descriptors don't block: what is not there, or
// has no room, is -EAGAIN. Should the kernel refuse, they are done one by one from then on.
void batch_read(struct batch *batch, struct batch_item *items, size_t count);
void batch_write(struct batch *batch, struct batch_item *items, size_t count);
