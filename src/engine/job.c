/* Running a job: pure work on values, on whatever thread the world chooses. */
#include "engine/job.h"

#include <stdlib.h>

#include "base/secret.h"

static bool sign(struct job *job)
{
    struct signature_work *work = job->signature;
    return signature_sign(work->algorithm, work->private_key, bytes_of(work->message, work->message_size),
                          work->signature, &work->signature_size, &job->error);
}

static bool verify(struct job *job)
{
    struct signature_work *work = job->signature;
    for (size_t i = 0; i < work->key_count; i++) {
        work->verified_by = i;
        if (signature_verify(work->algorithm, work->public_keys[i],
                             bytes_of(work->message, work->message_size),
                             bytes_of(work->signature, work->signature_size), &job->error))
            return true;
    }
    return false;
}

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
    default:
        break;
    }
    return false;
}

void job_run(struct job *job)
{
    if (job->signature != NULL) {
        job->ok = job->kind == JOB_SIGN ? sign(job) : verify(job);
        return;
    }
    job->ok = run_key_exchange(job);
    if (!job->ok || job->kind == JOB_KE_GENERATE || job->inputs.prf == NULL)
        return;
    job->inputs.shared_secret = bytes_of(job->secret, job->secret_size);
    job->ok = ikev2_derive_keys(&job->inputs, &job->keys);
    if (!job->ok)
        error_set(&job->error, 0, "key derivation failed");
}

static void free_work(struct signature_work *work)
{
    if (work == NULL)
        return;
    private_key_free(work->private_key);
    for (size_t i = 0; i < work->key_count; i++)
        public_key_free(work->public_keys[i]);
    free(work->message);
    free(work);
}

void job_free(struct job *job)
{
    if (job == NULL)
        return;
    free_work(job->signature);
    secret_free(job, sizeof(*job));
}
