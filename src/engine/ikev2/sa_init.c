/* IKE_SA_INIT: what both roles share, and the answers to jobs. RFC 7296 1.2, 2.14. */
#include "engine/ikev2/sa_init.h"

#include "engine/ikev2/exchange.h"
#include "engine/ikev2/ike_auth.h"
#include "engine/ikev2/sa_init_parts.h"
#include "engine/lifecycle.h"
#include "engine/sa.h"

void sa_init_receive(struct engine *engine, const struct path *path, const struct ikev2_header *header,
                     struct bytes datagram)
{
    static const uint8_t zero[IKE_SPI_SIZE];
    bool is_response = (header->flags & IKEV2_FLAG_RESPONSE) != 0;
    bool from_initiator = (header->flags & IKEV2_FLAG_INITIATOR) != 0;
    if (header->message_id != 0 || is_response == from_initiator ||
        memcmp(header->spi_i, zero, IKE_SPI_SIZE) == 0)
        return;
    if (!is_response) {
        if (memcmp(header->spi_r, zero, IKE_SPI_SIZE) == 0)
            sa_init_request(engine, path, header, datagram);
        return;
    }
    struct ike_sa *ike = ike_by_own_spi(engine, header->spi_i);
    if (ike != NULL && ike->is_initiator && ike->state == IKE_STATE_INIT_SENT &&
        ike->current == TASK_SA_INIT && address_equal(&path->remote.address, &ike->path.remote.address))
        sa_init_response(engine, ike, path, header, datagram);
}

struct job *sa_init_key_job(struct engine *engine, const struct ike_sa *owner, const struct ike_sa *ike,
                            enum job_kind kind, struct bytes peer)
{
    const struct ike_setup *setup = ike->setup;
    struct job *job = engine_new_job(engine, owner, kind, setup->ke);
    if (job == NULL)
        return NULL;
    job->own = setup->own;
    job->peer_size = (uint16_t)peer.size;
    memcpy(job->peer_public, peer.data, peer.size);
    memcpy(job->nonce_i, setup->nonce_i, setup->nonce_i_size);
    memcpy(job->nonce_r, setup->nonce_r, setup->nonce_r_size);
    job->inputs = (struct ikev2_key_inputs){
        .prf = ike->suite.prf,
        .encr = ike->suite.encr,
        .encr_key_bits = ike->suite.encr_key_bits,
        .integ = ike->suite.integ,
        .nonce_i = bytes_of(job->nonce_i, setup->nonce_i_size),
        .nonce_r = bytes_of(job->nonce_r, setup->nonce_r_size),
    };
    memcpy(job->inputs.spi_i, ike->spi_i, IKE_SPI_SIZE);
    memcpy(job->inputs.spi_r, ike->spi_r, IKE_SPI_SIZE);
    return job;
}

void sa_init_job_done(struct engine *engine, struct ike_sa *ike, struct job *job)
{
    if (!job->ok && job->kind != JOB_SIGN) {
        ike_fail(engine, ike, RC_FATAL, "key exchange %s failed: %s", job->ke->name, job->error.text);
        return;
    }
    switch (job->kind) {
    case JOB_KE_GENERATE:
        if (job->ke == ike->setup->ke && ike->current == TASK_SA_INIT)
            sa_init_generated(engine, ike, job);
        break;
    case JOB_KE_DERIVE:
        ike->keys = job->keys;
        ike_auth_start(engine, ike);
        break;
    case JOB_KE_RESPOND:
        ike->keys = job->keys;
        sa_init_answer(engine, ike, job);
        break;
    case JOB_SIGN:
        ike_auth_signed(engine, ike, job);
        break;
    case JOB_VERIFY: /* of a message that was put aside (receive.c) */
    case JOB_AUTHORIZE:
        break;
    }
}
