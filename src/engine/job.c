/* Running a job: pure work on values, on whatever thread the world chooses. */
#include "engine/job.h"

#include <stdlib.h>

#include "base/secret.h"

static bool run_key_exchange(struct job *job)
{
    struct bytes peer = bytes_of(job->peer_public, job->peer_size);
    job->secret_size = (uint16_t)ke_secret_size(job->ke);
    switch (job->kind) {
    case JOB_KE_GENERATE:
        return ke_generate(job->ke, job->seed, &job->own, job->own_public);
    case JOB_KE_DERIVE:
        return ke_derive(job->ke, &job->own, peer, job->secret, &job->error);
    case JOB_KE_RESPOND:
        return ke_respond(job->ke, job->seed, peer, job->own_public, job->secret, &job->error);
    }
    return false;
}

void job_run(struct job *job)
{
    job->ok = run_key_exchange(job);
    if (!job->ok || job->kind == JOB_KE_GENERATE || job->inputs.prf == NULL)
        return;
    job->inputs.shared_secret = bytes_of(job->secret, job->secret_size);
    job->ok = ikev2_derive_keys(&job->inputs, &job->keys);
    if (!job->ok)
        error_set(&job->error, 0, "key derivation failed");
}

void job_free(struct job *job)
{
    if (job != NULL)
        secret_free(job, sizeof(*job));
}
