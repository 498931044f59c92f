/* Follows the machine's addresses: when one that pluto listens on goes, or the default route leaves from
 * another one, it listens anew without being told, and connections and SAs follow (left=%defaultroute,
 * mobike=yes). */
#ifndef STYX_DAEMON_ADDRESS_WATCH_H
#define STYX_DAEMON_ADDRESS_WATCH_H

struct address_watch;
struct daemon;

/* NULL: the kernel does not tell; then `ipsec whack --listen` has to. */
struct address_watch *address_watch_new(struct daemon *daemon);
void address_watch_free(struct address_watch *watch);

#endif
