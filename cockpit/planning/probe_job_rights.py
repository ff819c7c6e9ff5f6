"""The rights that a probe in the cluster takes. Apart from its plan: every session asks for them, and few make one."""

from __future__ import annotations

from cockpit.model.refs import JOBS, PODS
from cockpit.model.rights import right

# Reviewed before the Job is created, because without these nothing is learnt from it, or it stays.
NEEDED_RIGHTS = (right("delete", JOBS), right("list", PODS), right("get", PODS, "log"))
# Without any of these no probe from inside is possible.
JOB_NEEDS = (right("create", JOBS), *NEEDED_RIGHTS)
# The Job is also read, to say why it failed.
JOB_RIGHTS = (right("create", JOBS), right("get", JOBS), *NEEDED_RIGHTS)
