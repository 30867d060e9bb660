"""Run in Odoo's shell: send the links for some invoices, as the job does.

The caller puts `COUNT`, `OFFSET` and `OUTPUT` before this code.

ruff: noqa: F821 -- `env` and the caller's variables come from the shell
"""

import json
import resource
import time

user = env.ref("base.user_admin")
invoices = (
    env["account.move"]
    .with_user(user)
    .search(
        [("partner_id.email", "=like", "bulk.%"), ("move_type", "=", "out_invoice")],
        order="id",
        offset=OFFSET,
        limit=COUNT,
    )
)
batches = env["payment.link.batch"]


def peak():
    """The most memory that this process has used so far, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


start = time.monotonic()
batch_id = batches.with_user(user)._queue(invoices, channels=["email"]).id
env.cr.commit()
queued = time.monotonic() - start
before = peak()
start, cpu = time.monotonic(), time.process_time()
while batches.browse(batch_id).state != "done":
    batches._cron_send()
seconds, cpu = time.monotonic() - start, time.process_time() - cpu
with open(OUTPUT, "w") as output:
    json.dump(
        {
            "count": COUNT,
            "sent": batches.browse(batch_id).sent_count,
            "queued": queued,
            "seconds": seconds,
            "cpu": cpu,
            "before": before,
            "peak": peak(),
        },
        output,
    )
