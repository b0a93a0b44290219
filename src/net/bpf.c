#include "net/bpf.h"

#include <errno.h>
#include <stdbool.h>

#include "base/wire.h"

// A code's parts, after McCanne and Jacobson's "The BSD Packet Filter" (1993).
#define CLASS(code) ((code)&0x07)
#define SIZE(code) ((code)&0x18)
#define MODE(code) ((code)&0xe0)
#define OPERATION(code) ((code)&0xf0)
#define BY_X 0x08     // the operand is X instead of k
#define RETURN_A 0x10 // RET returns A instead of k
#define CODE_MAX 0xff
#define WORDS 16
// From here on, an offset is a question that Linux answers from what it knows besides the bytes.
#define LINUX_OFFSETS 0xfff00000u

enum { LD, LDX, ST, STX, ALU, JMP, RET, MISC };
enum { WORD = 0x00, HALF = 0x08, BYTE = 0x10 };
enum {
	IMMEDIATE = 0x00,
	ABSOLUTE = 0x20,
	INDEXED = 0x40,
	MEMORY = 0x60,
	LENGTH = 0x80,
	IHL = 0xa0
};
enum {
	ADD = 0x00,
	SUBTRACT = 0x10,
	MULTIPLY = 0x20,
	DIVIDE = 0x30,
	OR = 0x40,
	AND = 0x50,
	SHIFT_LEFT = 0x60,
	SHIFT_RIGHT = 0x70,
	NEGATE = 0x80,
	MODULO = 0x90,
	XOR = 0xa0,
};
enum { ALWAYS = 0x00, EQUAL = 0x10, GREATER = 0x20, AT_LEAST = 0x30, ANY_BIT = 0x40 };
enum { A_TO_X = 0x00, X_TO_A = 0x80 };

static bool load_is_fine(const struct bpf_step *step) {
	unsigned mode = MODE(step->code), size = SIZE(step->code);
	bool is_x = CLASS(step->code) == LDX;
	switch (mode) {
	case IMMEDIATE:
	case LENGTH:
		return size == WORD;
	case MEMORY:
		return size == WORD && step->k < WORDS;
	case ABSOLUTE:
		return !is_x && size <= BYTE && step->k < LINUX_OFFSETS;
	case INDEXED:
		return !is_x && size <= BYTE;
	case IHL:
		return is_x && size == BYTE;
	}
	return false;
}

static bool sum_is_fine(const struct bpf_step *step) {
	bool is_constant = (step->code & BY_X) == 0;
	switch (OPERATION(step->code)) {
	case DIVIDE:
	case MODULO:
		return !is_constant || step->k != 0;
	case SHIFT_LEFT:
	case SHIFT_RIGHT:
		return !is_constant || step->k < 32;
	case ADD:
	case SUBTRACT:
	case MULTIPLY:
	case OR:
	case AND:
	case NEGATE:
	case XOR:
		return true;
	}
	return false;
}

// `behind`: steps that follow this one.
static bool jump_is_fine(const struct bpf_step *step, size_t behind) {
	switch (OPERATION(step->code)) {
	case ALWAYS:
		return step->k < behind;
	case EQUAL:
	case GREATER:
	case AT_LEAST:
	case ANY_BIT:
		return step->if_true < behind && step->if_false < behind;
	}
	return false;
}

static bool step_is_fine(const struct bpf_step *step, size_t behind) {
	if (step->code > CODE_MAX)
		return false;
	switch (CLASS(step->code)) {
	case LD:
	case LDX:
		return load_is_fine(step);
	case ST:
	case STX:
		return step->k < WORDS;
	case ALU:
		return sum_is_fine(step);
	case JMP:
		return jump_is_fine(step, behind);
	case RET:
		return true;
	case MISC:
		return (step->code & 0xf8) == A_TO_X || (step->code & 0xf8) == X_TO_A;
	}
	return false;
}

int bpf_check(const struct bpf_filter *program) {
	size_t count = program->count;
	if (count == 0 || count > BPF_STEPS_MAX)
		return -EINVAL;
	for (size_t i = 0; i < count; i++) {
		if (!step_is_fine(&program->steps[i], count - 1 - i))
			return -EINVAL;
	}
	return CLASS(program->steps[count - 1].code) == RET ? 0 : -EINVAL;
}

