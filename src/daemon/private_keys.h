/* This end's private keys: out of the NSS database and the PEM files of ipsec.d/private, on a thread of their
 * own, into the engine. */
#ifndef STYX_DAEMON_PRIVATE_KEYS_H
#define STYX_DAEMON_PRIVATE_KEYS_H

#include <stdint.h>

struct daemon;
struct key_loader;

/* NULL: out of memory. */
struct key_loader *key_loader_new(struct daemon *daemon);
/* Waits for what is being read. NULL is fine. */
void key_loader_free(struct key_loader *loader);

/* Before the loop runs: the first connection finds the keys. */
void key_loader_read_now(struct key_loader *loader);
/* What is read takes the place of all keys; on a failure they stay. `client` (or 0) is told, and his command
 * ends with it. Who asks while one is being read gets the next. */
void key_loader_read(struct key_loader *loader, uint64_t client);

#endif
