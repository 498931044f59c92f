/*
 * ipsec.d/passwd: the users whom an XAUTH server lets in. A line is USER:HASH[:CONNECTION[:ADDRESS]]; the
 * hash is one of crypt(5), an absent, empty or * connection is any, the address is what the user is to have
 * in the tunnel. # begins a comment line.
 */
#ifndef STYX_CONFIG_PASSWD_FILE_H
#define STYX_CONFIG_PASSWD_FILE_H

#include "base/address.h"
#include "base/error.h"

enum { PASSWD_HASH_SIZE = 384 };

struct passwd_entry {
    unsigned line;
    char hash[PASSWD_HASH_SIZE];
    bool is_for_one;           /* the connection is named */
    struct ip_address address; /* unset: none */
};

/* A walk over the text of the file. */
struct passwd_walk {
    const char *at; /* the text, to begin with */
    unsigned line;  /* 0 */
};

/* The next entry of this user for this connection; false at the end. One with a fault ends the walk, too:
 * then error->code is its line, which is 0 otherwise. */
bool passwd_file_next(struct passwd_walk *walk, const char *user, const char *connection,
                      struct passwd_entry *out, struct error *error);

#endif
