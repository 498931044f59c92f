/* What newhostkey, rsasigkey, ecdsasigkey and eddsasigkey share: the making of a key pair in the NSS
 * database. */
#ifndef STYX_TOOLS_KEY_MAKER_H
#define STYX_TOOLS_KEY_MAKER_H

#include "tools/nss_place.h"

enum { SEED_BITS_DEFAULT = 512 };

struct key_maker {
    const char *command; /* that complains */
    struct nss_place place;
    struct nss_key_wanted wanted;
    const char *seed_device;
    unsigned seed_bits;
    bool is_verbose;
    bool is_quiet;
};

void key_maker_init(struct key_maker *maker, const char *command, enum key_kind kind);

/* The key's size or curve as the user wrote it, NULL: what is usual. False after telling why not. */
bool key_maker_set_bits(struct key_maker *maker, const char *text);
bool key_maker_set_curve(struct key_maker *maker, const char *name);
bool key_maker_set_seed_bits(struct key_maker *maker, const char *text);

/* Makes it and tells its CKAID. Returns the exit status. */
int key_maker_run(const struct key_maker *maker);

/* main() of rsasigkey, ecdsasigkey and eddsasigkey: they differ in their last word. */
int key_maker_main(int argc, char **argv, enum key_kind kind,
                   bool (*set_size)(struct key_maker *maker, const char *text), const char *size_name);

#endif
