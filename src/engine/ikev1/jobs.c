/* A job of an IKEv1 exchange is done: its handler goes on. */
#include "engine/ikev1/receive.h"

#include "engine/ikev1/phase1_proof.h"
#include "engine/ikev1/quick_mode.h"

static void phase1_job_done(struct engine *engine, struct ike_sa *ike, const struct job *job)
{
    ike->setup->job_id = 0;
    if (job->signature != NULL && !phase1_signature_done(engine, ike, job))
        return;
    if (!job->ok) {
        ike_fail(engine, ike, RC_FATAL, "key exchange %s failed: %s", job->ke->name, job->error.text);
        return;
    }
    if (ike->v1->is_aggressive)
        (ike->is_initiator ? aggressive_mode_initiator_job_done
                           : aggressive_mode_responder_job_done)(engine, ike, job);
    else
        (ike->is_initiator ? main_mode_initiator_job_done : main_mode_responder_job_done)(engine, ike, job);
}

void ikev1_job_done(struct engine *engine, struct ike_sa *ike, struct job *job)
{
    struct child_sa *child = child_by_serial(engine, job->child_serial);
    if (job->child_serial == 0) {
        if (ike->setup != NULL && ike->setup->job_id == job->job_id)
            phase1_job_done(engine, ike, job);
        return;
    }
    if (child == NULL || child->quick == NULL || child->quick->job_id != job->job_id)
        return;
    child->quick->job_id = 0;
    if (!job->ok)
        quick_mode_fail(engine, child, RC_FATAL, "key exchange %s failed: %s", job->ke->name,
                        job->error.text);
    else if (child->quick->is_initiator)
        quick_mode_initiator_job_done(engine, ike, child->quick, job);
    else
        quick_mode_responder_job_done(engine, ike, child->quick, job);
}
