/*
 * Users who log in over an IKE SA (XAUTH): whose SAs are whose, what is known of a user for the next time,
 * and the question to the world whether a password is right.
 */
#ifndef STYX_ENGINE_LOGIN_H
#define STYX_ENGINE_LOGIN_H

#include "engine/state.h"

/* With the terminating zero. */
enum { LOGIN_NAME_SIZE = 256, LOGIN_PASSWORD_SIZE = 256 };

enum login_role { LOGIN_NONE, LOGIN_SERVER, LOGIN_CLIENT };

/* What our end has to do on the IKE SAs of this connection. */
enum login_role login_role_of(const struct connection *connection);
/* Whether what is proved for the one is proof enough for the other: an IKE SA of the one may carry its Child
 * SAs. */
bool login_is_shared(const struct connection *a, const struct connection *b);
/* Whether who logged in on the IKE SA of `first` may have Child SAs of the other, too: password files name
 * connections. */
bool login_is_for(const struct ike_sa *ike, const struct connection *first, const struct connection *other);
/* pam-authorize=: whether an IKE SA of `first` may carry Child SAs of the other: not where only the other
 * asks PAM, which has then not been asked about this peer. */
bool login_is_authorized(const struct connection *first, const struct connection *other);
/* Whether both IKE SAs are the same user's, or nobody's. Who was let in without the right password is not the
 * user that he says. */
bool login_users_are_equal(const struct ike_sa *a, const struct ike_sa *b);

/* Who logged in; "": nobody. */
const char *login_user(const struct ike_sa *ike);
/* False: out of memory. */
bool login_set_user(struct engine *engine, struct ike_sa *ike, const char *user);
/* A name as we take it: not empty, not too long, and nothing in it that would spoil a line or a list. */
bool login_name_is_fit(struct bytes name);

/* Asks the world, which is answered by version->login_checked(). Returns the id of the question. */
uint64_t login_check(struct engine *engine, const struct ike_sa *ike, const char *user, const char *password);

/* pam-authorize=: asks the world whether this proved identity may come in, which is answered in the same way.
 * Returns the id of the question, of the numbers of jobs; 0: it cannot be asked, and nobody may come in. */
uint64_t login_authorize(struct engine *engine, const struct ike_sa *ike);

/* Client: what was right is kept for the next time, as long as the connection is loaded. */
void login_remember(struct engine *engine, struct connection *connection, const char *user,
                    const char *password);
void login_forget(struct engine *engine, struct connection *connection);

#endif
