// Several reads in one system call: io_uring(7), where the kernel has it and lets us.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#define BATCH_READS_MAX 32

struct batch;

struct batch_read {
	void *bytes;
	size_t room;
	ssize_t got; // what read() would return; -errno instead of -1
};

// NULL where there is no io_uring, or it is not for us: read() does the same, one by one.
struct batch *batch_new(void);
void batch_free(struct batch *batch); // NULL is fine

// Reads `count` (1 to BATCH_READS_MAX) times, in this order, and never waits: what is not there is
// -EAGAIN. False when the kernel would not; then nothing was read, nor will be by this batch.
bool batch_read(struct batch *batch, int fd, struct batch_read *reads, size_t count);
