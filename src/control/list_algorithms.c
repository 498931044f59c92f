/* The algorithms of this build in status output, in the shapes of Libreswan 4.x. */
#include "control/session.h"

#include "crypto/key_exchange.h"

enum { AEAD_BLOCK = 16 }; /* what users of old are shown for modes that pad to one byte */

static void show_for_esp(struct control_session *session, const struct algorithm *algorithm)
{
    unsigned least = algorithm->key_bits[0], most = least;
    for (size_t i = 1; i < ARRAY_SIZE(algorithm->key_bits) && algorithm->key_bits[i] != 0; i++) {
        least = algorithm->key_bits[i] < least ? algorithm->key_bits[i] : least;
        most = algorithm->key_bits[i] > most ? algorithm->key_bits[i] : most;
    }
    if (algorithm->type == TRANSFORM_ENCR)
        session_line(session, RC_COMMENT, "algorithm ESP encrypt: name=%s, keysizemin=%u, keysizemax=%u",
                     algorithm->name, least, most);
    else if (algorithm->type == TRANSFORM_INTEG)
        session_line(session, RC_COMMENT, "algorithm AH/ESP auth: name=%s, key-length=%u", algorithm->name,
                     algorithm->key_size * 8);
}

static void show_for_ike(struct control_session *session, const struct algorithm *algorithm)
{
    if (algorithm->type == TRANSFORM_ENCR)
        session_line(
            session, RC_COMMENT,
            "algorithm IKE encrypt: v1id=-1, v1name=n/a, v2id=%u, v2name=%s, blocksize=%u, keydeflen=%u",
            algorithm->id, algorithm->name, algorithm->block_size > 1 ? algorithm->block_size : AEAD_BLOCK,
            algorithm->key_bits[0]);
    else if (algorithm->type == TRANSFORM_PRF)
        session_line(session, RC_COMMENT, "algorithm IKE PRF: name=%s, hashlen=%u", algorithm->name,
                     algorithm->output_size);
    else if (algorithm->type == TRANSFORM_KE && algorithm->id != KE_NONE)
        session_line(session, RC_COMMENT, "algorithm IKE DH Key Exchange: name=%s, bits=%zu", algorithm->name,
                     ke_public_size(algorithm) * 8);
}

static void show_used(struct control_session *session, const char *title, unsigned use,
                      void (*show)(struct control_session *, const struct algorithm *))
{
    const struct algorithm *algorithm;
    session_line(session, RC_COMMENT, "%s", title);
    session_line(session, RC_COMMENT, " ");
    for (size_t i = 0; (algorithm = algorithm_at(i)) != NULL; i++)
        if ((algorithm->uses & use) != 0)
            show(session, algorithm);
    session_line(session, RC_COMMENT, " ");
}

void list_algorithms(struct control_session *session)
{
    show_used(session, "Kernel algorithms supported:", USE_IKEV2_ESP, show_for_esp);
    show_used(session, "IKE algorithms supported:", USE_IKEV2_IKE, show_for_ike);
}
