/*
 * hash.h - SHA-256 (FIPS 180-4), for telling whether bytes are the bytes that were seen before
 * when somebody may wish to deceive us. For tables text_hash is faster.
 */
#ifndef BASE_HASH_H
#define BASE_HASH_H

#include <stddef.h>

#define HASH_TEXT_SIZE 65 /* 64 hexadecimal digits and a NUL */

/* The hash of n bytes as text into out. */
void hash_text(const void *bytes, size_t n, char out[HASH_TEXT_SIZE]);

#endif
