// Packet filters as classic BPF programs: what libpcap compiles an expression to, checked and run
// here. A program may come from anybody: one that passed bpf_check() reads only the packet and its
// own sixteen words, and ends after at most as many steps as it is long, because it can only jump
// forward. Linux's extensions (negative offsets) are not understood.
#pragma once

#include <stddef.h>
#include <stdint.h>

// Longer ones do not come out of expressions that people write.
#define BPF_STEPS_MAX 2048

struct bpf_step {
	uint16_t code;
	uint8_t if_true, if_false; // how many steps a conditional jump skips
	uint32_t k;
};

struct bpf_filter {
	struct bpf_step *steps;
	size_t count;
};

// What a packet is matched by. With a snapshot, fewer bytes are there than it had.
struct bpf_packet {
	const uint8_t *bytes;
	uint32_t length, whole_length;
};

// 0, or -EINVAL when the program may not be run.
int bpf_check(const struct bpf_filter *program);
// How many bytes of the packet are wanted; 0 when it does not match. The program passed the check.
uint32_t bpf_run(const struct bpf_filter *program, const struct bpf_packet *packet);
