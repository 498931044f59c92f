/*
 * XAUTH: draft-beaulieu-ike-xauth. After phase 1 the server asks the client for a user name and a password,
 * and tells it what came of that; the password is checked outside the engine (engine/login.h).
 */
#ifndef STYX_ENGINE_IKEV1_XAUTH_H
#define STYX_ENGINE_IKEV1_XAUTH_H

#include "engine/ikev1/transaction.h"
#include "engine/login.h"

extern const struct transaction_service xauth_service;

/* What the client may be asked for, one after the other. */
enum xauth_question {
    XAUTH_ASKED_USER,
    XAUTH_ASKED_PASSWORD,
    XAUTH_ASKED_PASSCODE,
    XAUTH_ASKED_NEXT_PIN,
    XAUTH_ASKED_ANSWER,
    XAUTH_QUESTIONS,
};

enum { XAUTH_TRIES_LIMIT = 3 }; /* of REQUESTs that one client answers */

/* From the end of phase 1 on, until XAUTH is through. */
struct xauth {
    uint64_t check_id; /* server: the check under way; 0 none */
    bool has_refused;  /* server: the client is told so, and the SA ends */
    struct owned
        user; /* server: who says to be it, with a terminating zero; the SA's only once that is settled */
    /* Client: */
    uint32_t message_id; /* of the REQUEST that is being answered; 0 none */
    unsigned tries;
    unsigned asked, answered; /* bits of enum xauth_question */
    enum xauth_question current;
    bool says_type;
    uint16_t type;                         /* enum xauth_type */
    struct owned answers[XAUTH_QUESTIONS]; /* with a terminating zero */
};

/* The authentication method of phase 1 that announces it (7.2): `method` where the connection wants none. */
uint16_t xauth_method(const struct connection *connection, bool is_initiator, uint16_t method);
/* The method behind such a one. */
uint16_t xauth_plain_method(uint16_t method);
void xauth_drop(struct engine *engine, struct ike_sa *ike);
/* 004 "west" #1: STORY {auth=...} */
void xauth_say_state(struct engine *engine, struct ike_sa *ike, enum ikev1_state state);

/* ---- the roles ---- */

void xauth_server_begin(struct engine *engine, struct ike_sa *ike);
void xauth_server_received(struct engine *engine, struct ike_sa *ike,
                           const struct ikev1_attributes *attributes);
void xauth_server_checked(struct engine *engine, struct ike_sa *ike, const struct login_result *result);
void xauth_client_begin(struct engine *engine, struct ike_sa *ike);
void xauth_client_received(struct engine *engine, struct ike_sa *ike, struct transaction *transaction,
                           const struct ikev1_attributes *attributes);

#endif
