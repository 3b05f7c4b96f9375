/*
 * MurmurHash3 of 128 bits for 64-bit machines (Austin Appleby's x64_128), with a seed for each
 * half.
 */
#include "config.h"

#include "base/hash.h"

#include <endian.h>
#include <string.h>

enum { BLOCK = 16 };

static const uint64_t C1 = 0x87c37b91114253d5u, C2 = 0x4cf5ad432745937fu;

static uint64_t
rotate(uint64_t x, int bits)
{
	return x << bits | x >> (64 - bits);
}

static inline uint64_t
read_word(const char *from)
{
	uint64_t x;

	memcpy(&x, from, sizeof x);
	return le64toh(x);
}

/* Up to eight bytes, as if zeros followed. */
static uint64_t
read_bytes(const char *from, size_t count)
{
	uint64_t x = 0;

	memcpy(&x, from, count);
	return le64toh(x);
}

static uint64_t
finish(uint64_t x)
{
	x = (x ^ x >> 33) * 0xff51afd7ed558ccdu;
	x = (x ^ x >> 33) * 0xc4ceb9fe1a85ec53u;
	return x ^ x >> 33;
}

static uint64_t
mix_first(uint64_t k)
{
	return rotate(k * C1, 31) * C2;
}

static uint64_t
mix_second(uint64_t k)
{
	return rotate(k * C2, 33) * C1;
}

static void
add_tail(swm_hash128 *h, const char *tail, size_t count)
{
	if (count > 8)
		h->low ^= mix_second(read_bytes(tail + 8, count - 8));
	h->high ^= mix_first(read_bytes(tail, count > 8 ? 8 : count));
}

swm_hash128
swm_hash(swm_hash128 begin, swm_str bytes)
{
	swm_hash128 h = begin;
	size_t at = 0;

	for (; bytes.len - at >= BLOCK; at += BLOCK) {
		h.high = rotate(h.high ^ mix_first(read_word(bytes.ptr + at)), 27) + h.low;
		h.high = h.high * 5 + 0x52dce729;
		h.low = rotate(h.low ^ mix_second(read_word(bytes.ptr + at + 8)), 31) + h.high;
		h.low = h.low * 5 + 0x38495ab5;
	}
	if (at < bytes.len)
		add_tail(&h, bytes.ptr + at, bytes.len - at);
	h.high ^= bytes.len;
	h.low ^= bytes.len;
	h.high += h.low;
	h.low += h.high;
	h.high = finish(h.high);
	h.low = finish(h.low);
	h.high += h.low;
	h.low += h.high;
	return h;
}
