/*
 * The values of keywords: text -> typed. Every error says what was found, what is expected and, for words,
 * the nearest one; error->code is the byte of the text where it went wrong.
 */
#ifndef STYX_CONFIG_VALUE_H
#define STYX_CONFIG_VALUE_H

#include "base/address.h"
#include "config/keyword.h"

/* Numbers, times, percentages, booleans and words, as their keyword's row says. Times in microseconds, -1 as
 * UINT64_MAX. ret_is_capped (may be NULL): the maximum was taken instead. */
bool value_number(const struct keyword *keyword, const char *text, uint64_t *out, bool *ret_is_capped,
                  struct error *error);

/* Whether the text has the form that the row asks for, not whether it is supported. */
bool value_check(const struct keyword *keyword, const char *text, struct error *error);

/* Whether it means the same as the keyword's default (or its inert value): then nothing needs to act on it.
 */
bool value_is_default(const struct keyword *keyword, const char *text);

/* Puts a number into a field of 1, 2, 4 or 8 bytes. */
void value_store(void *field, uint8_t width, uint64_t number);

/* Takes the next word of a list separated by commas or blanks into out; false at the end. An overlong word is
 * an error of the list: it comes out cut. */
bool value_next_word(const char **cursor, char *out, size_t size);

/* "tcp/80", "17/%any", "icmp", "%any". */
bool value_protoport(const char *text, uint8_t *ret_protocol, uint16_t *ret_port, struct error *error);

/* ADDRESS/LENGTH, with /PROTOCOL/PORT behind if wanted; of an address within a network, the network. */
bool value_subnet(const char *text, struct selector *out, bool *ret_has_protoport, struct error *error);

/* %v4:CIDR, %v6:CIDR, %v4:!CIDR, %v6:!CIDR: a network of virtual-private=. */
struct virtual_net;
bool value_virtual_net(const char *text, struct virtual_net *out, struct error *error);

#endif
