/*
 * audit-log=: what the Linux audit system is told of IKE SAs and Child SAs that come, fail and go, as records
 * CRYPTO_IKE_SA and CRYPTO_IPSEC_SA in the form that Libreswan's have. Addresses stand there whatever logip=
 * says.
 */
#ifndef STYX_DAEMON_AUDIT_LOG_H
#define STYX_DAEMON_AUDIT_LOG_H

#include "engine/engine.h"
#include "engine/report.h"
#include "engine/view.h"

enum { AUDIT_RECORD_SIZE = 2048 };

/* One record: the number of its type and its text; 0: the event is not for the audit system. `ike` and
 * `child` are NULL where they are not known. */
unsigned audit_record_of(const struct report *event, const struct ike_view *ike,
                         const struct child_view *child, char *out, size_t size);

struct audit_log;

/* NULL, with one line in the log, when the kernel has no audit system or we may not write to it. */
struct audit_log *audit_log_open(void);
void audit_log_close(struct audit_log *log);
/* Never waits: when the kernel does not keep up, records are lost, which one line tells. */
void audit_log_tell(struct audit_log *log, const struct engine *engine, const struct report *event);

#endif