struct machine {
	uint32_t a, x, words[WORDS];
	const struct bpf_packet *packet;
};

// False when the packet is too short, which ends the program: it does not match.
static bool load_bytes(struct machine *machine, unsigned size, uint64_t at) {
	const struct bpf_packet *packet = machine->packet;
	unsigned bytes = size == WORD ? 4 : size == HALF ? 2 : 1;
	if (at + bytes > packet->length)
		return false;
	const uint8_t *from = packet->bytes + at;
	machine->a = size == WORD ? get_u32(from) : size == HALF ? get_u16(from) : from[0];
	return true;
}

static bool load(struct machine *machine, const struct bpf_step *step) {
	bool is_x = CLASS(step->code) == LDX;
	uint32_t value = 0;
	switch (MODE(step->code)) {
	case ABSOLUTE:
		return load_bytes(machine, SIZE(step->code), step->k);
	case INDEXED:
		return load_bytes(machine, SIZE(step->code), (uint64_t)machine->x + step->k);
	case IHL: // the length of an IPv4 header
		if (step->k >= machine->packet->length)
			return false;
		value = (uint32_t)(machine->packet->bytes[step->k] & 0x0f) * 4;
		break;
	case IMMEDIATE:
		value = step->k;
		break;
	case LENGTH:
		value = machine->packet->whole_length;
		break;
	case MEMORY:
		value = machine->words[step->k];
		break;
	}
	if (is_x)
		machine->x = value;
	else
		machine->a = value;
	return true;
}

// False for a division by zero, which ends the program: it does not match.
static bool sum(struct machine *machine, const struct bpf_step *step) {
	uint32_t a = machine->a, b = (step->code & BY_X) != 0 ? machine->x : step->k;
	unsigned operation = OPERATION(step->code);
	if ((operation == DIVIDE || operation == MODULO) && b == 0)
		return false;
	switch (operation) {
	case ADD:
		a += b;
		break;
	case SUBTRACT:
		a -= b;
		break;
	case MULTIPLY:
		a *= b;
		break;
	case DIVIDE:
		a /= b;
		break;
	case MODULO:
		a %= b;
		break;
	case OR:
		a |= b;
		break;
	case AND:
		a &= b;
		break;
	case XOR:
		a ^= b;
		break;
	case SHIFT_LEFT:
		a = b < 32 ? a << b : 0;
		break;
	case SHIFT_RIGHT:
		a = b < 32 ? a >> b : 0;
		break;
	case NEGATE:
		a = 0 - a;
		break;
	}
	machine->a = a;
	return true;
}

static size_t steps_to_skip(const struct machine *machine, const struct bpf_step *step) {
	uint32_t b = (step->code & BY_X) != 0 ? machine->x : step->k;
	bool holds = false;
	switch (OPERATION(step->code)) {
	case ALWAYS:
		return step->k;
	case EQUAL:
		holds = machine->a == b;
		break;
	case GREATER:
		holds = machine->a > b;
		break;
	case AT_LEAST:
		holds = machine->a >= b;
		break;
	case ANY_BIT:
		holds = (machine->a & b) != 0;
		break;
	}
	return holds ? step->if_true : step->if_false;
}

uint32_t bpf_run(const struct bpf_filter *program, const struct bpf_packet *packet) {
	struct machine machine = {.packet = packet};
	for (size_t at = 0; at < program->count; at++) {
		const struct bpf_step *step = &program->steps[at];
		switch (CLASS(step->code)) {
		case LD:
		case LDX:
			if (!load(&machine, step))
				return 0;
			break;
		case ST:
			machine.words[step->k] = machine.a;
			break;
		case STX:
			machine.words[step->k] = machine.x;
			break;
		case ALU:
			if (!sum(&machine, step))
				return 0;
			break;
		case JMP:
			at += steps_to_skip(&machine, step);
			break;
		case RET:
			return (step->code & RETURN_A) != 0 ? machine.a : step->k;
		case MISC:
			if ((step->code & 0xf8) == A_TO_X)
				machine.x = machine.a;
			else
				machine.a = machine.x;
			break;
		}
	}
	return 0;
}
